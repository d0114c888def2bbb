"""Options that several commands have."""

from typing import Annotated

import typer

from hybrid_mesh.cli import complete

DEFAULT_STACK = "local"
STACK_HELP = "The stack, as in stacks/Pulumi.<stack>.yaml."

Stack = Annotated[
    str,
    typer.Option("--stack", "-s", help=STACK_HELP, autocompletion=complete.stacks),
]
AS_JSON = "hybrid_mesh.json"
"""Key of a command line's `meta`: whether it has --json."""


def _remember(context: typer.Context, value: bool) -> bool:
    context.meta[AS_JSON] = value
    return value


Json = Annotated[
    bool,
    typer.Option("--json", help="Print JSON for scripts instead of text for people.", callback=_remember),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
PreviewOnly = Annotated[
    bool,
    typer.Option(
        "--preview-only", "--dry-run", help="Print what would change and what would be lost; change nothing."
    ),
]
