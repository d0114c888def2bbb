"""The real engine: a project in a folder, and the `pulumi` command with our language host before others."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

CHECKOUT: Final = Path(__file__).parents[2]
LANGUAGE_HOST: Final = CHECKOUT / "plugins/python_standin/bin"
_COMMAND_SECONDS: Final = 300


def binary(name: str) -> str | None:
    """The path of a tool of the toolchain, else of one on PATH."""
    own = CHECKOUT / ".toolchain" / "bin" / name
    return str(own) if own.exists() else shutil.which(name)


@dataclass
class Project:
    """A project with one stack, `test`, whose state is in its own folder."""

    folder: Path
    program: str
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        command = binary("pulumi")
        assert command is not None
        path = [str(Path(command).parent), str(Path(sys.executable).parent), os.environ["PATH"]]
        state = self.folder / "state"
        state.mkdir(parents=True)
        self.environment = {
            "PATH": os.pathsep.join([str(LANGUAGE_HOST), *path]),
            "HOME": str(self.folder),
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE": "passphrase",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_ERROR_OUTPUT_STRING": "true",
        } | self.environment
        (self.folder / "Pulumi.yaml").write_text("name: project\nruntime: python\n")
        self.write(self.program)
        self.run("stack", "init", "test")

    def write(self, program: str) -> None:
        """Changes the program."""
        (self.folder / "__main__.py").write_text(program)

    def run(self, *arguments: str, fails: bool = False) -> str:
        """Both streams of `pulumi ARGUMENTS`; asserts that it succeeds or, with `fails`, that it does not."""
        done = subprocess.run(
            ["pulumi", "--non-interactive", "--color=never", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout
        return done.stdout

    def set(self, key: str, value: str, *, secret: bool = False) -> None:
        """Sets a value of the stack's configuration."""
        self.run("config", "set", key, value, *(["--secret"] if secret else []))

    def state(self) -> dict[str, Any]:
        """The resources of the stack, by name."""
        exported = json.loads(self.run("stack", "export"))
        resources = exported["deployment"].get("resources", [])
        return {resource["urn"].rpartition("::")[2]: resource for resource in resources}
