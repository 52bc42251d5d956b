#!/bin/sh
# The application of the stack, outside containers and in one: makes the topics that are missing, and runs. Where and on
# what, the environment says (LOANSTREAM_…).
loanstream=$(dirname "$0")/../../bin/loanstream
"$loanstream" topics create && exec "$loanstream" run
