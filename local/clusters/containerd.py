"""The container runtime of one node: its configuration, the pod network, and the images it starts with."""

import json
from pathlib import Path

PAUSE_IMAGE = "hybrid-mesh.local/pause:1"
CNI_PLUGINS = Path("/usr/lib/cni")
_UNUSED = ("btrfs", "aufs", "zfs", "devmapper", "native")


def configuration(root: Path, state: Path, socket: Path, network: Path) -> str:
    """containerd 1.6 configuration (version 2).

    `restrict_oom_score_adj`: without it, runc fails where CAP_SYS_RESOURCE is missing.
    """
    unused = [f"io.containerd.snapshotter.v1.{name}" for name in _UNUSED]
    unused += ["io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    lines = [
        "version = 2",
        f"root = {_quote(root)}",
        f"state = {_quote(state)}",
        f"disabled_plugins = {json.dumps(unused)}",
        "[grpc]",
        f"address = {_quote(socket)}",
        '[plugins."io.containerd.internal.v1.opt"]',
        f"path = {_quote(state / 'opt')}",
        f"[{cri}]",
        "restrict_oom_score_adj = true",
        "netns_mounts_under_state_dir = true",
        f"sandbox_image = {_quote(PAUSE_IMAGE)}",
        f"[{cri}.cni]",
        f"bin_dir = {_quote(CNI_PLUGINS)}",
        f"conf_dir = {_quote(network)}",
        f"[{cri}.containerd]",
        'snapshotter = "overlayfs"',
        'default_runtime_name = "runc"',
        f"[{cri}.containerd.runtimes.runc]",
        'runtime_type = "io.containerd.runc.v2"',
        f"[{cri}.containerd.runtimes.runc.options]",
        "SystemdCgroup = false",
    ]
    return "\n".join(lines) + "\n"


def pod_network(pod_cidr: str, leases: Path) -> str:
    """CNI configuration: every pod has its own routed link to the node.

    There is no bridge, so Services between pods of one node need no br_netfilter. `leases` is on a tmpfs:
    after a restart of the lab no pod has an address.
    """
    addresses = {
        "type": "host-local",
        "dataDir": str(leases),
        "ranges": [[{"subnet": pod_cidr}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    plugins = [
        {"type": "ptp", "ipMasq": False, "ipam": addresses},
        {"type": "portmap", "capabilities": {"portMappings": True}, "snat": True},
    ]
    return json.dumps({"cniVersion": "0.4.0", "name": "pods", "plugins": plugins})


def _quote(path: object) -> str:
    return json.dumps(str(path))
