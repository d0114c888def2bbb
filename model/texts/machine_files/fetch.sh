#!/bin/sh
# Downloads a file and verifies its SHA-256 checksum: fetch URL FILE MODE [SHA256]. It retries until it succeeds.
set -eu

url=$1 file=$2 mode=$3 wanted=${4:-}
# It may set an HTTP proxy.
if [ -r /etc/hybrid-mesh/machine.env ]; then
    # shellcheck source=/dev/null
    . /etc/hybrid-mesh/machine.env
    export http_proxy https_proxy no_proxy
fi
pause=1
partial=$file.part
mkdir -p "$(dirname "$file")"

fetch() {
    curl --fail --silent --show-error --location --connect-timeout 5 --output "$partial" "$url" || return 1
    [ -z "$wanted" ] || echo "$wanted  $partial" | sha256sum --check --status || {
        echo "the SHA-256 checksum of $url is not $wanted" >&2
        return 1
    }
}

until fetch; do
    echo "retrying in $pause s: $url" >&2
    sleep "$pause"
    [ "$pause" -ge 30 ] || pause=$((pause * 2))
done
chmod "$mode" "$partial"
mv "$partial" "$file"
