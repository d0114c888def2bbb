"""`hybrid-mesh lab logs`: what the lab and its members log."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Annotated

import typer

from hybrid_mesh.cli import complete
from hybrid_mesh.cli.console import warn
from hybrid_mesh.cli.errors import INTERRUPTED, WRONG, CommandError
from hybrid_mesh.cli.lab_names import check_member
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.specs import LogLine

DEFAULT_LINES = 100
POLL_SECONDS = 0.3
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")

Member = Annotated[
    str,
    typer.Argument(
        metavar="MEMBER",
        help="`lab`, a cluster, a VM, or CLUSTER/COMPONENT.",
        autocompletion=complete.members,
    ),
]
Component = Annotated[
    str | None,
    typer.Option(
        "--component",
        "-c",
        help="Of a cluster: a daemon such as kubelet or kube-apiserver, `istiod`, `proxy` (gateways and "
        "sidecars) or `pods`. Of a VM: `console`, `cloud-init`, `journal`, `identity` or `proxy`.",
        show_default=False,
    ),
]
Lines = Annotated[
    int | None,
    typer.Option(
        "--lines", "-n", min=1, help="How many lines from the end (100 without --since).", show_default=False
    ),
]
Since = Annotated[
    str | None, typer.Option("--since", help="Only what is newer than 30s, 5m, 1h30m …", show_default=False)
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Keep printing what is logged, until Ctrl-C.")]


def logs(
    member: Member = "lab",
    component: Component = None,
    lines: Lines = None,
    since: Since = None,
    follow: Follow = False,
) -> None:
    """Print the log of the lab, of a cluster or of a VM.

    Of a cluster, that of all its daemons; of a VM, its console, cloud-init, journal and proxy; in the order
    of time. The lab may be stopped.

    Examples:

        hybrid-mesh lab logs east --component istiod --since 5m

        hybrid-mesh lab logs legacy-0 --component proxy --follow
    """
    name, _, below = member.partition("/")
    start = datetime.now(UTC) - _duration(since) if since else None
    if name != "lab":
        check_member(name)
    log = LabClient.log(name, component or below or None)
    found = log.read(start)
    last = lines or (None if since else DEFAULT_LINES)
    printer = _Printer(several=name != "lab" and not (component or below))
    printer.print(found[-last:] if last else found)
    if not found:
        warn(f"(nothing logged in the last {since})" if since else "(nothing logged yet)")
    try:
        while follow and log.exists:
            sleep(POLL_SECONDS)  # files and journals in several places cannot be watched for new lines
            printer.print(log.read())
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


class _Printer:
    """Prints lines as they were written, with their source where there is more than one."""

    def __init__(self, *, several: bool) -> None:
        self._several = several
        self._sources: set[str] = set()

    def print(self, lines: Iterable[LogLine]) -> None:
        lines = list(lines)
        self._sources |= {line.source for line in lines}
        for line in lines:
            source = f"{line.source} | " if self._several or len(self._sources) > 1 else ""
            typer.echo(f"{source}{line.text}")


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None or not text:
        raise CommandError(f"--since must be a duration such as 30s, 5m or 1h30m (got {text}).", "", WRONG)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
