"""`hybrid-mesh verify`: proves with real requests that the mesh works."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hybrid_mesh.cli.console import out, say, warn
from hybrid_mesh.cli.errors import FAILED, WRONG, CommandError
from hybrid_mesh.cli.options import Json, Stack
from hybrid_mesh.cli.plans import is_local, stack_plan
from hybrid_mesh.cli.shells import MeshShell
from hybrid_mesh.cli.typed import command, needing_lab
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.paths import page
from hybrid_mesh.local.patience import patient
from hybrid_mesh.model.config.clusters import LocalClusterConfig
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.verify.report import as_json, as_text, failures, summary
from hybrid_mesh.operate.verify.report_files import as_html, as_junit
from hybrid_mesh.operate.verify.run import Report
from hybrid_mesh.operate.verify.run import verify as run_verify

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


def verify(
    stack: Stack = "local",
    patience: Patience = 0.0,
    junit: Junit = None,
    html: Html = None,
    *,
    json_output: Json = False,
) -> None:
    """Check with real requests that the mesh works.

    The VMs of every workload group must be registered and healthy. Requests go from a pod in each cluster and
    from each VM of the demo to each of its services, through the ingress from outside, and from pods without
    a sidecar proxy, which must be refused. Without a `demo` only the registrations are checked.

    Example:

        hybrid-mesh verify --stack prod --patience 60 --junit verify.xml

    With --json: {"passed", "seconds", "checks": [{"subject", "source", "destination", "expected": "answer",
    "refusal" or "registration", "holds", "detail", "tries", "seconds"}], "notChecked": [{"subject", "reason",
    "byDesign"}]}.

    Exit codes: 0 every check passed; 1 a check failed or could not be run; 2 wrong command line or
    configuration.
    """
    plan = stack_plan(stack)
    _needs_something(plan)
    if is_local(plan):
        with needing_lab(stack):
            LabClient.connect(start=False)
    report = check(plan, patience)
    now = datetime.now(UTC)
    for path, render in ((junit, as_junit), (html, as_html)):
        if path is not None:
            _write(path, render(report, stack, now))
    if json_output:
        out.print_json(json.dumps(as_json(report)))
    else:
        show(report)
    if plan.demo is None:
        say(f"Only registrations were checked, no requests. {_advice(plan)}")
    if not report.holds:
        complain(report)
        raise typer.Exit(FAILED)


def check(plan: MeshPlan, patience: float) -> Report:
    """All that can be checked of `plan`, for up to `patience` seconds."""
    shell = MeshShell(plan)
    return run_verify(
        plan, shell, patience=patience, slowness=patient(1), progress=lambda text: say(f"    {text}")
    )


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


def _needs_something(plan: MeshPlan) -> None:
    """Raises CommandError when there is neither a demo nor a VM to check."""
    if plan.demo is None and not plan.groups:
        raise CommandError(
            f"The stack {plan.stack} has no `demo`, which verify sends its requests to, and no VMs.",
            _advice(plan),
            WRONG,
        )


def _advice(plan: MeshPlan) -> str:
    """How to let verify send requests."""
    local = all(isinstance(each.config, LocalClusterConfig) for each in plan.clusters.values())
    demo = (
        "`demo: {}`" if local else "`demo: {image: REGISTRY/echo:1.31.0}`, an image of Istio's echo server,"
    )
    return f"Add {demo} to hybrid-mesh:mesh and run `{command('up', plan.stack)}`."


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{path} cannot be written: {error.strerror}.", "Name a file in a folder that exists."
        ) from None
