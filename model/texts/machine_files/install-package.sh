#!/bin/sh
# Installs Istio's agent if it is missing: install-package [FILE]. Without a file, it downloads PACKAGE_URL.
set -eu

# shellcheck source=/dev/null
. /etc/hybrid-mesh/machine.env
export http_proxy https_proxy no_proxy
stamp=/var/lib/hybrid-mesh/package
export DEBIAN_FRONTEND=noninteractive

# Another process may be installing packages during the first boot: wait for it.
apt() {
    tries=12
    until apt-get -o DPkg::Lock::Timeout=300 -y --no-install-recommends "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 5
    done
}

# Only missing tools: on RHEL 9 and Amazon Linux 2023, the package curl conflicts with the installed curl-minimal.
install_tools() {
    iproute=iproute missing=
    ! command -v apt-get >/dev/null || iproute=iproute2
    for tool in curl openssl iptables ip sudo hostname; do
        command -v "$tool" >/dev/null && continue
        [ "$tool" != ip ] || tool=$iproute
        missing="$missing $tool"
    done
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086 # words
    if command -v apt-get >/dev/null; then
        apt update
        apt install $missing
    else
        dnf install -y $missing
    fi
}

installed() {
    [ -x /usr/local/bin/pilot-agent ] || return 1
    [ "$(cat "$stamp" 2>/dev/null)" = "$PACKAGE_URL $PACKAGE_SHA256" ]
}

# The checksum that Istio publishes next to the package; none if the server has none, or is not reached by https. It
# finds a damaged download. Only a checksum from the configuration also finds a package that was replaced on the server.
published_sum() {
    case $1 in https:*) ;; *) return 0 ;; esac
    answer=/var/cache/hybrid-mesh/sha256
    mkdir -p "$(dirname "$answer")"
    while :; do
        status=$(curl --silent --show-error --location --connect-timeout 5 --output "$answer" \
            --write-out '%{http_code}' "$1.sha256") || status=
        case $status in
        200) sed -n 's/^\([0-9a-f]\{64\}\).*/\1/p' "$answer" && return 0 ;;
        4??) echo "there is no checksum at $1.sha256: the package is not verified" >&2 && return 0 ;;
        esac
        sleep 5
    done
}

verify() {
    [ -z "$PACKAGE_SHA256" ] || echo "$PACKAGE_SHA256  $1" | sha256sum --check --status || {
        echo "the SHA-256 checksum of $1 is not $PACKAGE_SHA256" >&2
        return 1
    }
}

install_file() {
    case $1 in
    *.rpm) dnf install -y "$1" ;;
    *)
        dpkg --install "$1" || {
            apt update
            apt --fix-broken install "$1"
        }
        ;;
    esac
    mkdir -p "$(dirname "$stamp")"
    echo "$PACKAGE_URL $PACKAGE_SHA256" >"$stamp"
}

install_tools
if [ -z "$PACKAGE_SHA256" ] && ! command -v dpkg >/dev/null; then
    PACKAGE_URL=$(echo "$PACKAGE_URL" | sed 's|/deb/\(istio-sidecar[^/]*\)\.deb$|/rpm/\1.rpm|')
fi
if ! installed; then
    if [ -n "${1:-}" ]; then
        verify "$1"
        install_file "$1"
    else
        package=/var/cache/hybrid-mesh/$(basename "$PACKAGE_URL")
        sum=${PACKAGE_SHA256:-$(published_sum "$PACKAGE_URL")}
        /usr/local/lib/hybrid-mesh/fetch "$PACKAGE_URL" "$package" 0600 "$sum"
        install_file "$package"
        rm -f "$package"
    fi
fi
mkdir -p /etc/certs /var/lib/istio/proxy
chown -R istio-proxy:istio-proxy /etc/certs /var/lib/istio/envoy /var/lib/istio/config /var/lib/istio/proxy
