"""How operate reaches a mesh: a `Shell` that it is given, so that it knows no lab and no cloud."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class NotReachableError(Exception):
    """A pod, VM or ingress did not let itself be reached; the text says why and holds no secret."""


class NotProbedError(NotReachableError):
    """There is by design no way from here to a pod, VM or ingress; that says nothing about its
    health."""


@dataclass(frozen=True)
class CommandResult:
    """What a command left: its exit code, and its output as text."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Pod:
    """A running pod: `container` is the one that holds the application, never the proxy's."""

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


class Shell(Protocol):
    """Looks at and runs commands in the members of one mesh. Every method raises `NotReachableError`.

    Timeouts are in seconds. A command that outlives its timeout raises `NotReachableError`, too.
    """

    def pods(self, cluster: str, namespace: str, selector: str) -> Sequence[Pod]:
        """The Ready pods of `cluster` that the label `selector` selects."""

    def machines(self, group: str) -> Sequence[Machine]:
        """The VMs of `group` that commands can be run in."""

    def ingress_url(self, ingress: str, port: int) -> str:
        """`http://address:port`, without a slash at the end, of an ingress' listener as seen from here."""

    def run_in_pod(self, pod: Pod, command: Sequence[str], timeout: float) -> CommandResult: ...

    def run_in_machine(self, machine: Machine, command: Sequence[str], timeout: float) -> CommandResult: ...

    def run_outside(self, command: Sequence[str], timeout: float) -> CommandResult:
        """Runs a command outside the mesh, where the person sits."""
