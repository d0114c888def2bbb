"""The command line and configuration of each daemon on a cluster's node. Kubernetes 1.35.

Flags: https://kubernetes.io/docs/reference/command-line-tools-reference/.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hybrid_mesh.local.clusters import containerd, kubeconfig, pki
from hybrid_mesh.local.clusters.pki import ClusterPki
from hybrid_mesh.local.lab.specs import ClusterSpec
from hybrid_mesh.local.linux.supervision import Daemon
from hybrid_mesh.local.patience import patient

API_PORT = 6443
_LOCAL_API = f"https://127.0.0.1:{API_PORT}"


@dataclass(frozen=True)
class Node:
    """The places of a cluster: `folder` on disk, `runtime` on a tmpfs; `cgroup` is the cluster's own."""

    spec: ClusterSpec
    folder: Path
    runtime: Path
    namespace: Path
    cgroup: str
    lan_address: str
    wan_address: str
    binary: Callable[[str], Path]
    authentication: Path | None

    @property
    def pki(self) -> ClusterPki:
        return ClusterPki(self.folder / "pki")

    @property
    def containerd_socket(self) -> Path:
        return self.runtime / "containerd.sock"

    @property
    def volume_plugins(self) -> Path:
        """Replaces the folder below /usr that kubelet and controller manager would create on the host."""
        return self.folder / "kubelet" / "volume-plugins"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"


def write_configuration(node: Node) -> None:
    """Writes every file that the daemons read. Existing files are overwritten, except keys."""
    network = node.folder / "cni"
    for folder in (network, node.runtime, node.folder / "kubelet", node.folder / "pods", node.logs):
        folder.mkdir(parents=True, exist_ok=True)
    for user in (pki.CONTROLLER_MANAGER, pki.SCHEDULER, pki.KUBELET, pki.PROXY, pki.DNS):
        path = _kubeconfig(node, user)
        path.touch(mode=0o600)
        path.write_text(kubeconfig.render(node.spec.name, _LOCAL_API, user, node.pki))
    (network / "pods.conflist").write_text(
        containerd.pod_network(node.spec.pod_cidr, node.runtime / "leases")
    )
    (node.folder / "containerd.toml").write_text(
        containerd.configuration(
            node.folder / "containerd", node.runtime / "containerd", node.containerd_socket, network
        )
    )
    (node.folder / "resolv.conf").write_text("")
    (node.folder / "Corefile").write_text(_corefile(node))
    (node.folder / "kubelet.json").write_text(json.dumps(_kubelet_configuration(node)))


def etcd(node: Node) -> Daemon:
    client = "http://127.0.0.1:2379"
    flags = [
        f"--data-dir={node.folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--log-level=warn",
        "--unsafe-no-fsync",
    ]
    return _daemon(node, "etcd", str(node.binary("etcd")), flags)


def container_runtime(node: Node) -> Daemon:
    return _daemon(node, "containerd", "containerd", [f"--config={node.folder / 'containerd.toml'}"])


def api_server(node: Node) -> Daemon:
    keys = node.pki
    flags = [
        "--etcd-servers=http://127.0.0.1:2379",
        f"--secure-port={API_PORT}",
        "--bind-address=0.0.0.0",
        f"--advertise-address={node.wan_address}",
        f"--tls-cert-file={keys.certificate(pki.API_SERVER)}",
        f"--tls-private-key-file={keys.key(pki.API_SERVER)}",
        f"--client-ca-file={keys.certificate(pki.AUTHORITY)}",
        f"--kubelet-certificate-authority={keys.certificate(pki.AUTHORITY)}",
        f"--kubelet-client-certificate={keys.certificate(pki.KUBELET_CLIENT)}",
        f"--kubelet-client-key={keys.key(pki.KUBELET_CLIENT)}",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-signing-key-file={keys.key(pki.ACCOUNTS)}",
        f"--service-account-key-file={keys.folder / (pki.ACCOUNTS + '.pub')}",
        f"--service-cluster-ip-range={node.spec.service_cidr}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--request-timeout={patient(60):.0f}s",
        "--profiling=false",
    ]
    if node.authentication:
        flags.append(f"--authentication-config={node.authentication}")
    return _daemon(node, "kube-apiserver", str(node.binary("kube-apiserver")), flags)


