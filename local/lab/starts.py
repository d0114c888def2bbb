"""Starting members once, however many callers ask: each start is a future that all of them wait for."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Lock, Thread

from local.lab.errors import LabError
from local.lab.specs import MemberState, Report


class Start:
    """One start under way or done; its reports go to everybody who waits."""

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


class Starts:
    """The starts of all members, by a key such as "cluster/east"."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._starts: dict[str, Start] = {}

    def begin(self, key: str, action: Callable[[Report], None], report: Report | None = None) -> Start:
        """Begins `action` on a thread unless it is under way or has succeeded, and answers its start."""
        with self._lock:
            start = self._starts.get(key)
            fresh = start is None or (start.future.done() and start.future.exception() is not None)
            if start is None or fresh:
                start = self._starts[key] = Start()
            if report:
                start.listen(report)
        if fresh:
            Thread(target=_perform, args=(start, action), name=f"start-{key}", daemon=True).start()
        return start

    def forget(self, key: str) -> None:
        with self._lock:
            self._starts.pop(key, None)

    def settled(self, key: str, timeout: float) -> bool:
        """Whether no start of this member is under way, after at most `timeout` seconds."""
        start = self._starts.get(key)
        return start is None or bool(wait([start.future], timeout).done)

    def state(self, key: str) -> tuple[MemberState, str]:
        """The state of a member, and its last word."""
        start = self._starts.get(key)
        if start is None or not start.future.done():
            return "starting", start.last if start else ""
        error = start.future.exception()
        return ("failed", str(error)) if error else ("ready", "")


def _perform(start: Start, action: Callable[[Report], None]) -> None:
    try:
        action(start.report)
    except (LabError, OSError, ValueError) as error:
        start.future.set_exception(error if isinstance(error, LabError) else LabError(str(error)))
    else:
        start.future.set_result(None)
