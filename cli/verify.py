"""`hybrid-mesh verify`: proves with real requests that the mesh works."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

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
from hybrid_mesh.operate.probes.pods import LIFE, probe_pods
from hybrid_mesh.operate.verify.report import as_json, as_text, failures, summary
from hybrid_mesh.operate.verify.report_files import as_html, as_junit
from hybrid_mesh.operate.verify.run import Report
from hybrid_mesh.operate.verify.run import verify as run_verify
from hybrid_mesh.operate.verify.selection import EVERYTHING, Selection

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
        metavar="NAME",
    ),
]
To = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        help="Only requests to this cluster, VM, group or ingress. May be given several times.",
        metavar="NAME",
    ),
]
Image = Annotated[
    str | None,
    typer.Option(
        help="Image of the probe pods, with envoy and curl. Defaults to the one of the sidecar proxies."
    ),
]


def verify(
    stack: Stack = "local",
    patience: Patience = 0.0,
    sources: From = None,
    destinations: To = None,
    *,
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

        hybrid-mesh verify --from east --to "group ledger"

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
    report = check(plan, patience, selection, image)
    now = datetime.now(UTC)
    for path, render in ((junit, as_junit), (html, as_html)):
        if path is not None:
            _write(path, render(report, stack, now))
    if json_output:
        out.print_json(json.dumps(as_json(report)))
    else:
        show(report)
    if not report.holds:
        complain(report)
        raise typer.Exit(FAILED)


def check(
    plan: MeshPlan, patience: float, selection: Selection = EVERYTHING, image: str | None = None
) -> Report:
    """All that can be checked of `plan`, for up to `patience` seconds."""
    shell, slowness = MeshShell(plan), patient(1)
    life = LIFE + timedelta(seconds=patience * slowness)
    with terminable(), probe_pods(plan, shell, image=image, life=life, slowness=slowness) as probes:
        return run_verify(
            plan,
            shell,
            probes,
            patience=patience,
            slowness=slowness,
            selection=selection,
            progress=lambda text: say(f"    {text}"),
        )


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
