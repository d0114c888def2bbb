"""`hybrid-mesh verify`: proves with real requests that the mesh works."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from hybrid_mesh.cli import complete
from hybrid_mesh.cli.console import out, say, warn
from hybrid_mesh.cli.errors import FAILED, WRONG, CommandError
from hybrid_mesh.cli.options import Json, Stack
from hybrid_mesh.cli.plans import is_local, stack_plan
from hybrid_mesh.cli.shells import MeshShell
from hybrid_mesh.cli.typed import needing_lab
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.paths import page
from hybrid_mesh.local.patience import patient
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.probes.pods import LIFE, ProbePods, probe_pods
from hybrid_mesh.operate.verify.report import as_json, as_text, failures, summary
from hybrid_mesh.operate.verify.report_files import as_html, as_junit
from hybrid_mesh.operate.verify.run import Report
from hybrid_mesh.operate.verify.run import verify as run_verify
from hybrid_mesh.operate.verify.selection import EVERYTHING, Selection
from hybrid_mesh.operate.verify.watch import changes

Patience = Annotated[
    float, typer.Option(help="Keep retrying for up to this many seconds while the mesh settles.", min=0)
]
Junit = Annotated[
    Path | None, typer.Option("--junit", help="Also write a JUnit XML report to this file.", metavar="FILE")
]
Html = Annotated[
    Path | None,
    typer.Option("--html", help="Also write an HTML report, one self-contained page.", metavar="FILE"),
]
From = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        help="Only requests of this cluster, VM or group, or from outside. May be given several times.",
        autocompletion=complete.ends,
        metavar="NAME",
    ),
]
To = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        help="Only requests to this cluster, VM, group or ingress. May be given several times.",
        autocompletion=complete.ends,
        metavar="NAME",
    ),
]
Image = Annotated[
    str | None,
    typer.Option(
        help="Image of the probe pods, with envoy and curl. Defaults to the one of the sidecar proxies."
    ),
]

Watch = Annotated[
    float | None,
    typer.Option(
        "--watch",
        help="Check again after every so many seconds, and print what changed, until Ctrl-C.",
        metavar="SECONDS",
        min=1,
    ),
]


def verify(
    stack: Stack = "local",
    patience: Patience = 0.0,
    sources: From = None,
    destinations: To = None,
    *,
    watch: Watch = None,
    image: Image = None,
    junit: Junit = None,
    html: Html = None,
    json_output: Json = False,
) -> None:
    """Check with real requests that the mesh works.

    The VMs of every workload group must be registered and healthy. For the time of the check, each cluster
    gets a probe pod with a sidecar proxy and one without, in a namespace of their own. Requests go from the
    probe pods and the VMs to the probe pods of all clusters and to every workload group, and from outside
    through every route of every ingress. Requests from pods without a sidecar proxy must be refused. With a
    `demo`, it is checked, too, that each of its pods and VMs gets its share.

    Example:

        hybrid-mesh verify --stack prod --patience 60 --junit verify.xml

        hybrid-mesh verify --from east --to "group ledger" --watch 10

    With --watch, every check replaces the files, and --json prints a line for each.

    With --json: {"passed", "seconds", "checks": [{"subject", "source", "destination", "from": [members],
    "to": [members], "expected": "answer", "refusal" or "registration", "holds", "detail", "tries",
    "seconds"}], "notChecked": [{"subject", "reason", "byDesign"}]}.

    Exit codes: 0 every check passed; 1 a check failed or could not be run; 2 wrong command line or
    configuration; 130 interrupted with Ctrl-C.
    """
    plan = stack_plan(stack)
    selection = _selection(plan, sources or [], destinations or [])
    if is_local(plan):
        with needing_lab(stack):
            LabClient.connect(start=False)

    def publish(report: Report, before: Report | None) -> None:
        now = datetime.now(UTC)
        for path, render in ((junit, as_junit), (html, as_html)):
            if path is not None:
                _write(path, render(report, stack, now))
        if json_output:
            _print_json(as_json(report), one_line=watch is not None)
        elif before is None:
            show(report)
        else:
            for line in changes(before, report):
                out.print(f"{now.astimezone():%H:%M:%S} {line}", markup=False)

    if watch is None:
        report = check(plan, patience, selection, image)
        publish(report, None)
    else:
        report = _watched(plan, watch, selection, image, publish)
    if not report.holds:
        complain(report)
        raise typer.Exit(FAILED)


def check(
    plan: MeshPlan, patience: float, selection: Selection = EVERYTHING, image: str | None = None
) -> Report:
    """All that can be checked of `plan`, for up to `patience` seconds."""
    life = LIFE + timedelta(seconds=patient(patience))
    with terminable(), _probes(plan, image, life) as probes:
        return _checked(plan, probes, selection, patience, lambda text: say(f"    {text}"))


def _watched(
    plan: MeshPlan,
    seconds: float,
    selection: Selection,
    image: str | None,
    publish: Callable[[Report, Report | None], None],
) -> Report:
    """Checks until Ctrl-C, and returns the last report. Probe pods are replaced before they expire, and where
    something fails, as it may be them."""
    last: Report | None = None
    tell: Callable[[str], None] = lambda text: say(f"    {text}")  # noqa: E731 - said once, then nothing is
    try:
        with terminable():
            while True:
                started = time.monotonic()
                with _probes(plan, image, LIFE) as probes:
                    while last is None or time.monotonic() - started < _longest_use(last):
                        report = _checked(plan, probes, selection, 0, tell)
                        publish(report, last)
                        last, tell = report, lambda _: None
                        pause(seconds)
    except KeyboardInterrupt:
        if last is None:
            raise
        return last


def pause(seconds: float) -> None:
    """Between two checks of a watch."""
    time.sleep(seconds)


def _longest_use(last: Report) -> float:
    """Seconds for which the same probe pods are used."""
    return LIFE.total_seconds() / (2 if last.holds else 20)


def _probes(plan: MeshPlan, image: str | None, life: timedelta) -> AbstractContextManager[ProbePods]:
    return probe_pods(plan, MeshShell(plan), image=image, life=life, slowness=patient(1))


def _checked(
    plan: MeshPlan,
    probes: ProbePods,
    selection: Selection,
    patience: float,
    progress: Callable[[str], None],
) -> Report:
    return run_verify(
        plan,
        probes.shell,
        probes,
        patience=patience,
        slowness=patient(1),
        selection=selection,
        progress=progress,
    )


def _print_json(document: Any, *, one_line: bool) -> None:
    if one_line:
        typer.echo(json.dumps(document))
    else:
        out.print_json(json.dumps(document))


@contextmanager
def terminable() -> Iterator[None]:
    """Lets SIGTERM and SIGHUP end the command as Ctrl-C does, so that it removes what it created."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def show(report: Report) -> None:
    """Prints the checks, one a line, and how many passed."""
    out.print(as_text(report, out.width), end="")
    out.print(summary(report), markup=False)


def complain(report: Report) -> None:
    """Prints what is wrong, as an error."""
    counted, *lines = failures(report)
    warn(f"error: {counted}", style="red")
    for line in lines:
        warn(f"       {line}")
    warn(f"       {page('troubleshooting.md')} explains each message.")


def _selection(plan: MeshPlan, sources: list[str], destinations: list[str]) -> Selection:
    """Raises CommandError for a name that no member has."""
    selection = Selection(frozenset(sources), frozenset(destinations))
    for name, known in selection.unknown(plan).items():
        raise CommandError(
            f"The stack {plan.stack} has no {name} here.", f"Name one of: {', '.join(known)}.", WRONG
        )
    return selection


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{path} cannot be written: {error.strerror}.", "Name a file in a folder that exists."
        ) from None
