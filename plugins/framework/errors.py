"""Failures in the engine's form, and the removal of secrets from their messages."""

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
"""The output that records why an existing resource is not ready. The engine itself forgets it at the next
successful Read (`RefreshStep.Apply` in pkg/resource/deploy/step.go)."""
_STATUS_DETAILS: Final = "grpc-status-details-bin"
_SHORTEST_SECRET: Final = 6


class ResourceError(Exception):
    """An operation failed. The text is one line with the failure and, if known, the remedy."""


class OperationCancelledError(ResourceError):
    """The user cancelled, and a wait stopped."""

    def __init__(self, operation: str = "the operation") -> None:
        super().__init__(f"{operation} was cancelled")


class WaitTimeoutError(ResourceError):
    """A condition was not met in time. The text says which, and after how long."""


class InitializationFailedError(ResourceError):
    """The resource exists but is not in its desired state.

    The engine keeps it in the state, shows `reasons`, and repairs it by an update in the next `up`
    (ErrorResourceInitFailed of pulumi/proto/provider.proto). `properties` are its outputs, `identity` its id.
    `inputs` are set only if they differ from the operation's inputs. `reasons` are kept in the state, and a
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
    """One wrong input: the path of the property ("" for the whole resource) and the rule."""

    property: str
    reason: str


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` without `secrets`, including single long lines of secrets with several lines."""
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
    """Ends the call with ErrorResourceInitFailed in the status details. Never returns."""
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
