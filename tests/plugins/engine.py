"""The real engine: a project in a folder, and the `pulumi` command with our language host before others."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.commands import PROJECT, run

LANGUAGE_HOST: Final = PROJECT / "plugins/python_standin/bin"
_COMMAND_SECONDS: Final = 580


def binary(name: str) -> str | None:
    """The path of a tool of the toolchain, else of one on PATH."""
    own = PROJECT / ".toolchain" / "bin" / name
    return str(own) if own.exists() else shutil.which(name)


@dataclass
class Pulumi:
    """The `pulumi` command in the folder of a project, with an environment of its own."""

    folder: Path
    environment: dict[str, str]

    def pulumi(self, *arguments: str, fails: bool = False) -> str:
        """Both streams of `pulumi ARGUMENTS`; asserts that it succeeds or, with `fails`, that it does not."""
        done = self.run(*arguments, check=not fails)
        assert (done.returncode != 0) is fails, done.stdout[-9000:] + done.stderr
        return done.stdout + done.stderr

    def told(self, *arguments: str) -> Any:
        """The JSON that `pulumi ARGUMENTS` prints."""
        return json.loads(self.run(*arguments).stdout)

    def resources(self) -> list[dict[str, Any]]:
        """Of the exported state, secrets as ciphertext."""
        resources: list[dict[str, Any]] = self.told("stack", "export")["deployment"].get("resources", [])
        return resources

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`pulumi ARGUMENTS`; asserts that it succeeds, unless `check` is False."""
        command = ["pulumi", "--non-interactive", "--color=never", *arguments]
        return run(
            command, folder=self.folder, environment=self.environment, seconds=_COMMAND_SECONDS, check=check
        )


def pulumi_environment(folder: Path, *first_on_path: Path) -> dict[str, str]:
    """For a `pulumi` that keeps everything below `folder`, with our language host before others and
    `first_on_path` before that."""
    command = binary("pulumi")
    assert command is not None
    path = [*first_on_path, LANGUAGE_HOST, Path(command).parent, Path(sys.executable).parent]
    state = folder / "state"
    state.mkdir(parents=True)
    return {
        "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]]),
        "HOME": str(folder),
        "TMPDIR": os.environ["TMPDIR"],
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "passphrase",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


class Project(Pulumi):
    """A project with one stack, `test`, whose state is in its own folder."""

    def __init__(self, folder: Path, program: str, environment: Mapping[str, str] | None = None) -> None:
        own = pulumi_environment(folder) | {"PULUMI_ERROR_OUTPUT_STRING": "true"}
        super().__init__(folder, {**own, **(environment or {})})
        (folder / "Pulumi.yaml").write_text("name: project\nruntime: python\n")
        self.write(program)
        self.pulumi("stack", "init", "test")

    def write(self, program: str) -> None:
        """Changes the program."""
        (self.folder / "__main__.py").write_text(program)

    def set(self, key: str, value: str, *, secret: bool = False) -> None:
        """Sets a value of the stack's configuration."""
        self.pulumi("config", "set", key, value, *(["--secret"] if secret else []))

    def state(self) -> dict[str, Any]:
        """The resources of the stack, by name."""
        return {resource["urn"].rpartition("::")[2]: resource for resource in self.resources()}


def with_our_plugin(project: Project) -> Project:
    """`project`, which finds the plug-in of our own resources by its path and no other way."""
    project.environment |= {
        "PYTHONPATH": str(PROJECT),
        "HYBRID_MESH_STATE": str(project.folder / "lab-state"),
        "HYBRID_MESH_SEVERAL_LABS": "1",
    }
    plugin = {"name": "hybridmesh", "path": str(PROJECT / "plugins/hybridmesh")}
    settings = {"name": "project", "runtime": "python", "plugins": {"providers": [plugin]}}
    (project.folder / "Pulumi.yaml").write_text(json.dumps(settings))
    return project
