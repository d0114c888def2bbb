"""The configuration key `hybrid-mesh:mesh` as a whole."""

from typing import Literal

from pydantic import Field

from hybrid_mesh.model.config.base import AWS_ROLE_PATTERN, Cidr, DnsLabel, Section, Switch
from hybrid_mesh.model.config.clusters import ClusterConfig
from hybrid_mesh.model.config.demo import DemoConfig
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.http_proxy import HttpProxyConfig
from hybrid_mesh.model.config.ingress import IngressConfig
from hybrid_mesh.model.config.istio import IstioConfig
from hybrid_mesh.model.config.kiali import KialiConfig
from hybrid_mesh.model.config.namespaces import NamespaceConfig
from hybrid_mesh.model.config.networks import NetworkConfig
from hybrid_mesh.model.config.telemetry import TelemetryConfig
from hybrid_mesh.model.config.trust import SelfSignedTrustConfig, TrustConfig

AwsAccess = Literal["admin", "view"]


class AwsRoleConfig(Section):
    """An IAM role that may use the mesh's EKS clusters, by an access entry in each.

    The identity that creates a cluster is its administrator anyway, and EKS refuses a second entry for it:
    list the other roles only."""

    arn: str = Field(pattern=AWS_ROLE_PATTERN, examples=["arn:aws:iam::123456789012:role/mesh-preview"])
    """ARN of the role."""
    access: AwsAccess = Field(examples=["view"])
    """`admin`: everything, for those who run `up` and `destroy`. `view`: reading everything, Secrets
    included, for those who run previews and drift checks."""
    clusters: tuple[DnsLabel, ...] = Field(default=(), examples=[["eks-us"]])
    """EKS clusters that the role may use. Defaults to all."""


class OperatorsConfig(Section):
    """The people and pipelines that run this program."""

    cidrs: tuple[Cidr, ...] = Field(default=(), examples=[["198.51.100.0/24"]])
    """CIDRs from which the program is run. Every API server in a cloud allows them."""
    vm_access: Switch = False
    """Whether people with the cloud's permissions can open a shell on VMs in a cloud, which have no public
    addresses: with `gcloud compute ssh NAME --tunnel-through-iap` on GCE; on EC2 with
    `aws ssm start-session --target ID`, if the image has the SSM Agent, as those of Amazon Linux and Ubuntu
    do."""
    aws_roles: tuple[AwsRoleConfig, ...] = ()
    """IAM roles that may use the mesh's EKS clusters, in addition to the identity that creates them. On
    Google Cloud, IAM alone decides."""


class MeshConfig(Section):
    """One Istio mesh across several clusters and VMs."""

    id: DnsLabel = Field(examples=["mesh1"])
    """Mesh ID, the same in every cluster."""
    trust_domain: str = "cluster.local"
    """Trust domain of every workload identity:
    `spiffe://<trustDomain>/ns/<namespace>/sa/<service account>`."""
    istio: IstioConfig = IstioConfig()
    """The Istio release and where it is downloaded from."""
    trust: TrustConfig = SelfSignedTrustConfig(issuer="self-signed")
    """Certificate authority of the mesh."""
    networks: dict[DnsLabel, NetworkConfig] = Field(
        min_length=1, examples=[{"amsterdam": {"type": "external", "cidr": "10.10.0.0/16"}}]
    )
    """Networks by name. Workloads in one network reach each other directly; networks reach each other through
    gateways."""
    clusters: dict[DnsLabel, ClusterConfig] = Field(
        min_length=1, examples=[{"east": {"type": "kubeconfig", "network": "amsterdam"}}]
    )
    """Kubernetes clusters by name. Each runs its own istiod."""
    workload_groups: dict[DnsLabel, WorkloadGroupConfig] = Field(default_factory=dict)
    """Groups of VMs that join the mesh, by name."""
    namespaces: dict[DnsLabel, NamespaceConfig] = Field(default_factory=dict)
    """Namespaces of every cluster by name: those of groups, ingresses and the demo whose labels or injection
    policy you set, and others that you want to exist."""
    ingress: dict[DnsLabel, IngressConfig] = Field(default_factory=dict)
    """Ingress gateways by name, through which clients outside the mesh reach workloads."""
    telemetry: TelemetryConfig | None = None
    """Access logs, traces and metrics of every proxy. Defaults to Istio's: metrics alone."""
    kiali: KialiConfig | None = None
    """What Kiali needs to show all clusters. Defaults to nothing."""
    http_proxy: HttpProxyConfig | None = None
    """HTTP proxy of the VMs. It has nothing to do with Istio's proxies."""
    demo: DemoConfig | None = None
    """Demo workload, with which `hybrid-mesh verify` checks how requests are balanced. Without it, none is
    installed."""
    operators: OperatorsConfig = OperatorsConfig()
    """The people and pipelines that run this program."""
    project: str | None = Field(default=None, examples=["my-project"])
    """Default Google Cloud project of networks and the certificate authority."""
    protected: Switch = False
    """Whether networks, clusters, reserved addresses and the root CA are protected from deletion. Set it to
    `false` and run `up` before you delete them."""
    labels: dict[str, str] = Field(default_factory=dict, examples=[{"owner": "platform"}])
    """Labels (Google Cloud) and tags (AWS) of all cloud resources. The program adds `stack`, `mesh` and
    `component`. `owner` is required if the mesh has resources in a cloud."""
