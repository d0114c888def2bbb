"""The context of a handler's call: its resource, cancellation, logging and waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from hybrid_mesh.local.patience import patient
from hybrid_mesh.plugins.framework.engine import EngineLog, Severity
from hybrid_mesh.plugins.framework.errors import OperationCancelledError, WaitTimeoutError, redact

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class CallContext:
    """One call of the engine for one resource. `name` is the resource's Pulumi name, `type` its token.

    `random_seed` (Check only) makes generated names equal in a preview and the `up` after it. `unready` has
    the recorded reasons why the existing resource is not ready; empty if it is.
    """

    urn: str
    name: str
    type: str
    cancelled: threading.Event
    engine: EngineLog
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    random_seed: bytes = b""
    unready: tuple[str, ...] = ()

    def log(self, severity: Severity, text: str) -> None:
        """Logs a permanent message for the resource."""
        self.engine.log(severity, redact(text, self.secrets), self.urn)

    def status(self, text: str) -> None:
        """Shows a temporary progress line in the resource's row ("2 of 3 pods ready")."""
        self.engine.log(Severity.INFO, redact(text, self.secrets), self.urn, passing=True)

    def pause(self, seconds: float, condition: str = "the operation") -> None:
        """Sleeps unless cancelled. Raises OperationCancelledError."""
        if self.cancelled.wait(seconds):
            raise OperationCancelledError(condition)

    def wait_for(
        self,
        probe: Callable[[], _Found | None],
        *,
        condition: str,
        timeout: float,
        interval: float = 0.2,
    ) -> _Found:
        """The first result of `probe` that is neither None nor False. Calls it every `interval` seconds.

        `condition` is part of messages ("VM legacy-1 is Healthy"). Raises WaitTimeoutError after
        `timeout` seconds, more on a slow host (local.patience), and OperationCancelledError if the user
        cancels.
        """
        timeout = patient(timeout)
        deadline = time.monotonic() + timeout
        while True:
            found = probe()
            if found is not None and found is not False:
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                raise WaitTimeoutError(f"timed out after {timeout:g} s waiting until {condition}")
            self.pause(min(interval, left), f"waiting until {condition}")


class Progress:
    """Reports the progress of a wait, at most every `seconds`; the first time after `seconds`."""

    def __init__(self, context: CallContext, seconds: float) -> None:
        self._context, self._seconds = context, seconds
        self._last = time.monotonic()

    def report(self, text: str) -> None:
        """Shows a temporary line, unless the last one is too recent."""
        if time.monotonic() - self._last >= self._seconds:
            self._last = time.monotonic()
            self._context.status(text)
