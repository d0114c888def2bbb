#!/bin/sh
# Installs Istio's agent unless it is there: install-package [FILE]. Without a file it downloads PACKAGE_URL.
set -eu

# shellcheck source=/dev/null
. /etc/hybrid-mesh/machine.env
stamp=/var/lib/hybrid-mesh/package
export DEBIAN_FRONTEND=noninteractive

install_tools() {
    for tool in curl openssl iptables ip sudo hostname; do
        command -v "$tool" >/dev/null || missing=1
    done
    [ -n "${missing:-}" ] || return 0
    if command -v apt-get >/dev/null; then
        apt-get update
        apt-get install -y --no-install-recommends curl openssl iptables iproute2 sudo hostname
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

install_file() {
    case $1 in
    *.rpm) dnf install -y "$1" ;;
    *)
        dpkg --install "$1" || {
            apt-get update
            apt-get --fix-broken -y --no-install-recommends install
        }
        ;;
    esac
    mkdir -p "$(dirname "$stamp")"
    echo "$PACKAGE_URL $PACKAGE_SHA256" >"$stamp"
}

install_tools
if [ -z "$PACKAGE_SHA256" ] && ! command -v dpkg >/dev/null; then
    PACKAGE_URL=$(echo "$PACKAGE_URL" | sed 's|/deb/istio-sidecar\.deb$|/rpm/istio-sidecar.rpm|')
fi
if ! installed; then
    if [ -n "${1:-}" ]; then
        install_file "$1"
    else
        package=/var/cache/hybrid-mesh/$(basename "$PACKAGE_URL")
        /usr/local/lib/hybrid-mesh/fetch "$PACKAGE_URL" "$package" 0600 "$PACKAGE_SHA256"
        install_file "$package"
        rm -f "$package"
    fi
fi
mkdir -p /etc/certs /var/lib/istio/proxy
chown -R istio-proxy:istio-proxy /etc/certs /var/lib/istio/envoy /var/lib/istio/config /var/lib/istio/proxy
