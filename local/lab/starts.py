"""Starts each member once for any number of callers, which all wait for the same future."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Lock, Thread

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.specs import MemberState, Report
from hybrid_mesh.local.linux.guard import describe
from hybrid_mesh.local.patience import patient


class Start:
    """One start, in progress or done; its reports go to all that wait."""

    def __init__(self) -> None:
        self.future: Future[None] = Future()
        self._listeners: list[Report] = []
        self.last = ""

    def listen(self, report: Report) -> None:
        self._listeners.append(report)

    def report(self, text: str) -> None:
        self.last = text
        for listener in list(self._listeners):
            listener(text)

    def wait(self, timeout: float) -> None:
        """Returns when the member is ready. Raises LabError when its start failed or is still in progress
        after `timeout` seconds."""
        timeout = patient(timeout)
        try:
            self.future.result(timeout)
        except TimeoutError as error:
            if self.future.done():
                raise
            raise LabError(
                f"still starting after {timeout:.0f} s; last report: {self.last or 'none'}"
            ) from error


class Starts:
    """The starts of all members, by a key such as "cluster east". `log` gets unexpected exceptions."""

    def __init__(self, log: Report) -> None:
        self._log = log
        self._lock = Lock()
        self._starts: dict[str, Start] = {}

    def begin(self, key: str, action: Callable[[Report], None], report: Report | None = None) -> Start:
        """Begins `action` on a thread unless it is in progress or has succeeded, and returns its start."""
        with self._lock:
            start = self._starts.get(key)
            fresh = start is None or (start.future.done() and start.future.exception() is not None)
            if start is None or fresh:
                start = self._starts[key] = Start()
            if report:
                start.listen(report)
        if fresh:
            perform = (key, start, action, self._log)
            Thread(target=_perform, args=perform, name=f"start-{key}", daemon=True).start()
        return start

    def forget(self, key: str) -> None:
        with self._lock:
            self._starts.pop(key, None)

    def settled(self, key: str, timeout: float) -> bool:
        """Whether no start of this member is in progress, after at most `timeout` seconds."""
        start = self._starts.get(key)
        return start is None or bool(wait([start.future], timeout).done)

    def state(self, key: str) -> tuple[MemberState, str]:
        """The state of a member, and its last report or error."""
        start = self._starts.get(key)
        if start is None or not start.future.done():
            return "starting", start.last if start else ""
        error = start.future.exception()
        return ("failed", str(error)) if error else ("ready", "")


def _perform(key: str, start: Start, action: Callable[[Report], None], log: Report) -> None:
    """Always sets a result, so that no caller waits for a start that has ended."""
    try:
        action(start.report)
    except LabError as error:
        start.future.set_exception(error)
    except BaseException as error:
        log(f"start of {key}: {describe(error)}")
        failure = LabError(f"{key} could not be started: {describe(error)}")
        failure.__cause__ = error
        start.future.set_exception(failure)
    else:
        start.future.set_result(None)
