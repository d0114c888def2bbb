"""`hybrid-mesh targets`: the VMs of a mesh, for Prometheus."""

import json
from pathlib import Path
from typing import Annotated

import typer

from hybrid_mesh.cli.errors import WRONG, CommandError
from hybrid_mesh.cli.options import Stack
from hybrid_mesh.cli.plans import is_local, stack_plan
from hybrid_mesh.cli.shells import MeshShell
from hybrid_mesh.cli.typed import needing_lab
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.operate.shell import NotReachableError
from hybrid_mesh.operate.targets import vm_targets

Network = Annotated[
    list[str] | None,
    typer.Option("--network", help="Only VMs of this network; can be repeated.", show_default=False),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write to this file instead of standard output.", show_default=False),
]


def targets(stack: Stack = "local", network: Network = None, output: Output = None) -> None:
    """Print the VMs of a running mesh as targets of Prometheus (file_sd_config).

    Prometheus does not discover VMs itself. A file is replaced at once, and stays as it is when a cluster
    cannot be read, so that a timer can run the command.

    Example:

        hybrid-mesh targets --stack prod --network dc-fra --output vms.json

    Exit codes: 0 printed; 1 a cluster cannot be read; 2 wrong command line or configuration.
    """
    plan = stack_plan(stack)
    networks = network or []
    for name in networks:
        if name not in plan.networks:
            known = ", ".join(plan.networks)
            raise CommandError(
                f"--network: {name} is not a network of this stack.", f"It has: {known}.", WRONG
            )
    if is_local(plan):
        with needing_lab(stack):
            LabClient.connect(start=False)
    try:
        found = vm_targets(plan, MeshShell(plan), networks)
    except NotReachableError as error:
        raise CommandError(f"The VMs cannot be listed: {error}.", "Nothing was written.") from None
    text = json.dumps(found, indent=2) + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        _replace(output, text)


def _replace(path: Path, text: str) -> None:
    """Prometheus reads a file as soon as it changes, so it is never there in part."""
    try:
        draft = path.with_name(f".{path.name}.new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise CommandError(
            f"{path} cannot be written: {error.strerror}.", "Name a file in a folder that exists.", WRONG
        ) from None
