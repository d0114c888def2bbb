"""What becomes of resources whose cluster does not answer: the provider's `deleteUnreachable` and
`skipUpdateUnreachable`, without which every operation on them fails.
"""

from __future__ import annotations

from plugins.framework.calls import CallContext
from plugins.framework.engine import Severity
from plugins.framework.handler import ReadState
from plugins.kubernetes_standin.api import UnreachableError
from plugins.kubernetes_standin.settings import Settings


def read(
    settings: Settings, failure: UnreachableError, known: ReadState, context: CallContext
) -> ReadState | None:
    """None: it is gone; `known`: it is as it was. Raises `failure`."""
    if settings.delete_unreachable:
        forget(settings, failure, known.identity, context)
        return None
    if not settings.skip_update_unreachable:
        raise failure
    context.log(Severity.WARNING, f"{known.identity} is taken as it was: {failure}")
    return known


def skip_update(settings: Settings, failure: UnreachableError, identity: str, context: CallContext) -> None:
    """Returns when the update is left out. Raises `failure`."""
    if not settings.skip_update_unreachable:
        raise failure
    context.log(Severity.WARNING, f"{identity} was not updated: {failure}")


def forget(settings: Settings, failure: UnreachableError, identity: str, context: CallContext) -> None:
    """Returns when the resource counts as deleted. Raises `failure`."""
    if not settings.delete_unreachable:
        raise failure
    context.log(Severity.WARNING, f"{identity} is dropped from the state: {failure}")