def clients(node: Node) -> list[Daemon]:
    """The daemons that need the API server."""
    keys = node.pki
    manager = [
        f"--kubeconfig={_kubeconfig(node, pki.CONTROLLER_MANAGER)}",
        f"--root-ca-file={keys.certificate(pki.AUTHORITY)}",
        f"--service-account-private-key-file={keys.key(pki.ACCOUNTS)}",
        f"--cluster-signing-cert-file={keys.certificate(pki.AUTHORITY)}",
        f"--cluster-signing-key-file={keys.key(pki.AUTHORITY)}",
        f"--flex-volume-plugin-dir={node.volume_plugins}",
        "--use-service-account-credentials=true",
        # Each controller asks for a token as it starts: at 20 requests a second that takes four seconds.
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--leader-elect=false",
        # Its port is not used, and would need a key, which takes half a second to create.
        "--secure-port=0",
    ]
    scheduler = [
        f"--kubeconfig={_kubeconfig(node, pki.SCHEDULER)}",
        "--leader-elect=false",
        "--secure-port=0",
    ]
    kubelet = [
        f"--config={node.folder / 'kubelet.json'}",
        f"--kubeconfig={_kubeconfig(node, pki.KUBELET)}",
        f"--root-dir={node.folder / 'kubelet'}",
        f"--cert-dir={node.folder / 'kubelet' / 'pki'}",
        f"--hostname-override={node.spec.name}",
        f"--node-ip={node.lan_address}",
    ]
    proxy = [
        f"--kubeconfig={_kubeconfig(node, pki.PROXY)}",
        f"--hostname-override={node.spec.name}",
        f"--cluster-cidr={node.spec.pod_cidr}",
        "--proxy-mode=iptables",
        "--iptables-min-sync-period=100ms",
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
        "--healthz-bind-address=127.0.0.1:10256",
        "--metrics-bind-address=127.0.0.1:10249",
    ]
    return [
        _daemon(node, "kubelet", str(node.binary("kubelet")), kubelet),
        _daemon(node, "kube-controller-manager", str(node.binary("kube-controller-manager")), manager),
        _daemon(node, "kube-scheduler", str(node.binary("kube-scheduler")), scheduler),
        _daemon(node, "kube-proxy", str(node.binary("kube-proxy")), proxy),
        _daemon(node, "coredns", str(node.binary("coredns")), [f"-conf={node.folder / 'Corefile'}"]),
    ]


def _daemon(node: Node, name: str, program: str, flags: list[str]) -> Daemon:
    return Daemon(
        f"{node.spec.name}/{name}",
        [program, *flags],
        node.namespace,
        f"{node.cgroup}/daemons",
        node.logs / f"{name}.log",
    )


def _kubeconfig(node: Node, user: str) -> Path:
    return node.folder / "pki" / f"{user}.kubeconfig"


def _corefile(node: Node) -> str:
    """Answers cluster names from the API. Nothing is forwarded; other names do not exist."""
    return f"""\
cluster.local:53 in-addr.arpa:53 {{
    bind {node.lan_address}
    errors
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {_kubeconfig(node, pki.DNS)} {node.spec.name}
        ttl 5
    }}
}}
.:53 {{
    bind {node.lan_address}
    errors
    template ANY ANY . {{
        rcode NXDOMAIN
    }}
}}
"""


def _kubelet_configuration(node: Node) -> dict[str, object]:
    """https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/

    Nothing is evicted or garbage-collected: the disk is the user's, and the images are the lab's.
    """
    keys = node.pki
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(keys.certificate(pki.AUTHORITY))},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(keys.certificate(pki.KUBELET)),
        "tlsPrivateKeyFile": str(keys.key(pki.KUBELET)),
        "containerRuntimeEndpoint": f"unix://{node.containerd_socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{node.cgroup}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": [],
        "clusterDNS": [node.lan_address],
        "clusterDomain": "cluster.local",
        "resolvConf": str(node.folder / "resolv.conf"),
        "podLogsDir": str(node.folder / "pods"),
        # With watches, a pod's first mount can fail, and is retried a second later.
        "configMapAndSecretChangeDetectionStrategy": "Get",
        "volumePluginDir": str(node.volume_plugins),
        "evictionHard": {
            "imagefs.available": "0%",
            "imagefs.inodesFree": "0%",
            "memory.available": "1Mi",
            "nodefs.available": "0%",
            "nodefs.inodesFree": "0%",
        },
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "nodeStatusReportFrequency": "10s",
        "nodeStatusUpdateFrequency": "1s",
        "registryPullQPS": 0,
        "eventRecordQPS": 0,
        "shutdownGracePeriod": "0s",
        "logging": {"verbosity": 1},
    }
