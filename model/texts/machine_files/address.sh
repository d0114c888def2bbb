#!/bin/sh
# Prints the address that the mesh calls this machine by: the source of its default route, else its first global one.
set -eu

for target in 192.0.2.1 2001:db8::1; do
    source=$(ip -o route get "$target" 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p')
    if [ -n "$source" ]; then
        echo "$source"
        exit 0
    fi
done
source=$(ip -o address show scope global | sed -n 's/.* inet6\{0,1\} \([^/ ]*\).*/\1/p' | head -n 1)
if [ -z "$source" ]; then
    echo "this machine has no global address" >&2
    exit 1
fi
echo "$source"
