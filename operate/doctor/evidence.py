"""What doctor looks at: everything that its checks read, collected at one time. Checks ask nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hybrid_mesh.operate.doctor.helm import HelmRelease
from hybrid_mesh.operate.doctor.machines import Absent, MachineEvidence
from hybrid_mesh.operate.doctor.peers import PeerAccess, Reach
from hybrid_mesh.operate.doctor.proxies import ProxyEvidence
from hybrid_mesh.operate.doctor.types import Object


@dataclass(frozen=True)
class Unreachable:
    """Why something could not be looked at. `by_design`: it never can be from this host."""

    reason: str
    by_design: bool = False


@dataclass(frozen=True)
class ClusterEvidence:
    """One cluster.

    `objects` are its objects by kind. `listed` are the kinds that were read, of which a missing object does
    not exist; `unserved` those that the cluster does not serve. Values of Secrets are left out, but for
    certificates. `peers` is istiod's view of the clusters (`debug/clusterz`) and `synchronization` of its
    proxies (`debug/syncz`), `networks` of the gateways (`debug/networkz`): its own records, of each of its
    pods that answered. `releases` are Helm's records. `accesses` are the remote Secrets' kubeconfigs by peer,
    `tokens` the fingerprints of the cluster's own tokens in Secrets. `reached` are the URLs of peers that
    were tried from inside. `proxies` are those of pods that were asked, by `namespace/pod`: what they serve,
    or why they do not say. `unread` are the parts that could not be read, with the reason.
    """

    objects: Mapping[str, tuple[Object, ...]] = field(default_factory=dict)
    unserved: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    peers: tuple[Object, ...] = ()
    synchronization: tuple[Object, ...] = ()
    networks: tuple[Object, ...] = ()
    releases: tuple[HelmRelease, ...] = ()
    accesses: Mapping[str, PeerAccess] = field(default_factory=dict)
    tokens: frozenset[str] = frozenset()
    reached: Mapping[str, Reach] = field(default_factory=dict)
    proxies: Mapping[str, ProxyEvidence | str] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)

    def of_kind(self, kind: str, namespace: str | None = None) -> Iterator[Object]:
        """The objects of a kind, those of one namespace or all."""
        for each in self.objects.get(kind, ()):
            if namespace is None or each["metadata"].get("namespace") == namespace:
                yield each

    def get(self, kind: str, namespace: str | None, name: str) -> Object | None:
        """One object; None if there is none."""
        found = (each for each in self.of_kind(kind, namespace) if each["metadata"]["name"] == name)
        return next(found, None)

    def cluster_wide(self, kind: str, name: str) -> Object | None:
        """One object of a kind without namespaces; None if there is none."""
        found = self.get(kind, None, name)
        return found if found and not found["metadata"].get("namespace") else None


@dataclass(frozen=True)
class Evidence:
    """`taken` is when, with a time zone. `clusters` has every active cluster of the plan, `machines` every VM
    that can be entered, by name. `closed` are the groups whose VMs cannot be asked."""

    taken: datetime
    clusters: Mapping[str, ClusterEvidence | Unreachable]
    machines: Mapping[str, MachineEvidence | Absent | Unreachable] = field(default_factory=dict)
    closed: Mapping[str, Unreachable] = field(default_factory=dict)

    def answering(self) -> Iterator[tuple[str, ClusterEvidence]]:
        """The clusters that answered."""
        for name, each in self.clusters.items():
            if isinstance(each, ClusterEvidence):
                yield name, each

    def running(self) -> Iterator[MachineEvidence]:
        """The VMs that answered."""
        for each in self.machines.values():
            if isinstance(each, MachineEvidence):
                yield each
