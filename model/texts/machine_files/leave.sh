#!/bin/sh
# Runs at shutdown, before anything else stops: callers leave this VM while its application still answers.
#
# The agent ends: Envoy drains for terminationDrainDuration (5 s), then connections are refused and callers use another
# VM. The host stays until istiod has removed the VM from their endpoints, PILOT_WORKLOAD_ENTRY_GRACE_PERIOD (10 s)
# after the end of the agent's connection: a host that is gone would answer no connection at all. A VM without callers
# has nothing to wait for.
set -u

ss -Htn state established '( sport = :15006 )' | grep -q . || exit 0
systemctl kill --kill-who=main --signal=TERM istio.service
deadline=$(($(date +%s) + 30))
until [ "$(systemctl show --property=MainPID --value istio.service)" = 0 ] || [ "$(date +%s)" -ge "$deadline" ]; do
    sleep 0.2
done
sleep 12
