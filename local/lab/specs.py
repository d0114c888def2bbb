"""Requests to the lab and its answers: plain values that cross its control socket as JSON."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Report = Callable[[str], None]
"""Gets the progress of an operation, one line at a time."""

MemberState = Literal["starting", "ready", "failed", "stopped"]
"""`stopped`: only its saved state was read."""


@dataclass(frozen=True)
class Owner:
    """The Pulumi stack that a member of the lab belongs to.

    `backend`: a hash of the URL of the backend that holds the stack's state; empty for the file backend in
    the lab's own state folder, which stays the same when that folder is moved.
    """

    project: str
    stack: str
    backend: str = ""

    def described_to(self, reader: "Owner") -> str:
        """ "stack local", and how else it differs from the stack of the reader."""
        project = f" of project {self.project}" if self.project != reader.project else ""
        backend = " in another Pulumi backend" if self.backend != reader.backend else ""
        return f"stack {self.stack}{project}{backend}"


@dataclass(frozen=True)
class NetworkSpec:
    """One Istio network of type `local`: a LAN, with `delay_milliseconds` and `loss_percent` towards the WAN.
    `direct`: its VMs are reachable from every node of the lab."""

    name: str
    cidr: str
    direct: bool = False
    delay_milliseconds: float = 0.0
    loss_percent: float = 0.0


@dataclass(frozen=True)
class ClusterSpec:
    name: str
    network: NetworkSpec
    pod_cidr: str
    service_cidr: str
    kubernetes_version: str
    owner: Owner | None = field(default=None, compare=False)


@dataclass(frozen=True)
class ClusterInfo:
    """A cluster as the lab knows it. `kubeconfig` is the admin's, as JSON text, with the loopback endpoint;
    `peer_endpoint` is the API server's address for other members; `instance_id` names this incarnation."""

    name: str
    instance_id: str
    kubeconfig: str
    endpoint: str
    peer_endpoint: str
    certificate_authority: str
    gateway_address: str
    state: MemberState
    owner: Owner | None = None

    def __repr__(self) -> str:
        return f"ClusterInfo(name={self.name!r}, instance_id={self.instance_id!r}, state={self.state!r})"


@dataclass(frozen=True)
class MachineSpec:
    name: str
    network: NetworkSpec
    user_data: str
    service_account_email: str
    owner: Owner | None = field(default=None, compare=False)


@dataclass(frozen=True)
class MachineInfo:
    """A VM as the lab knows it: `address` on its LAN, `wan_address` on the lab's WAN. `outdated`: its disk
    was created from other user-data than it has now."""

    name: str
    instance_id: str
    address: str
    wan_address: str
    state: MemberState
    owner: Owner | None = None
    outdated: bool = False


@dataclass(frozen=True)
class CompletedCommand:
    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Forward:
    """A listening socket on the host's loopback that leads to `target` (address:port) inside the lab."""

    cluster: str
    subject: str
    port: int
    target: str


@dataclass(frozen=True)
class ClusterStatus:
    name: str
    network: str
    instance_id: str
    state: MemberState
    detail: str
    endpoint: str
    peer_endpoint: str
    gateway_address: str
    owner: Owner | None = None


@dataclass(frozen=True)
class MachineStatus:
    name: str
    network: str
    instance_id: str
    state: MemberState
    detail: str
    address: str
    wan_address: str
    owner: Owner | None = None


@dataclass(frozen=True)
class LogLine:
    """`time`: when it was written, or that of the line before if it has none. `source`: a daemon, a container
    as <pod>/<container>, or a part of a VM such as its journal."""

    time: datetime
    source: str
    text: str


@dataclass(frozen=True)
class LabStatus:
    """`running` is false when only the saved state was read. `memory_bytes` is the whole lab's, page cache
    excluded; `process_id` is the lab's init, on the host."""

    running: bool
    process_id: int
    memory_bytes: int
    clusters: list[ClusterStatus]
    machines: list[MachineStatus]
    forwards: list[Forward]
