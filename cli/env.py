"""`hybrid-mesh env`: what plain `pulumi` needs to know to work on this checkout."""

import os

from hybrid_mesh.cli.console import out, say
from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.options import Stack
from hybrid_mesh.cli.salt import ensure_salt
from hybrid_mesh.cli.stack import exists, prepare
from hybrid_mesh.local.paths import project_folder
from hybrid_mesh.model.reading.stack_file import stack_file


def env(stack: Stack = "local") -> None:
    """Print `export` lines for plain `pulumi`: eval "$(hybrid-mesh env)".

    With our own backend, the stack is made when it is not there yet.
    """
    engine = Engine.find(os.environ)
    ready(engine, stack)
    for line in engine.settings.lines():
        out.print(line, markup=False)
    if notice := engine.settings.notice():
        say(notice)


def ready(engine: Engine, stack: str) -> None:
    """Lets plain `pulumi` find the stack, and in the stack's file the salt of our passphrase, where both
    are ours."""
    settings = engine.settings
    if not settings.own_backend or not settings.own_passphrase:
        return
    if exists(engine, stack):
        ensure_salt(stack_file(project_folder(), stack), settings.own_passphrase)
    else:
        prepare(engine, stack)
