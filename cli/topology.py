"""`hybrid-mesh topology`: the picture of a mesh."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hybrid_mesh.cli import complete
from hybrid_mesh.cli.console import say, warn
from hybrid_mesh.cli.deployed import deployed
from hybrid_mesh.cli.errors import FAILED, WRONG, CommandError
from hybrid_mesh.cli.options import DEFAULT_STACK, STACK_HELP
from hybrid_mesh.cli.plans import file_plan, is_local, plan_of
from hybrid_mesh.cli.shells import MeshShell
from hybrid_mesh.cli.typed import needing_lab
from hybrid_mesh.cli.verify import check
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.stack_file import load_stack_file
from hybrid_mesh.operate.doctor.run import collect, diagnose
from hybrid_mesh.operate.shell import NotReachableError
from hybrid_mesh.operate.topology.build import topology as graph_of
from hybrid_mesh.operate.topology.compare import compare, summary
from hybrid_mesh.operate.topology.data import as_data
from hybrid_mesh.operate.topology.graph import Topology
from hybrid_mesh.operate.topology.html import as_html
from hybrid_mesh.operate.topology.live import live as observe
from hybrid_mesh.operate.topology.live import summary as health
from hybrid_mesh.operate.topology.live import unknown
from hybrid_mesh.operate.topology.mermaid import as_mermaid
from hybrid_mesh.operate.topology.svg import as_svg
from hybrid_mesh.operate.verify.report import as_json

DEPLOYED = "deployed"


class Format(StrEnum):
    HTML = "html"
    SVG = "svg"
    MERMAID = "mermaid"
    JSON = "json"


_FOR_BROWSERS = (Format.HTML, Format.SVG)


def topology(
    stack: Annotated[
        str | None,
        typer.Option(
            "--stack", "-s", help=STACK_HELP, show_default=DEFAULT_STACK, autocompletion=complete.stacks
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", "-f", help="A stack file anywhere, instead of the stack's own; `--stack` then names it."
        ),
    ] = None,
    *,
    kind: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.HTML,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The file to write.", show_default="standard output", metavar="FILE"
        ),
    ] = None,
    diff: Annotated[
        str | None,
        typer.Option(
            "--diff",
            help="Mark what is added, moved, changed and removed, compared with another stack file, or with "
            f"what is `{DEPLOYED}`: the configuration of the stack's last update.",
            metavar=f"FILE|{DEPLOYED}",
        ),
    ] = None,
    live: Annotated[
        bool,
        typer.Option(
            "--live",
            help="Look at the running mesh as `doctor` and `verify` do, and colour what they find.",
        ),
    ] = False,
) -> None:
    """Draw the mesh: networks, clusters, gateways, groups of VMs, ingress routes and trust.

    The picture is made from the stack file; nothing needs to exist. The HTML is one page that needs no other
    file and no network. With --live it has the matrix of verify's requests and the ends of certificates, too.

    Example:

        hybrid-mesh topology --stack prod --output mesh.html
        hybrid-mesh topology --stack prod --diff deployed --output change.html

    docs/json.md describes what --format json prints.

    Exit codes: 0 the picture is written; 1 what is deployed cannot be read, or the mesh cannot be looked at
    (the picture is written and says "unknown"); 2 a stack file or the command line is wrong.
    """
    if output is None and kind in _FOR_BROWSERS and sys.stdout.isatty():
        raise CommandError(
            f"A terminal cannot show {kind.value}.",
            f"Name a file: `--output mesh.{kind.value}`; or choose `--format mermaid`.",
            WRONG,
        )
    plan = plan_of(stack, file)
    picture = graph_of(plan)
    if diff is not None:
        picture = _compared(picture, plan, diff)
        say(summary(picture))
    seen = True
    if live:
        picture, seen = _observed(picture, plan)
    _write(_render(picture, kind), output)
    if not seen:
        raise typer.Exit(FAILED)


def _observed(picture: Topology, plan: MeshPlan) -> tuple[Topology, bool]:
    """The picture with the health of its parts, and whether anything could be looked at."""
    try:
        if is_local(plan):
            with needing_lab(plan.stack):
                LabClient.connect(start=False)
        shell = MeshShell(plan)
        say("    looking at clusters and VMs")
        evidence = collect(plan, shell)
        report = check(plan, 0.0)
    except (CommandError, LabError, NotReachableError) as error:
        reason = str(error).splitlines()[0]
        warn(f"warning: The mesh cannot be looked at: {reason}", style="yellow")
        return unknown(picture, reason), False
    seen = observe(picture, evidence, diagnose(plan, evidence), as_json(report))
    say(health(seen))
    return seen, True


def _compared(picture: Topology, plan: MeshPlan, other: str) -> Topology:
    """Raises CommandError or ConfigurationError when the other mesh cannot be read."""
    if other != DEPLOYED:
        file = load_stack_file(Path(other))
        return compare(graph_of(file_plan(file, plan.stack, None)), picture, other)
    found = deployed(plan.stack)
    if found.plan is None:
        return compare(None, picture, "what is deployed (nothing)")
    if not found.complete:
        warn("warning: The stack's last update failed: parts of it may not exist.", style="yellow")
    return compare(graph_of(found.plan), picture, "what is deployed")


def _render(picture: Topology, kind: Format) -> str:
    match kind:
        case Format.HTML:
            return as_html(picture)
        case Format.SVG:
            return as_svg(picture)
        case Format.MERMAID:
            return as_mermaid(picture)
        case Format.JSON:
            return json.dumps(as_data(picture), indent=2, ensure_ascii=False) + "\n"


def _write(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{output} cannot be written: {error.strerror}.", "Name a file in a folder that exists.", WRONG
        ) from None
