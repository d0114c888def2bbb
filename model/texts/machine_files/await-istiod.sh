#!/bin/sh
# Waits until istiod answers with a certificate of the mesh's roots: await-istiod HOST PORT ROOTS SECONDS.
#
# Istio's agent retries with pauses that double up to a minute (pkg/backoff and getWorkloadCerts in istio.io/istio): one
# that starts before istiod can be reached joins late, and its iptables rules cut the VM off until then. The question is
# asked as istio-proxy, whose traffic is not redirected to Envoy.
set -eu

host=$1 port=$2 roots=$3
deadline=$(($(date +%s) + $4))
swallowed=0

answers() {
    runuser -u istio-proxy -- timeout $((1 + swallowed / 3)) openssl s_client -connect "$host:$port" -servername "$host" -alpn h2 \
        -CAfile "$roots" -verify_return_error -verify_hostname "$host" </dev/null >/dev/null 2>&1
}

until answers; do
    # 124: no answer in time. A gateway that is not ready yet can swallow a connection for good, so a new one is made
    # soon; but who answers late must be heard, too.
    [ $? -ne 124 ] || swallowed=$((swallowed + 1))
    if [ "$(date +%s)" -ge "$deadline" ]; then
        echo "waiting for istiod: no trusted answer from $host:$port" >&2
        exit 1
    fi
    sleep 0.3
done
