#!/bin/sh
# Joins this VM to the mesh: installs Istio's agent and starts it. cloud-init runs it at the first boot; it can be run
# again.
set -eu

/usr/local/lib/hybrid-mesh/install-package
set -- hybrid-mesh.target hybrid-mesh-health.service hybrid-mesh-identity.service hybrid-mesh-leave.service
launched=hybrid-mesh-launched.service
[ ! -e "/etc/systemd/system/$launched" ] || set -- "$@" "$launched"
systemctl --quiet --no-block enable --now "$@"
