"""A lab for tests of the command: gives prepared answers, and records its calls."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from hybrid_mesh.local.lab.errors import LabNotRunning, PreflightError
from hybrid_mesh.local.lab.preflight import Finding
from hybrid_mesh.local.lab.specs import (
    ClusterInfo,
    ClusterStatus,
    CompletedCommand,
    Forward,
    LabStatus,
    MachineInfo,
    MachineStatus,
    Owner,
)

KUBECONFIG = json.dumps(
    {"apiVersion": "v1", "kind": "Config", "users": [{"user": {"token": "the-secret-token"}}]}
)

LOCAL = Owner("hybrid-mesh", "local")


@dataclass
class FakeLab:
    """Stands for both the class `LabClient` and the client that it gives."""

    running: bool = True
    past: bool = False
    other_labs: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)
    owners: set[Owner] = field(default_factory=set)
    asked: list[tuple[object, ...]] = field(default_factory=list)
    answer: CompletedCommand = field(default_factory=lambda: CompletedCommand(0, "out\n", "err\n"))

    def connect(self, *, start: bool) -> "FakeLab":
        self.asked.append(("connect", start))
        if not self.running and not start:
            raise LabNotRunning("no lab is running on /state")
        self.running = True
        return self

    def check_host(self) -> None:
        if self.problems:
            raise PreflightError(self.problems)

    def examine_host(self) -> list[Finding]:
        return [
            Finding("root", "running as root", ()),
            Finding("memory", "little", tuple(self.problems)),
        ]

    def others(self) -> tuple[str, ...]:
        return self.other_labs

    def preferred_port(self, stack: str, cluster: str, subject: str) -> int:
        return 20000 + len(f"{stack}{cluster}{subject}")

    def stacks(self) -> set[Owner]:
        return self.owners

    def end(self, owner: Owner | None = None) -> set[Owner]:
        if owner is not None and (others := self.owners - {owner}):
            return others
        self.asked.append(("end",))
        self.running = False
        return set()

    def export_logs(self, target: Path) -> list[Path]:
        self.asked.append(("export", target))
        target.mkdir()
        return [target / "lab.log"]

    def delete_cluster(self, name: str) -> None:
        self.asked.append(("delete cluster", name))

    def delete_machine(self, name: str) -> None:
        self.asked.append(("delete machine", name))

    def terminal(self, name: str) -> None:
        self.asked.append(("terminal", name))

    def has_state(self) -> bool:
        return self.past

    def shutdown(self) -> None:
        self.asked.append(("shutdown",))
        self.running = False

    def cluster(self, name: str) -> ClusterInfo | None:
        if name != "east":
            return None
        return ClusterInfo(
            "east",
            "i-1",
            KUBECONFIG,
            "https://127.0.0.1:1",
            "https://172.30.1.1:6443",
            "PEM",
            "172.30.1.10",
            "ready",
            LOCAL,
        )

    def machine(self, name: str) -> MachineInfo | None:
        return (
            MachineInfo(name, "i-2", "10.10.0.100", "172.30.200.1", "ready", LOCAL)
            if name == "legacy-0"
            else None
        )

    def machine_shell(self, name: str, command: list[str], timeout: float) -> CompletedCommand:
        self.asked.append(("shell", name, tuple(command)))
        return self.answer

    def saved_status(self) -> LabStatus:
        if not self.past:
            return LabStatus(False, 0, 0, [], [], [])
        found = self.status()
        clusters = [replace(cluster, state="stopped") for cluster in found.clusters]
        return LabStatus(False, 0, 0, clusters, [], [])

    def status(self) -> LabStatus:
        cluster = ClusterStatus(
            "east",
            "amsterdam",
            "i-1",
            "ready",
            "",
            "https://127.0.0.1:1",
            "https://172.30.1.1:6443",
            "172.30.1.10",
            LOCAL,
        )
        machine = MachineStatus(
            "legacy-0", "amsterdam", "i-2", "starting", "booting", "10.10.0.100", "172.30.200.1", LOCAL
        )
        forwards = [
            Forward("east", "api", 1, "172.30.1.1:6443"),
            Forward("east", "istio-ingress/public-istio:80", 34213, "172.30.1.11:80"),
        ]
        return LabStatus(True, 4242, 1500 * 2**20, [cluster], [machine], forwards)
