#!/bin/sh
# Runs a command where nothing but an empty /tmp can be written, as on Lambda:
#   unshare -rm read_only.sh TASK RUNTIME RAPID COMMAND...
# TASK lies at /var/task, RUNTIME (awslambdaric) at /var/runtime, RAPID (the emulator) at /var/rapid.
set -eu
mount -t tmpfs -o mode=755 tmpfs /var
for name in task runtime rapid; do
    mkdir "/var/$name"
    mount --bind "$1" "/var/$name"
    shift
done
mount -t tmpfs -o mode=1777 tmpfs /tmp
for place in $(awk '$6 ~ /^rw/ && $5 !~ "^/(proc|sys|tmp)(/|$)" { print $5 }' /proc/self/mountinfo); do
    if [ -e "$place" ]; then # what another mount hides is out of reach
        mount -o remount,bind,ro "$place"
    fi
done
unset PYTHONDONTWRITEBYTECODE # Python may try
cd /var/task
exec "$@"
