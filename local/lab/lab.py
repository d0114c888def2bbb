"""The lab: its networks, clusters and machines, and the one way each of them comes and goes."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from local.clusters.cluster import Cluster
from local.clusters.daemons import Node
from local.lab import toolchain
from local.lab.allocations import ClusterAllocations
from local.lab.errors import LabEnding, LabError
from local.lab.machine import LabMachine
from local.lab.networks import Networks
from local.lab.preflight import check_network
from local.lab.reports import Reporter
from local.lab.services import LabServices
from local.lab.specs import (
    ClusterInfo,
    ClusterSpec,
    CompletedCommand,
    LabStatus,
    MachineInfo,
    MachineSpec,
    Report,
)
from local.lab.starts import Start, Starts
from local.lab.state import ClusterRecord, LabState, MachineRecord, lab_folder
from local.linux import cgroups, memory
from local.linux.forwarding import Forwarders

RUNTIME = Path("/run/hybrid-mesh")
SETTLE_INTERVAL = 0.1


@dataclass(frozen=True)
class Place:
    """Where a lab is on its host.

    `name`: its cgroup root. `host_network`: an open descriptor of its network namespace. `process_id`: of
    the lab's init, as the host counts.
    """

    name: str
    host_network: int
    process_id: int


class Lab:
    """Everything that runs in the lab's namespaces. Safe to call from many threads."""

    def __init__(self, state: Path, place: Place, *, tell: Report) -> None:
        self._name = place.name
        self._tell = tell
        self._lock = RLock()
        self._profile = toolchain.current()
        self._state = LabState(lab_folder(state))
        self._networks = Networks()
        self._forwarders = Forwarders(place.host_network)
        self._services = LabServices(lab_folder(state), self._networks, self._profile.packages, self._state)
        self._starts = Starts()
        self._clusters: dict[str, Cluster] = {}
        self._machines: dict[str, LabMachine] = {}
        self._reporter = Reporter(self._state, self._starts, place.process_id)
        self.closed = False

    def restore(self) -> None:
        """Begins to power on everything that the state remembers, all at once."""
        for cluster in list(self._state.clusters.values()):
            self._begin_cluster(cluster, None)
        for machine in list(self._state.machines.values()):
            self._begin_machine(machine, None)

    def ensure_cluster(self, spec: ClusterSpec, report: Report) -> ClusterInfo:
        with self._lock:
            self._refuse_when_closed()
            record = self._state.clusters.get(spec.name)
            if record and record.spec != spec:
                raise LabError(f"cluster {spec.name} is there with other settings; delete it first")
            if record is None:
                check_network(spec.network)
            record = record or self._state.add_cluster(spec, self._forwarders.free_port(self._state.ports()))
        start = self._begin_cluster(record, report)
        start.future.result()
        return self._reporter.cluster_info(record)

    def ensure_machine(self, spec: MachineSpec, report: Report) -> MachineInfo:
        with self._lock:
            self._refuse_when_closed()
            record = self._state.machines.get(spec.name)
            if record and record.spec != spec:
                raise LabError(f"machine {spec.name} is there with other settings; delete it first")
            if record is None:
                check_network(spec.network)
            record = record or self._state.add_machine(spec)
        start = self._begin_machine(record, report)
        start.future.result()
        return self._reporter.machine_info(record)

    def delete_cluster(self, name: str) -> None:
        record = self._state.clusters.get(name)
        if record is None:
            return
        self._remove_cluster(record)
        with self._lock:
            self._state.forget_cluster(name)
        self._services.leave_lan(record.spec.network)

    def delete_machine(self, name: str) -> None:
        record = self._state.machines.get(name)
        if record is None:
            return
        self._remove_machine(record)
        with self._lock:
            self._state.forget_machine(name)
        self._services.leave_lan(record.spec.network)

    def cluster(self, name: str) -> ClusterInfo | None:
        record = self._state.clusters.get(name)
        return self._reporter.cluster_info(record) if record else None

    def machine(self, name: str) -> MachineInfo | None:
        record = self._state.machines.get(name)
        return self._reporter.machine_info(record) if record else None

    def status(self) -> LabStatus:
        troubles = {name: cluster.troubles() for name, cluster in list(self._clusters.items())}
        return self._reporter.status(memory.used(), troubles)

    def logs(self, subject: str, lines: int) -> str:
        return self._reporter.logs(subject, lines)

    def machine_shell(self, name: str, command: list[str], timeout: float) -> CompletedCommand:
        return self._running_machine(name).shell(command, timeout)

    def reboot_machine(self, name: str) -> None:
        self._running_machine(name).reboot()

    def close_when_empty(self) -> bool:
        """Refuses all further members if there is none; answers whether the lab is to end."""
        with self._lock:
            self.closed = self.closed or self._state.empty
            return self.closed

    def power_off(self) -> None:
        """Machines are asked to end; all else is cut off with the lab's namespaces."""
        for machine in list(self._machines.values()):
            machine.stop(timeout=0)

    def remove_state(self) -> None:
        self._state.remove()

    def _begin_cluster(self, record: ClusterRecord, report: Report | None) -> Start:
        name = record.spec.name
        return self._starts.begin(f"cluster/{name}", lambda tell: self._start_cluster(record, tell), report)

    def _begin_machine(self, record: MachineRecord, report: Report | None) -> Start:
        name = record.spec.name
        return self._starts.begin(f"machine/{name}", lambda tell: self._start_machine(record, tell), report)

    def _start_cluster(self, record: ClusterRecord, report: Report) -> None:
        spec = record.spec
        if failed := self._clusters.pop(spec.name, None):
            failed.stop()
            self._networks.leave(f"node-{spec.name}")
        member = self._networks.join(
            f"node-{spec.name}", spec.network, record.lan_address, record.wan_address, spec.pod_cidr
        )
        self._services.serve_lan(spec.network)
        node = Node(
            spec,
            self._state.cluster_folder(spec.name),
            RUNTIME / spec.name,
            member.namespace,
            f"{self._name}/cluster-{spec.name}",
            record.lan_address,
            record.wan_address,
            self._profile.binary,
            self._services.authentication,
        )
        cluster = Cluster(
            node,
            allocations=ClusterAllocations(record, self._state, self._forwarders),
            forwarders=self._forwarders,
            image_folder=self._profile.images,
            tell=self._tell,
        )
        self._clusters[spec.name] = cluster
        cluster.start(report)

    def _start_machine(self, record: MachineRecord, report: Report) -> None:
        spec = record.spec
        if failed := self._machines.pop(spec.name, None):
            failed.stop(timeout=0)
            self._networks.leave(f"machine-{spec.name}")
        member = self._networks.join(
            f"machine-{spec.name}", spec.network, record.lan_address, record.wan_address, None
        )
        self._services.serve_lan(spec.network)
        machine = LabMachine(
            record,
            member.namespace,
            self._state.machine_folder(spec.name),
            rootfs=self._profile.rootfs,
            cgroup=f"{self._name}/machine-{spec.name}",
            tell=self._tell,
        )
        self._machines[spec.name] = machine
        machine.start(report)

    def _remove_cluster(self, record: ClusterRecord) -> None:
        name = record.spec.name
        while not self._starts.settled(f"cluster/{name}", SETTLE_INTERVAL):
            if starting := self._clusters.get(name):
                starting.abort()
        if cluster := self._clusters.pop(name, None):
            cluster.remove()
        self._starts.forget(f"cluster/{name}")
        self._networks.leave(f"node-{name}")
        shutil.rmtree(self._state.cluster_folder(name), ignore_errors=True)

    def _remove_machine(self, record: MachineRecord) -> None:
        name = record.spec.name
        while not self._starts.settled(f"machine/{name}", SETTLE_INTERVAL):
            if starting := self._machines.get(name):
                starting.stop(timeout=0)
        if machine := self._machines.pop(name, None):
            machine.remove()
        self._starts.forget(f"machine/{name}")
        self._networks.leave(f"machine-{name}")
        cgroups.remove(f"{self._name}/machine-{name}")
        shutil.rmtree(self._state.machine_folder(name), ignore_errors=True)

    def _running_machine(self, name: str) -> LabMachine:
        if name not in self._machines:
            raise LabError(f"there is no machine {name}")
        return self._machines[name]

    def _refuse_when_closed(self) -> None:
        if self.closed:
            raise LabEnding("the lab is ending")
