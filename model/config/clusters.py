"""Kubernetes clusters of the mesh. Each runs its own istiod."""

from ipaddress import IPv4Network
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field

from hybrid_mesh.model.config.base import (
    DATE_PATTERN,
    IMAGE_REPOSITORY_PATTERN,
    KMS_KEY_PATTERN,
    TIME_OF_DAY_PATTERN,
    Cidr,
    DnsLabel,
    Port,
    Section,
    Switch,
)
from hybrid_mesh.model.config.istio import ClusterIstioConfig

ImageRepository = Annotated[str, Field(pattern=IMAGE_REPOSITORY_PATTERN)]

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

NodePort = Annotated[int, Field(strict=True, ge=30000, le=32767)]
"""A port in the range that Kubernetes reserves for NodePort Services by default."""


class NodePortsConfig(Section):
    """Node ports of the east-west gateway. Used when its Service is of type `NodePort`."""

    tls: NodePort = 31443
    """Node port for mesh traffic between networks (port 15443 of the Service)."""
    istiod: NodePort = 31012
    """Node port for VMs that register with istiod (port 15012 of the Service)."""
    status: NodePort = 31021
    """Node port for health checks (port 15021 of the Service)."""


class GatewayExposureConfig(Section):
    """The east-west gateway of a cluster, through which other networks and VMs reach it."""

    enabled: Switch = True
    """Whether the cluster has a gateway. Set `false` if the gateway of another cluster in the same network,
    or the network's `gateway`, serves it."""
    ownership: Literal["own", "existing"] = "own"
    """Who installs the gateway's Deployment and Service. `own`: the program. `existing`: others; the program
    exposes the mesh and istiod at the Service `istio-eastwestgateway` in `istio-system`, whose pods it never
    changes."""
    service_type: Literal["LoadBalancer", "NodePort"] = "LoadBalancer"
    """Type of the gateway's Service."""
    addresses: tuple[str, ...] = Field(default=(), examples=[["203.0.113.10"]])
    """IPv4 addresses at which other networks reach the gateway. Required for a `NodePort` Service, and for a
    load balancer that does not report its address in the Service's status."""
    node_ports: NodePortsConfig = NodePortsConfig()
    """Node ports of a `NodePort` Service."""
    drain_seconds: int | None = Field(default=None, strict=True, ge=5, le=3600, examples=[240])
    """How long a pod of the gateway serves after its shutdown began, in seconds. Applies in a cloud to
    ingress gateways of the class `istio`, too. Defaults to 240 on EKS, whose load balancers send new
    connections for minutes, and to Istio's 5 elsewhere. Connections that last longer are cut."""
    annotations: dict[str, str] = Field(default_factory=dict, examples=[{"metallb.io/address-pool": "mesh"}])
    """Annotations of the gateway's Service, for example for its load balancer, in addition to those that the
    program sets in a cloud."""
    values: dict[str, Any] = Field(
        default_factory=dict,
        examples=[{"replicaCount": 2, "tolerations": [{"key": "edge", "operator": "Exists"}]}],
    )
    """Additional Helm values for the gateway chart: replicas, resources, where its pods run. They are merged
    with the values that the program sets, and cannot replace the ones that the mesh relies on. `replicaCount`
    turns autoscaling off, unless you set `autoscaling`, too."""


class ClusterConfigBase(Section):
    network: DnsLabel = Field(examples=["amsterdam"])
    """Network of the cluster's pods: a key of `networks`."""
    state: Literal["active", "quarantined"] = "active"
    """`active`, or `quarantined` for a cluster that no longer responds: the rest of the mesh neither contacts
    it nor waits for it."""
    gateway: GatewayExposureConfig = GatewayExposureConfig()
    """East-west gateway of the cluster."""
    istio: ClusterIstioConfig = ClusterIstioConfig()
    """Istio in this cluster."""
    certificates: Literal["own", "existing"] = "own"
    """Source of istiod's certificates. `own`: the program creates the Secret `cacerts`, as `trust` says.
    `existing`: the cluster has that Secret, whose root must be the mesh's, and the program only reads it."""


class LocalClusterConfig(ClusterConfigBase):
    """A cluster of the local site, created on the host that runs the program."""

    type: Literal["local"]
    kubernetes_version: str = "1.35.4"
    """Kubernetes release. Must be one that the toolchain builds."""
    pod_cidr: Cidr | None = Field(default=None, examples=["10.10.32.0/20"])
    """CIDR of the pods, inside the network's CIDR. Defaults to the first /20 of the network after its first
    that no cluster above this one in the file has. Clusters that you add below do not change it."""
    service_cidr: Cidr = IPv4Network("10.96.0.0/16")
    """CIDR of the Services' cluster IPs, which are only used inside the cluster."""


