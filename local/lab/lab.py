"""The lab: its networks, clusters and VMs, and the operations on them."""

from dataclasses import dataclass
from pathlib import Path

from hybrid_mesh.local.clusters.cluster import Cluster
from hybrid_mesh.local.clusters.daemons import Node
from hybrid_mesh.local.lab import toolchain
from hybrid_mesh.local.lab.allocations import ClusterAllocations, port_of
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.machine import LabMachine
from hybrid_mesh.local.lab.members import Kind, Members
from hybrid_mesh.local.lab.networks import Member, Networks
from hybrid_mesh.local.lab.reports import Reporter
from hybrid_mesh.local.lab.services import LabServices
from hybrid_mesh.local.lab.specs import (
    ClusterInfo,
    ClusterSpec,
    CompletedCommand,
    LabStatus,
    MachineInfo,
    MachineSpec,
    Owner,
    Report,
)
from hybrid_mesh.local.lab.state import ClusterRecord, LabState, MachineRecord, lab_folder
from hybrid_mesh.local.linux import memory
from hybrid_mesh.local.linux.forwarding import Forwarders

RUNTIME = Path("/run/hybrid-mesh")


@dataclass(frozen=True)
class Place:
    """Where a lab is on its host.

    `name`: its cgroup root. `host_network`: an open descriptor of the host's network namespace. `process_id`:
    the lab's init, in the host's pid namespace.
    """

    name: str
    host_network: int
    process_id: int


class Lab:
    """Everything that runs in the lab's namespaces. Safe to call from many threads.

    Its methods are the operations of `operations.py`. Raises LabError.
    """

    def __init__(self, state: Path, place: Place, *, log: Report) -> None:
        self._name = place.name
        self._log = log
        self._profile = toolchain.current()
        self._state = LabState(lab_folder(state))
        networks = Networks()
        self._forwarders = Forwarders(place.host_network)
        self._services = LabServices(lab_folder(state), networks, self._profile.packages, self._state)
        self._clusters = Members(
            Kind("cluster", self._state.clusters, self._add_cluster, self._build_cluster),
            state=self._state,
            networks=networks,
            services=self._services,
            log=log,
        )
        self._machines = Members(
            Kind(
                "VM",
                self._state.machines,
                self._state.add_machine,
                self._build_machine,
                amend=self._state.amend_machine,
                renewed=self._state.renewed_machine,
            ),
            state=self._state,
            networks=networks,
            services=self._services,
            log=log,
        )
        self._reporter = Reporter(self._state, self._clusters.status, self._machines.status, place.process_id)
        self._shut_down = False

    @property
    def empty(self) -> bool:
        return self._state.empty

    @property
    def closed(self) -> bool:
        """Whether the last member is gone and no other is accepted."""
        return self._state.closed

    @property
    def ending(self) -> bool:
        """Whether the lab ends after the current request."""
        return self._shut_down or self.closed

    def restore(self) -> None:
        """Begins to start all members of the saved state at the same time."""
        self._clusters.restore()
        self._machines.restore()

    def ping(self) -> None:
        """Does nothing; an answer shows that the lab is running."""

    def ensure_cluster(self, spec: ClusterSpec, report: Report) -> ClusterInfo:
        return self._reporter.cluster_info(self._clusters.ensure(spec, report))

    def ensure_machine(self, spec: MachineSpec, report: Report) -> MachineInfo:
        return self._reporter.machine_info(self._machines.ensure(spec, report))

    def amend_machine(self, spec: MachineSpec, report: Report) -> MachineInfo:
        return self._reporter.machine_info(self._machines.ensure(spec, report, amend=True))

    def renew_machine(self, name: str, report: Report) -> MachineInfo:
        return self._reporter.machine_info(self._machines.renew(name, report))

    def delete_cluster(self, name: str) -> bool:
        """Removes a cluster if it exists; returns whether the lab ends because it was the last member."""
        self._clusters.delete(name)
        return self.close_when_empty()

    def delete_machine(self, name: str) -> bool:
        self._machines.delete(name)
        return self.close_when_empty()

    def adopt(self, instance_id: str, owner: Owner) -> None:
        """Records the owner of this incarnation of a member if it has none."""
        for record in self._state.records():
            if record.instance_id == instance_id:
                self._state.adopt(record, owner)

    def cluster(self, name: str) -> ClusterInfo | None:
        record = self._clusters.record(name)
        return self._reporter.cluster_info(record) if record else None

    def machine(self, name: str) -> MachineInfo | None:
        record = self._machines.record(name)
        return self._reporter.machine_info(record) if record else None

    def status(self) -> LabStatus:
        troubles = {name: cluster.troubles() for name, cluster in list(self._clusters.running.items())}
        return self._reporter.status(memory.used(), troubles)

    def machine_shell(self, name: str, command: list[str], timeout: float) -> CompletedCommand:
        if name not in self._machines.running:
            raise LabError(f"VM {name} is not running")
        return self._machines.running[name].shell(command, timeout)

    def shutdown(self) -> None:
        """Makes the lab end after this request; its state stays."""
        self._shut_down = True

    def close_when_empty(self) -> bool:
        """If there is no member, refuses new ones; returns whether the lab is to end."""
        return self._state.close_when_empty()

    def power_off(self) -> None:
        """Kills the VMs; everything else ends with the lab's namespaces."""
        for machine in list(self._machines.running.values()):
            machine.stop()

    def remove_state(self) -> None:
        self._state.remove()

    def _add_cluster(self, spec: ClusterSpec) -> ClusterRecord:
        with self._state.lock:
            preferred = port_of(self._state.folder, spec, "api")
            return self._state.add_cluster(spec, self._forwarders.free_port(preferred, self._state.ports()))

    def _build_cluster(self, record: ClusterRecord, member: Member) -> Cluster:
        name = record.spec.name
        node = Node(
            record.spec,
            self._state.cluster_folder(name),
            RUNTIME / name,
            member.namespace,
            f"{self._name}/cluster-{name}",
            record.lan_address,
            record.wan_address,
            self._profile.binary,
            self._services.authentication,
        )
        return Cluster(
            node,
            allocations=ClusterAllocations(record, self._state, self._forwarders),
            forwarders=self._forwarders,
            image_folder=self._profile.images,
            log=self._log,
        )

    def _build_machine(self, record: MachineRecord, member: Member) -> LabMachine:
        return LabMachine(
            record,
            member.namespace,
            self._state.machine_folder(record.spec.name),
            rootfs=self._profile.rootfs,
            cgroup=f"{self._name}/machine-{record.spec.name}",
            log=self._log,
        )
