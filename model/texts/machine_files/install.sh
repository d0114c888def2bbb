#!/bin/sh
# Joins this VM to the mesh: install.sh [--address ADDRESS] [--package FILE]
#   --address  this VM's IP address in the mesh, if it is not the address of the default route
#   --package  Istio's agent as a file (istio-sidecar .deb or .rpm), for a VM that cannot download it
# Run it as root in the folder of the bundle. You can run it again, with the same or a newer bundle.
set -eu

usage() {
    sed -n '2,5s/^# \{0,1\}//p' "$0"
}

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

# The expiry of the token, in seconds since 1970: the claim `exp` of the JWT.
token_end() {
    payload=$(cut -d . -f 2 "$1" | tr -- '-_' '+/')
    while [ $((${#payload} % 4)) -ne 0 ]; do
        payload="$payload="
    done
    printf '%s' "$payload" | base64 -d | sed -n 's/.*"exp":\([0-9]*\).*/\1/p'
}

check_token() {
    if "$library/certificate-is-valid"; then
        echo "This VM already has a valid certificate, so the token is not needed."
        return
    fi
    [ -s istio-token ] || fail "the bundle has no istio-token. Create a new bundle: hybrid-mesh bundle $GROUP"
    end=$(token_end istio-token)
    [ -n "$end" ] || fail "istio-token is not a valid token. Create a new bundle: hybrid-mesh bundle $GROUP"
    now=$(date +%s)
    if [ "$end" -le "$now" ]; then
        fail "the token expired $(((now - end) / 60)) minutes ago (the clock of this VM says $(date -u)).
Create a new bundle: hybrid-mesh bundle $GROUP"
    fi
    echo "The token is valid for another $(((end - now) / 60)) minutes."
}

copy_files() {
    mkdir -p "$library" /etc/hybrid-mesh /var/lib/istio/envoy /var/lib/istio/config /etc/certs
    mkdir -p /etc/systemd/system/istio.service.d
    install -m 0755 library/* "$library/"
    install -m 0644 machine.env hosts /etc/hybrid-mesh/
    install -m 0644 cluster.env /var/lib/istio/envoy/cluster.env
    install -m 0644 mesh.yaml /var/lib/istio/config/mesh
    install -m 0644 root-cert.pem /etc/certs/root-cert.pem
    install -m 0644 istio.service.conf /etc/systemd/system/istio.service.d/hybrid-mesh.conf
    if [ -n "$address" ]; then
        echo "ISTIO_SVC_IP='$address'" >/etc/hybrid-mesh/address.env
    fi
}

install_token() {
    [ -s istio-token ] || return 0
    install -d -o istio-proxy -g istio-proxy -m 0755 /var/run/secrets
    install -d -o istio-proxy -g istio-proxy -m 0700 /var/run/secrets/tokens
    install -o istio-proxy -g istio-proxy -m 0600 istio-token /var/run/secrets/tokens/istio-token
}

await_certificate() {
    tries=60
    until "$library/certificate-is-valid"; do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ]; then
            tail -n 20 /var/log/istio/istio.err.log /var/log/istio/istio.log >&2 || true
            fail "the mesh issued no certificate to this VM within a minute. The agent's last log lines are above.
The VM must be able to reach: $(sed 's/ .*/ port 15012/' hosts | tr '\n' ' ')"
        fi
        sleep 1
    done
    rm -f istio-token /var/run/secrets/tokens/istio-token
}

address='' package=''
while [ $# -gt 0 ]; do
    case $1 in
    --address) address=${2:?--address requires an address} && shift 2 ;;
    --package) package=$(realpath "${2:?--package requires a file}") && shift 2 ;;
    --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
    esac
done
cd "$(dirname "$0")"
[ "$(id -u)" -eq 0 ] || fail "run it as root"
[ -d /run/systemd/system ] || fail "this VM does not run systemd"
# shellcheck source=/dev/null
. ./machine.env
library=/usr/local/lib/hybrid-mesh

install -D -m 0755 library/certificate-is-valid "$library/certificate-is-valid"
check_token
copy_files
"$library/install-package" "$package"
install_token
systemctl --quiet enable istio.service
systemctl daemon-reload
systemctl restart istio.service
await_certificate
echo "This VM has joined the mesh in group $GROUP. It renews its certificate automatically; the token has been deleted."
