"""`hybrid-mesh explain`: the commands that a person would run for a stack by hand."""

import json as json_text
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from hybrid_mesh.cli import complete
from hybrid_mesh.cli.console import warn
from hybrid_mesh.cli.options import DEFAULT_STACK, STACK_HELP, Json
from hybrid_mesh.cli.plans import plan_of
from hybrid_mesh.cli.typed import command
from hybrid_mesh.model.plan.explain.step import Step
from hybrid_mesh.model.plan.explain.steps import explain as explained
from hybrid_mesh.model.plan.explain.steps import left_out
from hybrid_mesh.model.plan.types import MeshPlan


def explain(
    stack: Annotated[
        str | None,
        typer.Option(
            "--stack", "-s", help=STACK_HELP, show_default=DEFAULT_STACK, autocompletion=complete.stacks
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="A stack file anywhere, instead of the stack's own."),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Print the commands that you would run by hand instead of `up`: openssl, helm, kubectl, istioctl, ssh.

    Use it to see what the program does, or to review a stack with people who know Istio's pages. It runs
    nothing and contacts nothing. kubectl's contexts are those of the stack file, else the clusters' names.
    Private keys and tokens are made by the commands and are not printed.

    Example:

        hybrid-mesh explain --stack prod
        hybrid-mesh explain --stack prod > by-hand.sh

    docs/json.md describes what --json prints.
    """
    plan = plan_of(stack, file)
    steps = explained(plan)
    if json:
        typer.echo(json_text.dumps(_document(plan, steps), indent=2))
        return
    typer.echo("\n".join(_lines(plan, steps)))
    count = sum(len(step.commands) for step in steps)
    warn(f"{len(steps)} steps, {count} commands; `{command('up', plan.stack)}` does the same in one.")


def _document(plan: MeshPlan, steps: tuple[Step, ...]) -> dict[str, Any]:
    return {
        "stack": plan.stack,
        "leftOut": list(left_out(plan)),
        "steps": [
            {
                "number": number,
                "where": step.where,
                "title": step.title,
                "resource": step.resource,
                "commands": list(step.commands),
            }
            for number, step in enumerate(steps, 1)
        ],
    }


def _lines(plan: MeshPlan, steps: tuple[Step, ...]) -> Iterator[str]:
    """A script for a shell."""
    yield f"# What a person would run for mesh {plan.mesh_id} of stack {plan.stack}."
    for each in left_out(plan):
        yield f"# Not included: creating {each}."
    yield "set -eu"
    for number, step in enumerate(steps, 1):
        resource = f" ({step.resource})" if step.resource else ""
        yield f"\n# {number}. {step.where}: {step.title}{resource}"
        yield from step.commands
