#!/bin/sh
# Adds the lines of /etc/hybrid-mesh/hosts to /etc/hosts, between two markers, or removes them: hosts [--remove].
set -eu

begin='# hybrid-mesh: begin'
end='# hybrid-mesh: end'
wanted=$(sed "/^$begin\$/,/^$end\$/d" /etc/hosts)
if [ "${1:-}" != --remove ]; then
    wanted=$(printf '%s\n%s\n%s\n%s' "$wanted" "$begin" "$(cat /etc/hybrid-mesh/hosts)" "$end")
fi
if [ "$wanted" != "$(cat /etc/hosts)" ]; then
    printf '%s\n' "$wanted" >/etc/hosts
fi
