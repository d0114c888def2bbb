"""The operations that clients can call: one table that defines calls and answers.

An operation is a method of `Lab` of the same name with the same arguments, and one of `LabClient`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from hybrid_mesh.local.lab.encoding import decode
from hybrid_mesh.local.lab.specs import (
    ClusterInfo,
    ClusterSpec,
    CompletedCommand,
    LabStatus,
    MachineInfo,
    MachineSpec,
    Owner,
)

Result = TypeVar("Result")
START_SECONDS: Final = 600.0
"""The longest start of a member: with a cold cache it imports all images first."""
DELETE_SECONDS: Final = 180.0
ANSWER_SECONDS: Final = 30.0
PING_SECONDS: Final = 5.0
MARGIN_SECONDS: Final = 10.0
"""How much longer the client waits than the server does, so that it gets the server's own message."""


@dataclass(frozen=True)
class Operation(Generic[Result]):
    """`arguments`: their types by name. `seconds`: the maximum time until the answer. One that `reports`
    sends progress until then."""

    name: str
    result: Any
    arguments: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = ANSWER_SECONDS
    reports: bool = False

    def read_arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Raises TypeError when an argument is missing, unknown or of another type."""
        if values.keys() != self.arguments.keys():
            raise TypeError(f"{self.name} has the arguments {sorted(self.arguments)}, got {sorted(values)}")
        return {name: decode(kind, values[name]) for name, kind in self.arguments.items()}

    def read_result(self, value: Any) -> Result:
        result: Result = decode(self.result, value)
        return result


ENSURE_CLUSTER: Final = Operation[ClusterInfo](
    "ensure_cluster", ClusterInfo, {"spec": ClusterSpec}, START_SECONDS, reports=True
)
ENSURE_MACHINE: Final = Operation[MachineInfo](
    "ensure_machine", MachineInfo, {"spec": MachineSpec}, START_SECONDS, reports=True
)
AMEND_MACHINE: Final = Operation[MachineInfo](
    "amend_machine", MachineInfo, {"spec": MachineSpec}, START_SECONDS, reports=True
)
RENEW_MACHINE: Final = Operation[MachineInfo](
    "renew_machine", MachineInfo, {"name": str}, START_SECONDS, reports=True
)
DELETE_CLUSTER: Final = Operation[bool]("delete_cluster", bool, {"name": str}, DELETE_SECONDS)
DELETE_MACHINE: Final = Operation[bool]("delete_machine", bool, {"name": str}, DELETE_SECONDS)
ADOPT: Final = Operation[None]("adopt", type(None), {"instance_id": str, "owner": Owner})
CLUSTER: Final = Operation[ClusterInfo | None]("cluster", ClusterInfo | None, {"name": str})
MACHINE: Final = Operation[MachineInfo | None]("machine", MachineInfo | None, {"name": str})
MACHINE_SHELL: Final = Operation[CompletedCommand](
    "machine_shell", CompletedCommand, {"name": str, "command": list[str], "timeout": float}
)
STATUS: Final = Operation[LabStatus]("status", LabStatus)
PING: Final = Operation[None]("ping", type(None), seconds=PING_SECONDS)
SHUTDOWN: Final = Operation[None]("shutdown", type(None))

OPERATIONS: Final[Mapping[str, Operation[Any]]] = {
    operation.name: operation
    for operation in (
        ENSURE_CLUSTER,
        ENSURE_MACHINE,
        AMEND_MACHINE,
        RENEW_MACHINE,
        DELETE_CLUSTER,
        DELETE_MACHINE,
        ADOPT,
        CLUSTER,
        MACHINE,
        MACHINE_SHELL,
        STATUS,
        PING,
        SHUTDOWN,
    )
}
