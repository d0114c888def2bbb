#!/bin/sh
# Downloads a file and trusts it only when its SHA-256 is right: fetch URL FILE MODE [SHA256]. It tries until it works.
set -eu

url=$1 file=$2 mode=$3 wanted=${4:-}
pause=1
partial=$file.part
mkdir -p "$(dirname "$file")"

fetch() {
    curl --fail --silent --show-error --location --connect-timeout 5 --output "$partial" "$url" || return 1
    [ -z "$wanted" ] || echo "$wanted  $partial" | sha256sum --check --status || {
        echo "$url has another SHA-256 than $wanted" >&2
        return 1
    }
}

until fetch; do
    echo "trying again in $pause s: $url" >&2
    sleep "$pause"
    [ "$pause" -ge 30 ] || pause=$((pause * 2))
done
chmod "$mode" "$partial"
mv "$partial" "$file"
