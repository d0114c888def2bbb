#!/bin/sh
# Removes this VM from the mesh, and the application that the bundle brought: uninstall.sh [--keep-application]. Run it
# as root. You can run it again.
set -eu

case ${1:-} in '' | --keep-application) ;; *)
    echo "uninstall.sh: the only option is --keep-application" >&2
    exit 2
    ;;
esac
[ "$(id -u)" -eq 0 ] || {
    echo "uninstall.sh: run it as root" >&2
    exit 1
}
library=/usr/local/lib/hybrid-mesh
systemctl disable --now istio.service 2>/dev/null || true
if [ "${1:-}" = '' ] && [ -x "$library/application" ]; then
    "$library/application" --remove
fi
if [ -x "$library/hosts" ]; then
    "$library/hosts" --remove
fi
if [ -e /var/lib/hybrid-mesh/package ]; then
    if command -v dpkg >/dev/null && dpkg-query --show istio-sidecar >/dev/null 2>&1; then
        dpkg --purge istio-sidecar
    elif command -v rpm >/dev/null && rpm --query istio-sidecar >/dev/null 2>&1; then
        rpm --erase istio-sidecar
    fi
fi
[ ! -L /etc/istio ] || [ -e /usr/local/bin/pilot-agent ] || rm /etc/istio
rm -f /etc/systemd/system/istio.service.d/hybrid-mesh.conf
rmdir /etc/systemd/system/istio.service.d 2>/dev/null || true
rm -f /etc/certs/cert-chain.pem /etc/certs/key.pem /etc/certs/root-cert.pem
rm -rf /var/run/secrets/tokens /var/run/secrets/workload-spiffe-uds
rm -f /var/lib/istio/envoy/cluster.env /var/lib/istio/config/mesh
rm -rf /etc/hybrid-mesh /run/hybrid-mesh /var/lib/hybrid-mesh /var/cache/hybrid-mesh "$library"
systemctl daemon-reload
echo "This VM has left the mesh."
