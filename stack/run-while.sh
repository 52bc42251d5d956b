#!/bin/sh
# usage: run-while.sh PID FOLDER COMMAND…
# Runs a command, ends it as soon as process PID is gone, however that ended, and then removes FOLDER (if not '').
owner=$1
folder=$2
shift 2
"$@" &
child=$!
trap 'kill "$child" 2>/dev/null' TERM INT HUP
while kill -0 "$owner" 2>/dev/null && kill -0 "$child" 2>/dev/null; do
  sleep 1 &
  wait $!
done
kill -9 "$child" 2>/dev/null
wait "$child"
[ -z "$folder" ] || rm -rf "$folder"