class KubeconfigClusterConfig(ClusterConfigBase):
    """An existing cluster (kind, k3d, on-premises or any other) that is reached with a kubeconfig.

    The kubeconfig is read from the file `path` or from the secret configuration key `hybrid-mesh:<secret>`.
    If neither is set, the default kubeconfig is used (`$KUBECONFIG` or `~/.kube/config`).
    """

    type: Literal["kubeconfig"]
    path: str | None = None
    """Path of the kubeconfig file. Cannot be combined with `secret`."""
    context: str | None = None
    """Context in the kubeconfig. Defaults to its current context."""
    secret: DnsLabel | None = None
    """Name of the secret configuration key that holds the kubeconfig's text. Set it with
    `pulumi config set --secret hybrid-mesh:<secret>`."""
    peer_endpoint: str | None = Field(default=None, examples=["https://203.0.113.20:6443"])
    """URL of the API server as other clusters' istiods and VMs reach it. Defaults to the kubeconfig's server
    URL."""
    peer_certificate_authority: str | None = Field(default=None, examples=["system"])
    """Certificate authority of `peerEndpoint`, for example of a proxy or load balancer in front of the API
    server: its certificates (PEM), or `system` for a public one. Defaults to the kubeconfig's if the peers
    use its server URL, else to the cluster's own."""


class NodePoolConfig(Section):
    """Nodes of a cluster in a cloud, spread over zones."""

    machine_type: str = Field(examples=["e2-standard-4"])
    """Machine type of the nodes, as the cloud names it."""
    min: int = Field(default=3, strict=True, ge=1, le=1000)
    """Minimum number of nodes, in all zones together."""
    max: int = Field(default=6, strict=True, ge=1, le=1000)
    """Maximum number of nodes, in all zones together."""
    disk_gigabytes: int = Field(default=50, strict=True, ge=20, le=2000)
    """Size of each node's disk in GB. Disks are encrypted."""


class GkeNodePoolConfig(NodePoolConfig):
    """Nodes of a GKE cluster, spread over its zones. GKE scales them with the load."""

    machine_type: str = "e2-standard-4"
    """Machine type of the nodes."""
    image_repositories: tuple[ImageRepository, ...] = Field(
        default=(), examples=[["my-project/europe-west4/images"]]
    )
    """Artifact Registry repositories from which the nodes may pull images, as `project/location/repository`.
    """
    secure_boot: Switch = True
    """Whether the nodes only boot signed software (Secure Boot). Some machine types do not support it."""


class GkeMaintenanceWindowConfig(Section):
    """When GKE may upgrade the control plane and the nodes, at least 12 hours a week. Times are UTC."""

    WEEK: ClassVar[tuple[Weekday, ...]] = get_args(Weekday)

    days: tuple[Weekday, ...] = Field(default=(), examples=[["saturday", "sunday"]])
    """Days on which the window begins. Defaults to every day."""
    start: str = Field(pattern=TIME_OF_DAY_PATTERN, examples=["02:00"])
    """Time at which the window begins."""
    hours: int = Field(strict=True, ge=4, le=24, examples=[6])
    """Length of the window."""


class GkeMaintenanceExclusionConfig(Section):
    """A time in which GKE does not upgrade the cluster. Days are UTC."""

    name: DnsLabel = Field(examples=["end-of-year"])
    """Name of the exclusion."""
    start: str = Field(pattern=DATE_PATTERN, examples=["2026-12-18"])
    """First day of the exclusion."""
    end: str = Field(pattern=DATE_PATTERN, examples=["2027-01-04"])
    """Day after the last one, on which upgrades are allowed again."""
    scope: Literal["all", "minor", "minor-and-nodes"] = "all"
    """What is held back: `all` upgrades (GKE allows 90 days), those to another `minor` release, or
    `minor-and-nodes`, so that only patches of the control plane are installed."""


class GkeMaintenanceConfig(Section):
    """When and how far GKE upgrades a cluster automatically. Security patches that cannot wait are always
    installed."""

    minor_upgrades: Literal["manual", "automatic"] = "manual"
    """Upgrades to another minor release of Kubernetes. `manual`: you set `version`; GKE itself upgrades when
    it ends the support of a release. `automatic`: the release channel decides, and may choose a release that
    Istio does not support yet."""
    window: GkeMaintenanceWindowConfig | None = None
    """When GKE may upgrade. Defaults to any time."""
    exclusions: tuple[GkeMaintenanceExclusionConfig, ...] = ()
    """Times in which it does not."""


class EksNodeGroupConfig(NodePoolConfig):
    """Nodes of an EKS cluster, spread over its zones.

    AWS does not scale a node group automatically: you, or an autoscaler that you install, set its size
    between `min` and `max`.
    """

    machine_type: str = "m6i.xlarge"
    """Instance type of the nodes."""


