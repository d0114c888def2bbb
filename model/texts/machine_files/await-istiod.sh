#!/bin/sh
# Waits until istiod presents a certificate that the mesh's roots have signed: await-istiod HOST PORT ROOTS SECONDS.
#
# Istio's agent retries with pauses that double up to a minute (pkg/backoff and getWorkloadCerts in istio.io/istio). If
# it started before istiod is reachable, it would join late, and its iptables rules would cut the VM off until then. The
# check runs as istio-proxy, whose traffic is not redirected to Envoy.
set -eu

host=$1 port=$2 roots=$3
deadline=$(($(date +%s) + $4))
swallowed=0

answers() {
    runuser -u istio-proxy -- timeout $((1 + swallowed / 3)) openssl s_client -connect "$host:$port" -servername "$host" -alpn h2 \
        -CAfile "$roots" -verify_return_error -verify_hostname "$host" </dev/null >/dev/null 2>&1
}

until answers; do
    # 124: no answer in time. A gateway that is not ready can leave a connection unanswered forever, so the timeout is
    # short; it grows for servers that answer slowly.
    [ $? -ne 124 ] || swallowed=$((swallowed + 1))
    if [ "$(date +%s)" -ge "$deadline" ]; then
        echo "waiting for istiod: no trusted certificate from $host:$port" >&2
        exit 1
    fi
    sleep 0.3
done
