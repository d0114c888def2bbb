"""The whole of `hybrid-mesh:mesh`."""

from pydantic import Field

from model.config.base import DnsLabel, Section
from model.config.clusters import Cluster
from model.config.demo import Demo
from model.config.groups import WorkloadGroup
from model.config.ingress import Ingress
from model.config.istio import Istio
from model.config.networks import Network
from model.config.trust import SelfSignedTrust, Trust


class Mesh(Section):
    """One Istio mesh over several clusters and machines, as a stack file declares it."""

    id: DnsLabel = Field(examples=["mesh1"])
    """Name of the mesh, the same in every cluster."""
    trust_domain: str = "cluster.local"
    """The first part of every identity: `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`."""
    istio: Istio = Istio()
    """Which Istio is installed, and from where."""
    trust: Trust = SelfSignedTrust(issuer="self-signed")
    """The certificate authority of the mesh."""
    networks: dict[DnsLabel, Network] = Field(
        min_length=1, examples=[{"amsterdam": {"type": "external", "cidr": "10.10.0.0/16"}}]
    )
    """Networks by name: inside one, workloads reach each other directly."""
    clusters: dict[DnsLabel, Cluster] = Field(
        min_length=1, examples=[{"east": {"type": "kubeconfig", "network": "amsterdam"}}]
    )
    """Kubernetes clusters by name, each with its own control plane."""
    workload_groups: dict[DnsLabel, WorkloadGroup] = Field(default_factory=dict)
    """Groups of machines by name."""
    ingress: dict[DnsLabel, Ingress] = Field(default_factory=dict)
    """Ways in from outside by name."""
    demo: Demo | None = None
    """A workload that shows and proves the mesh."""
