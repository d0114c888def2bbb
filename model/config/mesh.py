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

    id: DnsLabel
    trust_domain: str = "cluster.local"
    istio: Istio = Istio()
    trust: Trust = SelfSignedTrust(issuer="self-signed")
    networks: dict[DnsLabel, Network] = Field(min_length=1)
    clusters: dict[DnsLabel, Cluster] = Field(min_length=1)
    workload_groups: dict[DnsLabel, WorkloadGroup] = Field(default_factory=dict)
    ingress: dict[DnsLabel, Ingress] = Field(default_factory=dict)
    demo: Demo | None = None
