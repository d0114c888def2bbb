"""`hybrid-mesh env`: the environment in which plain `pulumi` works on this project."""

import json
import os

from hybrid_mesh.cli.console import out, say
from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.errors import WRONG, CommandError
from hybrid_mesh.cli.options import Json, Stack
from hybrid_mesh.cli.salt import ensure_salt
from hybrid_mesh.cli.salt_in_git import hide_salt
from hybrid_mesh.cli.stack import exists, prepare
from hybrid_mesh.local.paths import project_folder
from hybrid_mesh.model.reading.stack_file import stack_file


def env(stack: Stack = "local", *, json_output: Json = False) -> None:
    """Print `export` lines that let plain `pulumi` work on this project.

    With the local backend, the stack is created if it does not exist.

    Example:

        eval "$(hybrid-mesh env)" && pulumi preview --stack local

    With --json: {"variables": {name: value}}; none of the values is a secret.
    """
    engine = Engine.find(os.environ)
    ready(engine, stack)
    if json_output:
        out.print_json(json.dumps({"variables": dict(engine.settings.variables)}))
        return
    for line in engine.settings.lines():
        out.print(line, markup=False)
    if notice := engine.settings.notice():
        say(notice)


def ready(engine: Engine, stack: str) -> None:
    """Lets plain `pulumi` find the stack, and in the stack's file the salt of our passphrase, where both
    are ours; git does not see it there. Raises CommandError."""
    settings = engine.settings
    if not settings.own_backend or not settings.own_passphrase:
        return
    file = stack_file(project_folder(), stack)
    if not file.exists():
        raise CommandError(
            f"The stack {stack} has no file {file}.", "Create it, or name another --stack.", WRONG
        )
    if exists(engine, stack):
        ensure_salt(file, settings.own_passphrase)
    else:
        prepare(engine, stack)
    hide_salt(file)
