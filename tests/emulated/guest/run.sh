#!/bin/sh
# What the emulated host does, as root: brings the mesh up, checks it, takes it down, and says what it sees.
# $PROJECT is the checkout, /mnt a file system for the state, /report what the real host reads.
set -eu
say() { printf '%4.0f s  %s\n' "$(cut -d' ' -f1 /proc/uptime)" "$*"; }
finish() {
    code=$?
    cp -r "$HYBRID_MESH_STATE/lab" /report/lab 2>/dev/null || :
    dmesg >/report/dmesg
    echo "$code" >/report/code
}
trap finish EXIT

say "kernel $(uname -r), $(stat --file-system --format=%T /sys/fs/cgroup), $(nproc) processors"
say "controllers: $(cat /sys/fs/cgroup/cgroup.controllers)"
if grep -q '^cgroup ' /proc/mounts; then say "cgroup v1 is mounted, too"; exit 1; fi
mkdir -p "$HYBRID_MESH_STATE"
cd "$PROJECT"
cp tests/emulated/Pulumi.emulated.yaml stacks/
sysctl -q -w fs.inotify.max_user_instances=1024

mesh=.venv/bin/hybrid-mesh
# An API server gives the making of a definition 34 seconds (handlers/rest.go of k8s.io/apiserver), which are too few
# for all of the Gateway API at once in emulation; an up resumes, and what was made stays.
for attempt in 1 2 3 4 5; do
    $mesh up --stack emulated && code=0 || code=$?
    say "up $attempt ended with $code"
    [ "$code" != 0 ] || break
done
$mesh lab status
config=/mnt/kubeconfig
$mesh lab kubeconfig edge >$config
.toolchain/bin/kubectl --kubeconfig $config get nodes,pods --all-namespaces --output wide || :
.toolchain/bin/kubectl --kubeconfig $config get workloadentries --all-namespaces || :
say "control groups with processes:"
find /sys/fs/cgroup -path '*hybrid-mesh-*' -name cgroup.procs | while read -r file; do
    [ -z "$(cat "$file" 2>/dev/null)" ] || echo "    ${file%/cgroup.procs}: $(cat "${file%procs}controllers")"
done
[ "$code" = 0 ] || exit "$code"

$mesh down --stack emulated
say "down ended"
left=$(find /sys/fs/cgroup -maxdepth 1 -name 'hybrid-mesh-*'; grep "$HYBRID_MESH_STATE" /proc/mounts || :)
[ -z "$left" ] || { say "left behind: $left"; exit 1; }
say "nothing is left of it"
