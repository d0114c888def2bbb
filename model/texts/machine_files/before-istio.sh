#!/bin/sh
# Runs as root before each start of istio.service: adds istiod to /etc/hosts, sets the VM's address, and lets the agent
# start only if it has credentials and istiod is reachable.
set -eu

library=/usr/local/lib/hybrid-mesh
"$library/hosts"

if ! [ -s /run/hybrid-mesh/address.env ]; then
    mkdir -p /run/hybrid-mesh
    echo "ISTIO_SVC_IP=$("$library/address")" >/run/hybrid-mesh/address.env
fi

if ! [ -s /etc/certs/root-cert.pem ]; then
    echo "waiting for the mesh's root certificates: /etc/certs/root-cert.pem" >&2
    exit 1
fi
if ! "$library/certificate-is-valid" && ! [ -s /var/run/secrets/tokens/istio-token ]; then
    echo "waiting for a token: the VM has neither a valid certificate nor a token" >&2
    exit 1
fi
"$library/await-istiod" istiod.istio-system.svc 15012 /etc/certs/root-cert.pem 60
