"""`hybrid-mesh bundle GROUP`: what a datacenter machine needs to join the mesh."""

from typing import Annotated

import typer

from cli.errors import CommandError


def bundle(group: Annotated[str, typer.Argument(help="The workload group.")]) -> None:
    """Write a folder and a .tar.gz with which a machine of a datacenter joins GROUP."""
    raise CommandError(f"The bundle of {group} cannot be written yet.", "")
