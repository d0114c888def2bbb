"""Options that several commands have."""

from typing import Annotated

import typer

from hybrid_mesh.cli import complete

DEFAULT_STACK = "local"

Stack = Annotated[
    str,
    typer.Option(
        "--stack", "-s", help="The stack, as in stacks/Pulumi.<stack>.yaml.", autocompletion=complete.stacks
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts instead of text for people.")]
