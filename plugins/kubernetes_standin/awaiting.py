"""Waiting until an object is what its program wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from plugins.framework.calls import CallContext
from plugins.framework.errors import OperationCancelledError, ResourceError
from plugins.framework.values import Properties
from plugins.kubernetes_standin import wait_for
from plugins.kubernetes_standin.api import Api, UnreachableError
from plugins.kubernetes_standin.causes import pod_causes
from plugins.kubernetes_standin.kinds import Kind
from plugins.kubernetes_standin.normalise import annotation
from plugins.kubernetes_standin.readiness import CHECKS, DEFAULT_TIMEOUT, TIMEOUTS, Live, Readiness

POLL_SECONDS: Final = 0.25


def condition_of(kind: Kind, inputs: Properties) -> Callable[[Live], Readiness] | None:
    """What is awaited: what the annotations say, else what the kind needs; None for nothing.

    Raises ResourceError for an annotation that is not understood.
    """
    if annotation(inputs, "pulumi.com/skipAwait") == "true":
        return None
    text = annotation(inputs, wait_for.ANNOTATION)
    if text:
        wanted = wait_for.expressions(text)
        return lambda live: wait_for.readiness(live, wanted)
    return CHECKS.get((kind.group, kind.name))


def limit_of(kind: Kind, inputs: Properties, timeout: float) -> float:
    """Seconds to wait: the resource's custom timeout, the annotation, or the kind's own."""
    text = annotation(inputs, "pulumi.com/timeoutSeconds")
    try:
        return timeout or float(text or 0) or TIMEOUTS.get(kind.name, DEFAULT_TIMEOUT)
    except ValueError:
        raise ResourceError(f"pulumi.com/timeoutSeconds: {text} is not a number of seconds") from None


@dataclass
class Awaited:
    """One object that is awaited: `path` on the server, `what` in texts, `live` as it was last seen."""

    api: Api
    path: str
    what: str
    live: Any
    condition: Callable[[Live], Readiness]
    context: CallContext
    text: str = ""

    def wait(self, limit: float) -> Any:
        """The ready object. Raises ResourceError with the causes when it does not get there in `limit`
        seconds.
        """
        try:
            if self._is_ready():
                return self.live
            self.context.wait_for(
                self._is_ready_now, what=f"{self.what} is ready", timeout=limit, interval=POLL_SECONDS
            )
        except OperationCancelledError:
            raise
        except ResourceError as failure:
            namespaced = "namespace" in self.live["metadata"]
            causes = pod_causes(self.api, self.live) if namespaced else []
            told = [self.text] if self.text and self.text not in str(failure) else []
            raise ResourceError("; ".join([str(failure), *told, *causes])) from None
        return self.live

    def _is_ready_now(self) -> bool:
        try:
            found = self.api.find(self.path)
        except UnreachableError:
            self.context.status("the API server does not answer at the moment")
            return False
        if found is None:
            raise ResourceError(f"{self.what} was deleted while it was awaited")
        self.live = found
        return self._is_ready()

    def _is_ready(self) -> bool:
        state = self.condition(self.live)
        if state.failed:
            raise ResourceError(state.text)
        if state.text != self.text and not state.done:
            self.text = state.text
            self.context.status(state.text)
        return state.done
