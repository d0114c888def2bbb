#!/bin/sh
# Makes this machine a member of the mesh: installs Istio's agent and starts it. cloud-init runs it at the first boot;
# it may be run again.
set -eu

# shellcheck source=/dev/null
. /etc/hybrid-mesh/machine.env
library=/usr/local/lib/hybrid-mesh
stamp=/var/lib/hybrid-mesh/package

install_tools() {
    for tool in curl openssl iptables ip sudo hostname; do
        command -v "$tool" >/dev/null || missing=1
    done
    [ -n "${missing:-}" ] || return 0
    if command -v apt-get >/dev/null; then
        apt-get update
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
            curl openssl iptables iproute2 sudo hostname
    else
        dnf install -y curl openssl iptables iproute sudo hostname
    fi
}

installed() {
    [ -x /usr/local/bin/pilot-agent ] || return 1
    if [ -n "$PACKAGE_VERSION" ]; then
        version=$(dpkg-query --show --showformat='${Version}' istio-sidecar 2>/dev/null ||
            rpm --query --queryformat='%{VERSION}' istio-sidecar 2>/dev/null) || return 1
        [ "$version" = "$PACKAGE_VERSION" ]
    else
        [ "$(cat "$stamp" 2>/dev/null)" = "$PACKAGE_URL $PACKAGE_SHA256" ]
    fi
}

install_package() {
    package=/var/cache/hybrid-mesh/$(basename "$PACKAGE_URL")
    mkdir -p /var/cache/hybrid-mesh /var/lib/hybrid-mesh
    "$library/fetch" "$PACKAGE_URL" "$package" 0600 "$PACKAGE_SHA256"
    case $package in
    *.rpm) dnf install -y "$package" ;;
    *)
        DEBIAN_FRONTEND=noninteractive dpkg --install "$package" || {
            apt-get update
            DEBIAN_FRONTEND=noninteractive apt-get --fix-broken -y --no-install-recommends install
        }
        ;;
    esac
    rm -f "$package"
    echo "$PACKAGE_URL $PACKAGE_SHA256" >"$stamp"
}

install_tools
installed || install_package
mkdir -p /etc/certs /var/lib/istio/proxy
chown -R istio-proxy:istio-proxy /etc/certs /var/lib/istio/envoy /var/lib/istio/config /var/lib/istio/proxy
systemctl daemon-reload
systemctl --quiet enable hybrid-mesh.target hybrid-mesh-identity.service
systemctl --no-block start hybrid-mesh.target
