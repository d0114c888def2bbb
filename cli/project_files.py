"""The files of a project: what they are made from, and which of them `upgrade-project` renews."""

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from hybrid_mesh.cli.stack_edit import with_value
from hybrid_mesh.local.paths import package_folder

PACKAGE = "hybrid-mesh"
REQUIREMENTS = "requirements.txt"
LOCAL = "local"
_TEMPLATES = "cli/templates"
_PROJECT = f"{_TEMPLATES}/project"
_ACTIONS = "gitops/github-actions"
_DOCS = "https://github.com/hybrid-mesh/hybrid-mesh/blob/main/docs"
"""For comments of generated files, which stay when the package is another."""


@dataclass(frozen=True)
class Template:
    """A kind of mesh to begin with: its stack, and the stack file that it is made from."""

    stack: str
    source: str
    description: str


TEMPLATES: Mapping[str, Template] = {
    LOCAL: Template("local", "stacks/Pulumi.local.yaml", "two clusters and two VMs on one Linux host"),
    "kubeconfig": Template("dev", "stacks/Pulumi.dev.yaml", "existing clusters that a kubeconfig reaches"),
    "gke": Template("staging", "stacks/Pulumi.staging.yaml", "a GKE cluster and Compute Engine VMs"),
    "eks": Template("staging", f"{_TEMPLATES}/Pulumi.eks.yaml", "an EKS cluster and EC2 VMs"),
    "hybrid": Template("prod", "stacks/Pulumi.prod.yaml", "GKE, EKS, VMs of both clouds and a datacenter"),
}


@dataclass(frozen=True)
class File:
    """`yours`: it is written once, and only you change it."""

    text: str
    executable: bool = False
    yours: bool = False


@dataclass(frozen=True)
class Project:
    """What the files of a project depend on. `requirement` is its line for this package."""

    name: str
    template: str
    requirement: str

    @property
    def stack(self) -> str:
        return TEMPLATES[self.template].stack

    def files(self) -> dict[str, File]:
        """Every file by its path in the project, the stack files as they are in the template."""
        made = {path: self._file(path) for path in _paths(_PROJECT)}
        made[REQUIREMENTS] = File(with_requirement(made[REQUIREMENTS].text, self.requirement))
        python = f"{sys.version_info.major}.{sys.version_info.minor}\n"
        made[".python-version"] = File(python, yours=True)
        for stack, source in (
            (LOCAL, TEMPLATES[LOCAL].source),
            (self.stack, TEMPLATES[self.template].source),
        ):
            text = with_value(_read(source), ("id",), self.name).replace(" docs/", f" {_DOCS}/")
            made[stack_path(stack)] = File(text, yours=True)
        if self.template != LOCAL:
            made |= self._pipelines()
        return made

    def _file(self, path: str) -> File:
        template = TEMPLATES[self.template]
        text = _read(f"{_PROJECT}/{path}").replace("${PROJECT}", self.name)
        text = text.replace("${DESCRIPTION}", f"An Istio mesh with {template.description}")
        if path == "Pulumi.yaml":
            text = text.partition("template:\n")[0]
        if path == "Makefile":
            text = text.replace("STACK ?= local\n", f"STACK ?= {template.stack}\n")
        return File(
            text, executable=os.access(package_folder() / _PROJECT / path, os.X_OK) and "bin/sh" in text
        )

    def _pipelines(self) -> dict[str, File]:
        """The workflows, for the stack alone: each without the line that says where to copy it."""
        made = {}
        for path in _paths(_ACTIONS):
            text = _read(f"{_ACTIONS}/{path}").partition("\n")[2]
            text = text.replace("stack: [staging, prod]", f"stack: [{self.stack}]")
            text = text.replace('python-version: "3.13"', "python-version-file: .python-version")
            if path == "apply.yml":
                text = _first_job(text).replace("staging", self.stack).replace("Staging", self.stack.title())
            folder = "workflows" if "/" not in path else "actions"
            made[f".github/{folder}/{path}"] = File(text)
        return made


def stack_path(stack: str) -> str:
    return f"stacks/Pulumi.{stack}.yaml"


def stack_of(path: str) -> str | None:
    """The stack of a stack file; None for another file."""
    found = re.fullmatch(r"stacks/Pulumi\.(.+)\.yaml", path)
    return found[1] if found else None


def with_requirement(text: str, requirement: str) -> str:
    """A requirements.txt whose line for this package is `requirement`; every other line stays."""
    lines = text.splitlines()
    own = [number for number, line in enumerate(lines) if _is_own(line)]
    if not own:
        return "\n".join([requirement, *lines]) + "\n"
    lines[own[0]] = requirement
    return "\n".join(line for number, line in enumerate(lines) if number not in own[1:]) + "\n"


def installed_requirement() -> str:
    """What to install to get this package again: its release, or the place that it was installed from.

    Source: PEP 610, direct_url.json.
    """
    try:
        record = json.loads(distribution(PACKAGE).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        record = {}
    url, vcs = record.get("url", ""), record.get("vcs_info")
    if vcs:
        return f"{PACKAGE} @ {vcs['vcs']}+{url}@{vcs['commit_id']}"
    if "dir_info" in record and record["dir_info"].get("editable"):
        return f"-e {url.removeprefix('file://')}"
    return f"{PACKAGE} @ {url}" if url else f"{PACKAGE}=={installed_version()}"


def installed_version() -> str:
    return version(PACKAGE)


def _is_own(line: str) -> bool:
    name = line.strip().partition("==")[0].partition("@")[0].strip()
    return name == PACKAGE or (
        line.startswith("-e ") and Path(line[3:].strip(), "cli/project_files.py").exists()
    )


def _first_job(text: str) -> str:
    """A workflow without its other jobs."""
    head, mark, jobs = text.partition("\njobs:\n")
    first = jobs.split("\n\n")[0].rstrip("\n")
    return f"{head}{mark}{first}\n"


def _paths(folder: str) -> list[str]:
    """Paths of the files below a folder of the package, sorted, without the bytecode that pip made there."""
    root = package_folder() / folder
    files = (path for path in root.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    return sorted(str(path.relative_to(root)) for path in files)


def _read(path: str) -> str:
    return (package_folder() / path).read_text(encoding="utf-8")
