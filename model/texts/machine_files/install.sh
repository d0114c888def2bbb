#!/bin/sh
# Joins this VM to the mesh: install.sh [--address ADDRESS] [--package FILE]
#   --address  this VM's IP address in the mesh, if it is not the one in the mesh's network. Behind NAT, it is the address
#              at which others reach this VM
#   --package  Istio's agent as a file (istio-sidecar .deb or .rpm), for a VM that cannot download it
# Run it as root in the folder of the bundle. You can run it again, with the same or a newer bundle.
set -eu
umask 022 # hardened hosts have 077, with which the agent's user could not read its configuration

usage() {
    sed -n '2,6s/^# \{0,1\}//p' "$0"
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
    write_address
}

# Without --address and a bundle of its own, the VM keeps the address that it has.
write_address() {
    [ -n "$address" ] || return 0
    {
        [ -z "$NAME" ] || echo "POD_NAME='$NAME'"
        echo "ISTIO_SVC_IP='$address'"
        if [ -z "$(ip -o address show to "$address" 2>/dev/null)" ]; then
            echo "No interface of this VM has the address $address, so it is behind NAT." >&2
            # As `istioctl x workload entry configure --externalIP` sets it: the agent probes localhost.
            echo "REWRITE_PROBE_LEGACY_LOCALHOST_DESTINATION='true'"
        fi
    } >/etc/hybrid-mesh/address.env
}

# A VM has one agent, so it is a member of one group.
check_group() {
    [ -e /etc/hybrid-mesh/machine.env ] || return 0
    # shellcheck source=/dev/null
    theirs=$(GROUP='' && . /etc/hybrid-mesh/machine.env && echo "$NAMESPACE/${GROUP:-(created with the VM)}")
    [ "$theirs" = "$NAMESPACE/$GROUP" ] ||
        fail "this VM is in group $theirs already, and a VM can be in one group only.
If it serves several ports, list them in \`ports\` of one group.
To move it to group $NAMESPACE/$GROUP, run uninstall.sh first."
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
address=${address:-$ADDRESS}
check_group

install -D -m 0755 library/certificate-is-valid "$library/certificate-is-valid"
check_token
copy_files
"$library/install-package" "$package"
"$library/application" application
install_token
systemctl --quiet enable istio.service
systemctl daemon-reload
systemctl restart istio.service
await_certificate
echo "This VM has joined the mesh in group $GROUP. It renews its certificate automatically; the token has been deleted."
