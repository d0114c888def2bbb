"""Access to a mesh: the `Shell` that operate gets, so that it is independent of the lab and clouds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class NotReachableError(Exception):
    """A pod, VM or ingress is not reachable. The text says why and contains no secret."""


class NotProbedError(NotReachableError):
    """A pod, VM or ingress cannot be reached from this host by design, which says nothing about its
    health."""


class NotServedError(NotReachableError):
    """A cluster's API server does not serve the resource `kind`."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"the cluster does not serve {kind}")
        self.kind = kind


@dataclass(frozen=True)
class CommandResult:
    """The result of a command: its exit code, and its output as text."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Pod:
    """A running pod. `container` is the application's container, never the proxy's."""

    cluster: str
    namespace: str
    name: str
    address: str
    service_account: str
    container: str


@dataclass(frozen=True)
class Machine:
    """A VM of a workload group: `name` is its host name, `address` its address in the group's
    network."""

    group: str
    name: str
    address: str


@dataclass(frozen=True)
class Registration:
    """A VM of a workload group as istiod has registered it. `healthy` is None until its probe has reported;
    `message` is what the probe said."""

    name: str
    address: str
    connected: bool
    healthy: bool | None
    message: str


class Shell(Protocol):
    """Finds the members of one mesh and runs commands in them. Every method raises `NotReachableError`.

    Timeouts are in seconds. A command that exceeds its timeout raises `NotReachableError`, too.
    """

    def pods(self, cluster: str, namespace: str, selector: str) -> Sequence[Pod]:
        """The Ready pods of `cluster` that match the label `selector`."""

    def objects(
        self, cluster: str, kinds: str, *, timeout: float, namespace: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """The objects of `kinds`, separated by commas as for kubectl, of one namespace or all. Raises
        NotServedError when the API server does not know a kind."""

    def kubectl(self, cluster: str, arguments: Sequence[str], manifest: str, timeout: float) -> CommandResult:
        """Runs `kubectl ARGUMENTS` with `manifest` as its standard input."""

    def machines(self, group: str) -> Sequence[Machine]:
        """The running VMs of `group`."""

    def machine_states(self, group: str) -> Mapping[str, str]:
        """The state of each planned VM of `group` that is there: `starting`, `ready`, `failed` or
        `stopped`."""

    def registrations(self, group: str) -> Sequence[Registration]:
        """The registered VMs of `group`, wherever they are."""

    def ingress_url(self, ingress: str, port: int) -> str:
        """The URL of an ingress listener as seen from this host: `http://address:port`, without a final
        slash."""

    def run_in_pod(self, pod: Pod, command: Sequence[str], timeout: float) -> CommandResult: ...

    def run_in_machine(self, machine: Machine, command: Sequence[str], timeout: float) -> CommandResult: ...

    def run_outside(self, command: Sequence[str], timeout: float) -> CommandResult:
        """Runs a command outside the mesh, on this host."""
