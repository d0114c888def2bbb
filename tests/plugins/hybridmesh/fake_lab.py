"""A lab in memory, with the client's methods that the plug-in uses."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hybrid_mesh.local.lab.errors import LabError, LabNotRunning, refuse_other_owner
from hybrid_mesh.local.lab.specs import (
    ClusterInfo,
    ClusterSpec,
    ClusterStatus,
    CompletedCommand,
    LabStatus,
    MachineInfo,
    MachineSpec,
    MemberState,
    Owner,
    Report,
)

SECRET = "client-key-data-of-the-admin"


@dataclass
class FakeLab:
    """`running` and `on_disk` are what the plug-in finds; `refusal` makes the next ensure fail; `blocked`
    makes it wait.
    """

    running: bool = True
    on_disk: bool = True
    refusal: str = ""
    blocked: threading.Event | None = None
    agent_log: str = ""
    clusters: dict[str, ClusterInfo] = field(default_factory=dict)
    machines: dict[str, MachineInfo] = field(default_factory=dict)
    starts: int = 0
    deleted: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    """The first words of each command in a VM, and the renewals."""
    renew: Callable[[str], None] = field(default=lambda _: None)
    """What happens when a VM is renewed."""
    incarnation: int = 0

    # the class methods of LabClient

    def connect(self, *, start: bool) -> "FakeLab":
        if not self.running:
            if not start:
                raise LabNotRunning("no lab is running")
            self.starts += 1
            self.running = True
        return self

    def has_state(self) -> bool:
        return self.on_disk and bool(self.clusters or self.machines)

    # its methods

    def ensure_cluster(self, spec: ClusterSpec, report: Report) -> ClusterInfo:
        self._obstacles(report)
        self.incarnation += 1
        if found := self.clusters.get(spec.name):
            refuse_other_owner(f"cluster {spec.name}", found.owner, spec.owner)
            return found
        return self.add_cluster(spec.name, f"cluster-{self.incarnation}", owner=spec.owner)

    def ensure_machine(self, spec: MachineSpec, report: Report) -> MachineInfo:
        self._obstacles(report)
        self.incarnation += 1
        if found := self.machines.get(spec.name):
            refuse_other_owner(f"VM {spec.name}", found.owner, spec.owner)
            return found
        return self.add_machine(spec.name, f"machine-{self.incarnation}", owner=spec.owner)

    def amend_machine(self, spec: MachineSpec, report: Report) -> MachineInfo:
        self._obstacles(report)
        self.machines[spec.name] = replace(self.machines[spec.name], outdated=True)
        return self.machines[spec.name]

    def renew_machine(self, name: str, report: Report) -> MachineInfo:
        self._obstacles(report)
        self.done.append(f"{name}: renew")
        self.machines[name] = replace(self.machines[name], outdated=False)
        self.renew(name)
        return self.machines[name]

    def adopt(self, instance_id: str, owner: Owner) -> None:
        for name, cluster in self.clusters.items():
            if cluster.instance_id == instance_id:
                self.clusters[name] = replace(cluster, owner=owner)
        for name, machine in self.machines.items():
            if machine.instance_id == instance_id:
                self.machines[name] = replace(machine, owner=owner)

    def add_cluster(
        self, name: str, identity: str, state: MemberState = "ready", owner: Owner | None = None
    ) -> ClusterInfo:
        self.clusters[name] = ClusterInfo(
            name=name,
            instance_id=identity,
            kubeconfig=f'{{"key": "{SECRET}"}}',
            endpoint="https://127.0.0.1:40001",
            peer_endpoint="https://172.30.1.1:6443",
            certificate_authority="-----BEGIN CERTIFICATE-----",
            gateway_address="172.30.1.10",
            state=state,
            owner=owner,
        )
        return self.clusters[name]

    def add_machine(
        self, name: str, identity: str, state: MemberState = "ready", owner: Owner | None = None
    ) -> MachineInfo:
        self.machines[name] = MachineInfo(name, identity, "10.10.0.100", "172.30.200.1", state, owner)
        return self.machines[name]

    def cluster(self, name: str) -> ClusterInfo | None:
        return self.clusters.get(name)

    def machine(self, name: str) -> MachineInfo | None:
        return self.machines.get(name)

    def delete_cluster(self, name: str) -> None:
        self.deleted.append(name)
        self.clusters.pop(name, None)

    def delete_machine(self, name: str) -> None:
        self.deleted.append(name)
        self.machines.pop(name, None)

    def machine_shell(self, name: str, command: list[str], timeout: float) -> CompletedCommand:
        self.done.append(f"{name}: {' '.join(command[:2])}")
        return CompletedCommand(0, self.agent_log, "")

    def status(self) -> LabStatus:
        clusters = [
            ClusterStatus(info.name, "n", info.instance_id, info.state, "", "", "", "")
            for info in self.clusters.values()
        ]
        self.clusters = {name: replace(info, state="ready") for name, info in self.clusters.items()}
        return LabStatus(self.running, 1, 0, clusters, [], [])

    def lose_state(self) -> None:
        """As after `kill -9` and the removal of the state folder."""
        self.running, self.on_disk = False, False
        self.clusters.clear()
        self.machines.clear()

    def _obstacles(self, report: Report) -> None:
        report("preparing")
        if self.refusal:
            raise LabError(self.refusal)
        if self.blocked:
            self.blocked.wait(20)
