#!/bin/sh
# Prints this VM's address in the mesh: the source address of its default route, else its first global address.
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
    echo "this VM has no global IP address" >&2
    exit 1
fi
echo "$source"
