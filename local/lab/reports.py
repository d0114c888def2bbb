"""What the lab reports of itself: member by member, and as a whole."""

from collections.abc import Callable, Mapping

from hybrid_mesh.local.clusters import kubeconfig
from hybrid_mesh.local.clusters.pki import ADMIN, ClusterPki
from hybrid_mesh.local.lab.specs import (
    ClusterInfo,
    ClusterStatus,
    Forward,
    LabStatus,
    MachineInfo,
    MachineStatus,
    MemberState,
)
from hybrid_mesh.local.lab.state import ClusterRecord, LabState, MachineRecord

Stage = Callable[[str], tuple[MemberState, str]]
"""By a member's name: its state, and its last report or error."""


class Reporter:
    """Answers questions about the members that `state` remembers; `clusters` and `machines` give the state of
    each. `process_id` is the lab's, 0 of one that is stopped."""

    def __init__(self, state: LabState, clusters: Stage, machines: Stage, process_id: int) -> None:
        self._process_id = process_id
        self._state = state
        self._clusters = clusters
        self._machines = machines

    def cluster_info(self, record: ClusterRecord) -> ClusterInfo:
        """A cluster whose keys do not exist yet has an empty kubeconfig and authority."""
        name = record.spec.name
        pki = ClusterPki(self._state.cluster_folder(name) / "pki")
        return ClusterInfo(
            name=name,
            instance_id=record.instance_id,
            kubeconfig=kubeconfig.render(name, _endpoint(record), ADMIN, pki) if pki.complete else "",
            endpoint=_endpoint(record),
            peer_endpoint=_peer_endpoint(record),
            certificate_authority=pki.authority_pem if pki.complete else "",
            gateway_address=record.gateway_address,
            state=self._clusters(name)[0],
            owner=record.spec.owner,
        )

    def machine_info(self, record: MachineRecord) -> MachineInfo:
        return MachineInfo(
            name=record.spec.name,
            instance_id=record.instance_id,
            address=record.lan_address,
            wan_address=record.wan_address,
            state=self._machines(record.spec.name)[0],
            owner=record.spec.owner,
            outdated=record.outdated,
        )

    def status(self, memory_bytes: int, troubles: Mapping[str, str]) -> LabStatus:
        """The whole lab. `troubles`: what does not run correctly, by cluster."""
        return LabStatus(
            running=self._process_id != 0,
            process_id=self._process_id,
            memory_bytes=memory_bytes,
            clusters=[self._cluster(record, troubles) for record in self._state.clusters.values()],
            machines=[self._machine(record) for record in self._state.machines.values()],
            forwards=[
                Forward(record.spec.name, subject, port, _target(record, subject))
                for record in self._state.clusters.values()
                for subject, port in record.ports.items()
                if self._process_id
            ],
        )

    def _cluster(self, record: ClusterRecord, troubles: Mapping[str, str]) -> ClusterStatus:
        state, detail = self._clusters(record.spec.name)
        return ClusterStatus(
            name=record.spec.name,
            network=record.spec.network.name,
            instance_id=record.instance_id,
            state=state,
            detail=detail or troubles.get(record.spec.name, ""),
            endpoint=_endpoint(record),
            peer_endpoint=_peer_endpoint(record),
            gateway_address=record.gateway_address,
            owner=record.spec.owner,
        )

    def _machine(self, record: MachineRecord) -> MachineStatus:
        state, detail = self._machines(record.spec.name)
        return MachineStatus(
            name=record.spec.name,
            network=record.spec.network.name,
            instance_id=record.instance_id,
            state=state,
            detail=detail,
            address=record.lan_address,
            wan_address=record.wan_address,
            owner=record.spec.owner,
        )


def _endpoint(record: ClusterRecord) -> str:
    return f"https://127.0.0.1:{record.ports['api']}"


def _peer_endpoint(record: ClusterRecord) -> str:
    return f"https://{record.wan_address}:6443"


def _target(record: ClusterRecord, subject: str) -> str:
    return f"{record.wan_address}:6443" if subject == "api" else subject
