"""WorkloadEntries, by which the mesh knows its VMs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hybrid_mesh.model.istio_facts import CONNECTED_ANNOTATION, DISCONNECTED_ANNOTATION, GROUP_ANNOTATION
from hybrid_mesh.operate.doctor.moments import moment
from hybrid_mesh.operate.doctor.repairs import KubectlStep


@dataclass(frozen=True)
class Entry:
    """A WorkloadEntry. `group` is that of the VM that registered itself; "" for one that somebody made."""

    cluster: str
    namespace: str
    name: str
    group: str
    address: str
    network: str
    account: str
    labels: Mapping[str, str]
    connected: datetime | None
    disconnected: datetime | None
    locality: str
    healthy: bool | None
    message: str
    since: datetime | None

    @property
    def arguments(self) -> tuple[str, ...]:
        """For kubectl, after its verb."""
        return ("workloadentry", self.name, f"--namespace={self.namespace}")

    def delete(self) -> KubectlStep:
        return KubectlStep(self.cluster, ("delete", *self.arguments, "--ignore-not-found"))

    def typed(self, verb: str) -> str:
        return f"hybrid-mesh kubectl {self.cluster} -- {verb} {' '.join(self.arguments)}"


def read_entry(cluster: str, each: Mapping[str, Any]) -> Entry:
    """Reads a WorkloadEntry of `cluster`."""
    metadata, spec = each["metadata"], each.get("spec") or {}
    notes = metadata.get("annotations") or {}
    conditions = (each.get("status") or {}).get("conditions") or ()
    health = next((condition for condition in conditions if condition.get("type") == "Healthy"), None)
    return Entry(
        cluster=cluster,
        namespace=metadata["namespace"],
        name=metadata["name"],
        group=notes.get(GROUP_ANNOTATION, ""),
        address=spec.get("address", ""),
        network=spec.get("network", ""),
        account=spec.get("serviceAccount", ""),
        locality=spec.get("locality", ""),
        labels={**(spec.get("labels") or {})},
        connected=moment(notes.get(CONNECTED_ANNOTATION)),
        disconnected=moment(notes.get(DISCONNECTED_ANNOTATION)),
        healthy=None if health is None else health.get("status") == "True",
        message=str((health or {}).get("message") or ""),
        since=moment((health or {}).get("lastTransitionTime")),
    )