class CloudClusterConfigBase(ClusterConfigBase):
    authorized_networks: tuple[Cidr, ...] = Field(default=(), examples=[["198.51.100.0/24"]])
    """Additional CIDRs that may reach the API server. Operators, peer clusters and VMs are allowed
    automatically. With `endpoint: private`, list the private CIDRs from which you run Pulumi."""
    endpoint: Literal["restricted", "private", "dns"] = "restricted"
    """How the API server is exposed. `restricted`: at a public address that only known CIDRs may reach.
    `private`: inside the network only; you, and peers and VMs in other networks, require a private connection
    to it. Create a cluster in a new network as `restricted`, connect the network, then set `private`.
    `dns`: as `private`, but you reach it at a DNS name from anywhere, where Google requires the permission
    `container.clusters.connect`."""
    peer_endpoint: str | None = Field(default=None, examples=["https://10.10.32.2"])
    """URL of the API server as other clusters' istiods and VMs reach it. Defaults to its private address for
    members of the same network and with `endpoint: private`, else to its public one."""
    control_plane_ports: tuple[Port, ...] = Field(default=(), examples=[[8443]])
    """Additional TCP ports of nodes and pods that the API server calls, for webhooks and aggregated APIs that
    you install. Those of Istio and of what the program installs are open."""

    @property
    def private(self) -> bool:
        """Whether the API server has no public address."""
        return self.endpoint != "restricted"


class GkeClusterConfig(CloudClusterConfigBase):
    """A regional GKE cluster with private nodes, Dataplane V2 and Workload Identity."""

    type: Literal["gke"]
    version: str | None = Field(default=None, examples=["1.35"])
    """Minor release of Kubernetes, in quotes: `"1.35"`. A higher one upgrades the control plane, then the
    nodes. Defaults to that of the release channel when the cluster is created."""
    release_channel: Literal["rapid", "regular", "stable"] = "regular"
    """GKE release channel, from which Google takes upgrades of the cluster."""
    maintenance: GkeMaintenanceConfig = GkeMaintenanceConfig()
    """When and how far Google upgrades the cluster automatically."""
    database_encryption_key: str | None = Field(
        default=None,
        pattern=KMS_KEY_PATTERN,
        examples=["projects/my-project/locations/europe-west4/keyRings/mesh/cryptoKeys/gke"],
    )
    """Cloud KMS key in the cluster's region with which GKE encrypts Secrets, in addition to Google's own key.
    GKE's service agent needs the role `roles/cloudkms.cryptoKeyEncrypterDecrypter` for it."""
    node_pool: GkeNodePoolConfig = GkeNodePoolConfig()
    """Nodes of the cluster."""
    pod_cidr: Cidr | None = Field(default=None, examples=["10.10.64.0/18"])
    """CIDR of the pods, inside the network's CIDR or in 240.0.0.0/4 (class E). Defaults to the upper half of
    the network; only one cluster of a network may use that default."""
    service_cidr: Cidr | None = Field(default=None, examples=["10.10.48.0/20"])
    """CIDR of the Services, a /16 to /27 inside the network's CIDR. Defaults to the second sixteenth of the
    network; only one cluster of a network may use that default."""
    control_plane_cidr: Cidr | None = Field(default=None, examples=["10.10.32.16/28"])
    """CIDR of the control plane, a /28 inside the network's CIDR. Defaults to the first /28 of the network's
    third sixteenth; only one cluster of a network may use that default."""


EksAddon = Literal["metrics-server", "aws-ebs-csi-driver"]


class EksClusterConfig(CloudClusterConfigBase):
    """An EKS cluster with access entries, encrypted Secrets, and a managed node group in private subnets."""

    type: Literal["eks"]
    endpoint: Literal["restricted", "private"] = "restricted"
    """How the API server is exposed. `restricted`: at a public address that only known CIDRs may reach.
    `private`: inside the network only; you, and peers and VMs in other networks, require a private connection
    to it. Create a cluster in a new network as `restricted`, connect the network, then set `private`."""
    version: str = "1.35"
    """Minor release of Kubernetes, in quotes: `"1.35"`. A higher one upgrades the control plane, then the
    nodes. AWS itself upgrades when it ends the support of a release."""
    support: Literal["standard", "extended"] = "standard"
    """What happens when the standard support of `version` ends, 14 months after EKS offered it. `standard`:
    EKS upgrades the control plane to the next release; write that one into `version` then. `extended`: the
    cluster keeps its release for up to 12 months longer, at a higher price."""
    addons: tuple[EksAddon, ...] = ("metrics-server",)
    """EKS add-ons in addition to those that every cluster needs (vpc-cni, kube-proxy, coredns,
    eks-pod-identity-agent). istiod and gateways scale with their load only if the cluster has a metrics
    server."""
    node_group: EksNodeGroupConfig = EksNodeGroupConfig()
    """Nodes of the cluster."""
    service_cidr: Cidr = IPv4Network("172.20.0.0/16")
    """CIDR of the Services' cluster IPs, which are only used inside the cluster."""


CloudClusterConfig = GkeClusterConfig | EksClusterConfig

ClusterConfig = Annotated[
    LocalClusterConfig | KubeconfigClusterConfig | GkeClusterConfig | EksClusterConfig,
    Field(discriminator="type"),
]
