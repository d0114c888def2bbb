"""The whole of `hybrid-mesh:mesh`."""

from pydantic import Field

from hybrid_mesh.model.config.base import Cidr, DnsLabel, Section, Switch
from hybrid_mesh.model.config.clusters import ClusterConfig
from hybrid_mesh.model.config.demo import DemoConfig
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.ingress import IngressConfig
from hybrid_mesh.model.config.istio import IstioConfig
from hybrid_mesh.model.config.networks import NetworkConfig
from hybrid_mesh.model.config.trust import SelfSignedTrustConfig, TrustConfig


class OperatorsConfig(Section):
    """The people and pipelines that run the program."""

    cidrs: tuple[Cidr, ...] = Field(default=(), examples=[["198.51.100.0/24"]])
    """Ranges that they come from; every API server in a cloud admits them."""


class MeshConfig(Section):
    """One Istio mesh over several clusters and machines, as a stack file declares it."""

    id: DnsLabel = Field(examples=["mesh1"])
    """Name of the mesh, the same in every cluster."""
    trust_domain: str = "cluster.local"
    """The first part of every identity: `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`."""
    istio: IstioConfig = IstioConfig()
    """Which Istio is installed, and from where."""
    trust: TrustConfig = SelfSignedTrustConfig(issuer="self-signed")
    """The certificate authority of the mesh."""
    networks: dict[DnsLabel, NetworkConfig] = Field(
        min_length=1, examples=[{"amsterdam": {"type": "external", "cidr": "10.10.0.0/16"}}]
    )
    """Networks by name: inside one, workloads reach each other directly."""
    clusters: dict[DnsLabel, ClusterConfig] = Field(
        min_length=1, examples=[{"east": {"type": "kubeconfig", "network": "amsterdam"}}]
    )
    """Kubernetes clusters by name, each with its own control plane."""
    workload_groups: dict[DnsLabel, WorkloadGroupConfig] = Field(default_factory=dict)
    """Groups of machines by name."""
    ingress: dict[DnsLabel, IngressConfig] = Field(default_factory=dict)
    """Ways in from outside by name."""
    demo: DemoConfig | None = None
    """A workload that shows and proves the mesh."""
    operators: OperatorsConfig = OperatorsConfig()
    """Where the people and pipelines are that run the program."""
    project: str | None = Field(default=None, examples=["my-project"])
    """The Google Cloud project of whatever names none itself."""
    protected: Switch = False
    """`true`: networks, clusters and the mesh's root cannot be deleted until this is lifted."""
    labels: dict[str, str] = Field(default_factory=dict, examples=[{"owner": "platform"}])
    """Labels (Google Cloud) and tags (AWS) of everything that can carry them. `stack`, `mesh` and `component`
    are there by themselves; `owner` has to be given where there is a cloud."""
