#!/bin/sh
# usage: keep-running.sh COMMAND…
# Runs a command, and starts it again a second after it ended by itself; gives up at the third end in a row that came
# within ten seconds of its start, and at once at status 3, by which a command says that another does its work now.
# SIGTERM is passed on, and then this ends with the command.
stopping=
failures=0
trap 'stopping=1; end' TERM INT HUP

# A process that was forked this moment would lose the signal.
end() {
  sleep 0.1
  kill "$child" 2>/dev/null
}

# A signal ends the wait, but not the command at once.
wait_for() {
  child=$1
  [ -z "$stopping" ] || end
  wait "$child"
  status=$?
  while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    status=$?
  done
}

while :; do
  started=$(date +%s)
  "$@" &
  wait_for $!
  [ -z "$stopping" ] || exit 0
  if [ "$status" = 3 ]; then
    echo "$(date +%T) Ended since another took over: given up." >&2
    exit 3
  fi
  [ $(($(date +%s) - started)) -lt 10 ] || failures=0
  failures=$((failures + 1))
  if [ "$failures" -ge 3 ]; then
    echo "$(date +%T) Ended with status $status, three times soon after its start: given up." >&2
    exit 1
  fi
  echo "$(date +%T) Ended with status $status: started again." >&2
  [ -z "$stopping" ] || exit 0
  sleep 1 &
  wait_for $!
  [ -z "$stopping" ] || exit 0
done
