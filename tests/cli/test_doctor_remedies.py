"""The commands that doctor's remedies name exist, with the options that they name."""

import re
from pathlib import Path

import typer.main

from hybrid_mesh.cli.commands import Commands
from hybrid_mesh.cli.main import app
from hybrid_mesh.operate import doctor

COMMAND = re.compile(r"\bhybrid-mesh ([a-z-]+)((?: --[a-z-]+)*)(?= |\"|'|`|$)", re.MULTILINE)
SOURCES = sorted(Path(doctor.__file__).parent.glob("**/*.py"))


def test_every_command_of_a_remedy_exists() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, Commands)
    named = [found for path in SOURCES for found in COMMAND.findall(path.read_text(encoding="utf-8"))]
    assert {name for name, _ in named} >= {"up", "kubectl", "lab"}
    for name, options in set(named):
        command = group.get_command(None, name)
        assert command is not None, name
        known = {option for parameter in command.params for option in parameter.opts}
        assert {*options.split()} <= known, f"{name}{options}"
