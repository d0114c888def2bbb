#!/bin/sh
# Prints this VM's address in the mesh: that of an interface in the mesh's network, whose CIDRs are in NETWORK_CIDRS; of
# several, that of the route to the gateway. Else the source address of the default route, else the first global address.
set -eu

folder=/etc/hybrid-mesh
cidrs=$(sed -n "s/^NETWORK_CIDRS='\(.*\)'$/\1/p" "$folder/machine.env" 2>/dev/null || true)
routed=$(sed -n 's/ .*//p' "$folder/hosts" 2>/dev/null | while read -r gateway; do
    ip -o route get "$gateway" 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p'
done)
for cidr in $cidrs; do
    inside=$(ip -o address show to "$cidr" scope global | sed -n 's/.* inet6\{0,1\} \([^/ ]*\).*/\1/p')
    for source in $routed $inside; do
        if printf '%s\n' "$inside" | grep -Fxq "$source"; then
            echo "$source"
            exit 0
        fi
    done
done
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
