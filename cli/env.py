"""`hybrid-mesh env`: what plain `pulumi` needs to know to work on this checkout."""

import os

from cli.console import out, say
from cli.engine import Engine
from cli.options import Stack
from cli.stack import exists, prepare


def env(stack: Stack = "local") -> None:
    """Print `export` lines for plain `pulumi`: eval "$(hybrid-mesh env)".

    With our own backend, the stack is made when it is not there yet.
    """
    engine = Engine.find(os.environ)
    if engine.settings.own_backend and engine.settings.own_passphrase:
        ensure_ready(engine, stack)
    for line in engine.settings.lines():
        out.print(line, markup=False)
    if engine.settings.standins:
        say(f"Not on this machine, so ours stand in: {', '.join(engine.settings.standins)}.")


def ensure_ready(engine: Engine, stack: str) -> None:
    if not exists(engine, stack):
        prepare(engine, stack)
