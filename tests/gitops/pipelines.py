"""The pipelines as they are read by GitHub, and their own commands."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.commands import PROJECT

ACTIONS = PROJECT / "gitops" / "github-actions"
WORKFLOWS = sorted(path.name for path in ACTIONS.glob("*.yml"))


@dataclass(frozen=True)
class Step:
    """One `run:` of a job. `workflow`, `job` and `name` say where it stands."""

    workflow: str
    job: str
    name: str
    script: str


def workflow(name: str) -> dict[str, Any]:
    """A workflow's file. YAML 1.1 reads its key `on` as True; it is `on` here."""
    return _read(ACTIONS / name)


def composite() -> dict[str, Any]:
    """The composite action that every job begins with."""
    return _read(ACTIONS / "hybrid-mesh" / "action.yml")


def commands(name: str, job: str) -> list[Step]:
    """The `run:` steps of a job, in their order."""
    steps = workflow(name)["jobs"][job]["steps"]
    return [Step(name, job, step["name"], step["run"]) for step in steps if "run" in step]


def lay_out(folder: Path) -> Path:
    """A repository in `folder` with the files at the places to which they are copied."""
    github = folder / ".github"
    (github / "workflows").mkdir(parents=True)
    for name in WORKFLOWS:
        shutil.copy(ACTIONS / name, github / "workflows" / name)
    shutil.copytree(ACTIONS / "hybrid-mesh", github / "actions" / "hybrid-mesh")
    (folder / ".git").mkdir()
    return folder


def _read(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text())
    if True in content:
        content["on"] = content.pop(True)
    assert isinstance(content, dict)
    return content
