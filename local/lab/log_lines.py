"""Parses lines of logs for their times."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from hybrid_mesh.local.lab.specs import LogLine

_RFC3339: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)"
_KLOG: Final = re.compile(r"[IWEF](\d\d)(\d\d) (\d\d:\d\d:\d\d\.\d+) ")
_GO: Final = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d) ")
_TIMES: Final = re.compile(rf'(?:time="|\{{"level":"\w+","ts":"|)({_RFC3339})')
"""At the start of a line: of containerd, etcd (zap), and of Istio, the journal, the lab."""
_CONTAINER: Final = re.compile(rf"({_RFC3339}) (?:stdout|stderr) [FP] (.*)")
"""The log format of the container runtime interface: time, stream, full or partial line, text."""


def log_lines(source: str, lines: Iterable[str], modified: datetime, *, container: bool) -> Iterator[LogLine]:
    """The lines of a log of `source`, whose file was last `modified` at that time. `container`: a container
    wrote it."""
    pending: list[str] = []
    last: datetime | None = None
    for line in lines:
        time, text = _container_line(line) if container else (_time(line, modified), line)
        last = time or last
        if last is None:
            pending.append(text)
            continue
        yield from (LogLine(last, source, early) for early in pending)
        pending.clear()
        yield LogLine(last, source, text)
    yield from (LogLine(modified, source, text) for text in pending)


def merged(lines: Iterable[LogLine]) -> list[LogLine]:
    """The lines in the order of their times; lines of one source keep their order."""
    return sorted(lines, key=lambda line: line.time)


def _container_line(line: str) -> tuple[datetime | None, str]:
    """Its time and its text. The runtime's time is dropped where the text has its own."""
    found = _CONTAINER.match(line)
    if found is None:
        return None, line
    time, text = datetime.fromisoformat(found[1]), found[2]
    return time, text if _time(text, time) else f"{found[1]} {text}"


def _time(line: str, modified: datetime) -> datetime | None:
    if found := _TIMES.match(line):
        return datetime.fromisoformat(found[1])
    if found := _KLOG.match(line):  # without a year; this year's may be later than the file
        month, day, clock = found.groups()
        local = datetime.fromisoformat(f"{modified.astimezone().year}-{month}-{day}T{clock}").astimezone()
        return local if local.date() <= modified.astimezone().date() else local.replace(year=local.year - 1)
    if found := _GO.match(line):
        return datetime.fromisoformat("{}-{}-{}T{}".format(*found.groups())).astimezone(UTC)
    return None
