#!/bin/sh
# Applies the application of a bundle to this VM, as cloud-init does on VMs that the program creates:
#   application FOLDER          writes the files and units, runs the commands, starts the units
#   application --remove        removes the files and units, and restores the files that they replaced
# The commands run until they succeed once. If the application changes, all of it is applied again.
#
# /var/lib/hybrid-mesh/application records it: `applied` is the checksum of the application that is in place, `paths` and
# `units` are what was written, `replaced/` holds the files that were there before.
set -eu

record=/var/lib/hybrid-mesh/application
library=/usr/local/lib/hybrid-mesh
patience=300

fail() {
    echo "application: $*" >&2
    exit 1
}

# Keeps the file that is about to be replaced, unless this script wrote it.
claim() {
    echo "$1" >>"$record/paths.new"
    if grep -Fxq -- "$1" "$record/paths"; then
        return
    fi
    [ ! -d "$1" ] || fail "$1 is a folder, so it cannot be replaced by a file"
    if [ -e "$1" ] || [ -L "$1" ]; then
        mkdir -p "$record/replaced$(dirname "$1")"
        cp -a "$1" "$record/replaced$1"
    fi
    echo "$1" >>"$record/paths"
}

give_back() {
    rm -f "$1"
    if [ -e "$record/replaced$1" ] || [ -L "$record/replaced$1" ]; then
        mv "$record/replaced$1" "$1"
    fi
}

# The steps of a bundle call the functions from here to `unit`.
file() {
    claim "$2"
    cmp -s "$folder/$1" "$2" || restart=yes
    install -D -T -m "$3" "$folder/$1" "$2"
}

download() {
    claim "$2"
    if [ "$new" = no ] && [ -e "$2" ]; then
        return
    fi
    timeout "$patience" "$library/fetch" "$1" "$2" "$3" "${4:-}" || fail "$1 cannot be downloaded (see above)"
}

commands() {
    [ "$new" = yes ] || return 0
    (cd / && sh -e "$folder/$1" </dev/null) || fail "a command of the application failed (exit code $?)"
}

unit() {
    units="$units $1"
}

apply() {
    folder=$(realpath "$1")
    [ -e "$folder/steps" ] || {
        remove
        return
    }
    sum=$(cd "$folder" && sha256sum -- * | sha256sum)
    mkdir -p "$record"
    touch "$record/paths" "$record/units"
    : >"$record/paths.new"
    new=no restart=no units=''
    [ "$sum" = "$(cat "$record/applied" 2>/dev/null)" ] || new=yes restart=yes
    rm -f "$record/applied"
    # shellcheck source=/dev/null
    . "$folder/steps"
    retire
    start
    echo "$sum" >"$record/applied"
    echo "The application is in place."
}

# Removes what an earlier application had and this one has not.
retire() {
    for old in $(cat "$record/units"); do
        case " $units " in *" $old "*) ;; *) systemctl --quiet disable --now "$old" || true ;; esac
    done
    while IFS= read -r path; do
        grep -Fxq -- "$path" "$record/paths.new" || give_back "$path"
    done <"$record/paths"
    mv "$record/paths.new" "$record/paths"
    echo "$units" >"$record/units"
}

start() {
    systemctl daemon-reload
    [ -n "$units" ] || return 0
    # shellcheck disable=SC2086 # words
    systemctl --quiet enable $units
    # shellcheck disable=SC2086
    if [ "$restart" = yes ]; then
        systemctl --quiet --no-block restart $units
    else
        systemctl --quiet --no-block start $units
    fi
}

remove() {
    [ -d "$record" ] || return 0
    touch "$record/paths" "$record/units"
    : >"$record/paths.new"
    units=''
    retire
    systemctl daemon-reload
    rm -rf "$record"
    echo "The application is removed. What its commands did stays."
}

case ${1:-} in
--remove) remove ;;
?*) apply "$1" ;;
*) fail "requires the folder of an application, or --remove" ;;
esac
