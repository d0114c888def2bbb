"""What a run would change, in words, and what would be lost by it. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hybrid_mesh.cli.events import Moment, Step, name_of, type_of

MOST_LINES = 30
MOST_PROPERTIES = 4
_SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}


@dataclass(frozen=True)
class Kind:
    """A type of resource whose end loses something. `noun`: what a user calls it; `loss`: what its deletion
    or replacement means; `property`: the input that holds its name, else the name is the resource's without
    `prefix` and `suffix`."""

    noun: str
    loss: str
    property: str = ""
    prefix: str = "mesh-"
    suffix: str = ""

    def called(self, urn: str, inputs: Mapping[str, Any]) -> str:
        found: Any = inputs
        for key in self.property.split(".") if self.property else ():
            found = found.get(key) if isinstance(found, Mapping) else None
        if isinstance(found, str):
            return f"{self.noun} {found}"
        name = name_of(urn).removeprefix(self.prefix).removesuffix(self.suffix)
        return f"{self.noun} {name}" if name else self.noun


_WORKLOADS = "its workloads are lost"
_REISSUED = "certificates that it issued are no longer trusted, and every workload and VM needs a new one"
_UNREACHABLE = "clients that use it lose it, and it cannot be restored"
KINDS = {
    "hybridmesh:index:LocalCluster": Kind("cluster", _WORKLOADS, "clusterName"),
    "gcp:container/cluster:Cluster": Kind("cluster", _WORKLOADS, suffix="-cluster"),
    "aws:eks/cluster:Cluster": Kind("cluster", _WORKLOADS, suffix="-cluster"),
    "gcp:container/nodePool:NodePool": Kind("node pool", "its pods are evicted", suffix="-nodes"),
    "aws:eks/nodeGroup:NodeGroup": Kind("node group", "its pods are evicted", suffix="-nodes"),
    "hybridmesh:index:LocalMachine": Kind("VM", "its disk is lost", "machineName"),
    "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager": Kind(
        "VMs of group", "their disks are lost", prefix="mesh-group-", suffix="-machines-group"
    ),
    "aws:autoscaling/group:Group": Kind(
        "VMs of group", "their disks are lost", prefix="mesh-group-", suffix="-machines-group"
    ),
    "hybridmesh:index:CertificateAuthority": Kind("the root CA", _REISSUED, suffix="trust-authority"),
    "gcp:certificateauthority/caPool:CaPool": Kind("CA pool", _REISSUED),
    "gcp:certificateauthority/authority:Authority": Kind("CA", _REISSUED),
    "aws:acmpca/certificateAuthority:CertificateAuthority": Kind("CA", _REISSUED),
    "aws:kms/key:Key": Kind("encryption key", "what it encrypts can no longer be read"),
    "gcp:compute/network:Network": Kind("network", "everything in it goes with it", suffix="-vpc"),
    "aws:ec2/vpc:Vpc": Kind("network", "everything in it goes with it", suffix="-vpc"),
    "gcp:compute/address:Address": Kind("address", _UNREACHABLE),
    "aws:ec2/eip:Eip": Kind("address", _UNREACHABLE),
    "kubernetes:core/v1:Namespace": Kind("namespace", "every object in it is lost", "metadata.name"),
}
"""Type -> what its loss means."""


@dataclass(frozen=True)
class Change:
    """Of one resource; `operation` is `create`, `update`, `replace` or `delete`. `retained`: it is only
    forgotten, and stays where it is."""

    operation: str
    urn: str
    properties: tuple[str, ...]
    before: Mapping[str, Any]
    provider: str
    retained: bool

    @property
    def loss(self) -> str:
        """Such as `replaces cluster west: its workloads are lost`; empty when nothing is."""
        kind = KINDS.get(type_of(self.urn))
        if kind is None or self.retained or self.operation not in {"replace", "delete"}:
            return ""
        return f"{self.operation}s {kind.called(self.urn, self.before)}: {kind.loss}"


class Changes:
    """Gathered from the steps of a preview."""

    def __init__(self) -> None:
        self._found: dict[str, Change] = {}

    def add(self, step: Step) -> None:
        if step.moment is Moment.BEGUN and step.operation in _SIGNS and step.custom:
            self._found[step.urn] = Change(
                step.operation, step.urn, step.changed, step.before, step.provider, step.retained
            )

    @property
    def all(self) -> list[Change]:
        return list(self._found.values())

    @property
    def losses(self) -> list[str]:
        """One line each; what is inside of a cluster that is lost is not named again."""
        lost = [change for change in self.all if change.loss]
        clusters = {name_of(c.urn).removesuffix("-cluster") for c in lost if _is_cluster(c)}
        return [change.loss for change in lost if _cluster_of(change) not in clusters]

    def lines(self) -> list[str]:
        """For a reader: new resources are counted, all else is listed."""
        created = [change for change in self.all if change.operation == "create"]
        others = [change for change in self.all if change.operation != "create"]
        others.sort(key=lambda change: list(_SIGNS).index(change.operation))
        lines = [f"+ create   {_counted(created)}"] if created else []
        lines += [_line(change) for change in others[:MOST_LINES]]
        if len(others) > MOST_LINES:
            lines.append(f"  … and {len(others) - MOST_LINES} more")
        return lines


def _is_cluster(change: Change) -> bool:
    return KINDS[type_of(change.urn)].noun == "cluster"


def _cluster_of(change: Change) -> str | None:
    """Of an object in a cluster: the name that its provider has from the cluster."""
    if not type_of(change.urn).startswith("kubernetes:"):
        return None
    return name_of(change.provider.rsplit("::", 1)[0]).removesuffix("-provider")


def _line(change: Change) -> str:
    properties = ", ".join(change.properties[:MOST_PROPERTIES])
    if len(change.properties) > MOST_PROPERTIES:
        properties += ", …"
    operation = "forget" if change.retained and change.operation == "delete" else change.operation
    text = f"{_SIGNS[change.operation]} {operation:<8} {_short(type_of(change.urn))} {name_of(change.urn)}"
    return f"{text} ({properties})" if properties and change.operation != "delete" else text


def _counted(changes: Iterable[Change]) -> str:
    kinds = Counter(_short(type_of(change.urn)) for change in changes)
    total = sum(kinds.values())
    listed = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return f"{total} resource{'s' if total > 1 else ''}: {listed}"


def _short(kind: str) -> str:
    return kind.rsplit(":", 1)[-1]
