"""Kubernetes clusters of the mesh, each with its own control plane of Istio."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from hybrid_mesh.model.config.base import Cidr, DnsLabel, Section, Switch

NodePort = Annotated[int, Field(strict=True, ge=30000, le=32767)]
"""A port of the range that Kubernetes gives to NodePort Services by default."""


class NodePortsConfig(Section):
    """Ports of the nodes at which the east-west gateway answers, when its Service is a NodePort."""

    tls: NodePort = 31443
    """For traffic between workloads of different networks."""
    istiod: NodePort = 31012
    """For machines that register."""
    status: NodePort = 31021
    """For health checks."""


class GatewayExposureConfig(Section):
    """How the east-west gateway of a cluster is reached from other networks."""

    enabled: Switch = True
    """`false`: this cluster has no gateway of its own and uses those of the other clusters in its network."""
    service_type: Literal["LoadBalancer", "NodePort"] = "LoadBalancer"
    """The type of the gateway's Service."""
    addresses: tuple[str, ...] = Field(default=(), examples=[["203.0.113.10"]])
    """IP addresses that others use, where the Service's status does not tell them (NodePort, on-premises)."""
    node_ports: NodePortsConfig = NodePortsConfig()
    """The nodes' ports of a NodePort Service."""


class ClusterConfigBase(Section):
    network: DnsLabel = Field(examples=["amsterdam"])
    """The network that the cluster's pods are in."""
    state: Literal["active", "quarantined"] = "active"
    """`quarantined`: the cluster does not answer, and nothing waits for it or asks it."""
    gateway: GatewayExposureConfig = GatewayExposureConfig()
    """The cluster's east-west gateway."""


class LocalClusterConfig(ClusterConfigBase):
    """A cluster that the embedded site raises on this machine."""

    type: Literal["local"]
    kubernetes_version: str = "1.35.4"
    """The release of Kubernetes, one that the toolchain builds."""
    pod_cidr: Cidr | None = Field(default=None, examples=["10.10.32.0/20"])
    """Range of the pods, inside the network's. One cluster of a network may leave it out: it gets the second
    /20."""
    service_cidr: Cidr = IPv4Network("10.96.0.0/16")
    """Range of the Services' cluster addresses; they mean something inside the cluster only."""


class KubeconfigClusterConfig(ClusterConfigBase):
    """An existing cluster: kind, k3d, on-premises or any other, reached by a kubeconfig.

    Exactly one of `path` (a kubeconfig file) and `secret` (the name of a flat secret key
    `hybrid-mesh:<secret>` that holds the kubeconfig's text) is used; with neither, the ambient
    kubeconfig (`KUBECONFIG` or `~/.kube/config`) is.
    """

    type: Literal["kubeconfig"]
    path: str | None = None
    """Path of a kubeconfig file."""
    context: str | None = None
    """Context of the kubeconfig; its current one by default."""
    secret: DnsLabel | None = None
    """Name of the secret configuration key that holds a kubeconfig's text."""
    peer_endpoint: str | None = Field(default=None, examples=["https://203.0.113.20:6443"])
    """The API server's URL as the other clusters' istiods and the machines reach it; the kubeconfig's own by
    default."""


class NodePoolConfig(Section):
    """The nodes of a cloud's cluster, spread over zones."""

    machine_type: str = Field(examples=["e2-standard-4"])
    """The cloud's name for the kind of the nodes: e2-standard-4, m6i.xlarge."""
    min: int = Field(default=3, strict=True, ge=1, le=1000)
    """Nodes that there always are, in all zones together."""
    max: int = Field(default=6, strict=True, ge=1, le=1000)
    """Nodes that there are at most, in all zones together."""
    disk_gigabytes: int = Field(default=50, strict=True, ge=20, le=2000)
    """Size of each node's disk, which is encrypted."""


class GkeNodePoolConfig(NodePoolConfig):
    """The nodes of a GKE cluster, spread over its zones; how many there are follows the load."""

    machine_type: str = "e2-standard-4"
    """Kind of the nodes."""


class EksNodeGroupConfig(NodePoolConfig):
    """The nodes of an EKS cluster, spread over its zones; between min and max you, or an autoscaler that you
    install, decide how many there are."""

    machine_type: str = "m6i.xlarge"
    """Kind of the nodes, which AWS calls their instance type."""


class CloudClusterConfigBase(ClusterConfigBase):
    authorized_networks: tuple[Cidr, ...] = Field(default=(), examples=[["198.51.100.0/24"]])
    """Further ranges that the API server admits: at a private endpoint those from which you run Pulumi. The
    operators, the peers and the machines are admitted by themselves."""
    endpoint: Literal["restricted", "private"] = "restricted"
    """`restricted`: a public address that admits only known ranges. `private`: none; peers and machines in
    other networks need `peerEndpoint`."""
    peer_endpoint: str | None = Field(default=None, examples=["https://10.10.32.2"])
    """The API server's URL as the other clusters' istiods and the machines reach it; the cloud's own by
    default."""


class GkeClusterConfig(CloudClusterConfigBase):
    """A regional GKE cluster with private nodes, Dataplane V2 and workload identity."""

    type: Literal["gke"]
    release_channel: Literal["rapid", "regular", "stable"] = "regular"
    """The channel by which Google upgrades the cluster."""
    node_pool: GkeNodePoolConfig = GkeNodePoolConfig()
    """The nodes."""
    pod_cidr: Cidr | None = Field(default=None, examples=["10.10.64.0/18"])
    """Range of the pods, inside the network's. One cluster of a network may leave it out: it gets the upper
    half."""
    service_cidr: Cidr | None = Field(default=None, examples=["10.10.48.0/20"])
    """Range of the Services, inside the network's. One cluster of a network may leave it out: it gets the
    second sixteenth."""
    control_plane_cidr: Cidr | None = Field(default=None, examples=["10.10.32.16/28"])
    """A /28 inside the network's range for the control plane. One cluster of a network may leave it out: it
    gets the first of the third sixteenth."""


class EksClusterConfig(CloudClusterConfigBase):
    """An EKS cluster with access entries, encrypted Secrets and a managed node group in private subnets."""

    type: Literal["eks"]
    version: str = "1.35"
    """The minor release of Kubernetes."""
    node_group: EksNodeGroupConfig = EksNodeGroupConfig()
    """The nodes."""
    service_cidr: Cidr = IPv4Network("172.20.0.0/16")
    """Range of the Services' cluster addresses; they mean something inside the cluster only."""


CloudClusterConfig = GkeClusterConfig | EksClusterConfig

ClusterConfig = Annotated[
    LocalClusterConfig | KubeconfigClusterConfig | GkeClusterConfig | EksClusterConfig,
    Field(discriminator="type"),
]
