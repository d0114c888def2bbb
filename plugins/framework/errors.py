"""Failures as the engine understands them, and the removal of secrets from their texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.protobuf import any_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2

from hybrid_mesh.plugins.framework.values import Path, Properties, encode

UNREADY: Final = "__unready"
"""The output that remembers why a resource that exists is not ready: the engine itself forgets it at the next
Read that succeeds (`RefreshStep.Apply` in pkg/resource/deploy/step.go)."""
_STATUS_DETAILS: Final = "grpc-status-details-bin"
_SHORTEST_SECRET: Final = 6


class ResourceError(Exception):
    """An operation failed; the text is one line that says what and, where known, what to do."""


class OperationCancelledError(ResourceError):
    """The user cancelled; whatever was waiting stopped."""

    def __init__(self, what: str = "the operation") -> None:
        super().__init__(f"{what} was cancelled")


class WaitTimeoutError(ResourceError):
    """A condition did not come true in time; the text says which and for how long it was awaited."""


class InitializationFailedError(ResourceError):
    """The resource exists but did not become what it should be.

    The engine keeps it in the state, shows `reasons`, and repairs it by an update in the next `up`
    (ErrorResourceInitFailed of pulumi/proto/provider.proto). `properties` are its outputs, `identity` its id.
    `inputs` only where they differ from those the operation was given. `reasons` are kept in the state, and a
    Read fails with them until the resource is ready.
    """

    def __init__(
        self, identity: str, properties: Properties, reasons: list[str], inputs: Properties | None = None
    ) -> None:
        super().__init__("; ".join(reasons))
        self.identity = identity
        self.properties = properties
        self.reasons = reasons
        self.inputs = inputs


@dataclass(frozen=True)
class CheckFailure:
    """One wrong input: the path of the property ("" for the whole resource) and what would be right."""

    property: str
    reason: str


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`, also where only one long line of a many-line secret appears in it."""
    parts = {part for secret in secrets for part in (secret, *secret.splitlines())}
    for part in sorted(parts, key=len, reverse=True):
        if len(part.strip()) >= _SHORTEST_SECRET:
            text = text.replace(part, "[secret]")
    return text


def abort_initialization_failed(
    context: grpc.ServicerContext,
    failure: InitializationFailedError,
    secrets: Iterable[Path],
    texts: frozenset[str],
) -> Any:
    """Ends the call with ErrorResourceInitFailed in the status details; never returns."""
    reasons = [redact(reason, texts) for reason in failure.reasons]
    detail = provider_pb2.ErrorResourceInitFailed(
        id=failure.identity,
        properties=encode({**failure.properties, UNREADY: reasons}, secrets),
        reasons=reasons,
        inputs=None if failure.inputs is None else encode(failure.inputs, secrets),
    )
    packed = any_pb2.Any()
    packed.Pack(detail)
    code = grpc.StatusCode.UNKNOWN
    message = redact(str(failure), texts)
    status = status_pb2.Status(code=code.value[0], message=message, details=[packed])
    context.set_trailing_metadata(((_STATUS_DETAILS, status.SerializeToString()),))
    context.abort(code, message)
