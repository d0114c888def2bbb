"""`hybrid-mesh init`: a project of your own, whose stack files are valid from the beginning."""

import re
import shlex
import shutil
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hybrid_mesh.cli.console import out, say
from hybrid_mesh.cli.errors import WRONG, CommandError
from hybrid_mesh.cli.init_questions import ask_template, check_stack, prompt, with_answers
from hybrid_mesh.cli.project_files import (
    LOCAL,
    TEMPLATES,
    File,
    Project,
    installed_requirement,
    installed_version,
    stack_of,
    stack_path,
)
from hybrid_mesh.cli.project_record import RECORD, Record, sums, write
from hybrid_mesh.cli.question import can_ask
from hybrid_mesh.cli.stack_edit import with_value
from hybrid_mesh.model.config.base import DNS_LABEL_PATTERN
from hybrid_mesh.model.plan.types import MeshPlan


class Kind(StrEnum):
    """The templates, as an option takes them."""

    LOCAL = "local"
    KUBECONFIG = "kubeconfig"
    GKE = "gke"
    EKS = "eks"
    HYBRID = "hybrid"


_HARMLESS = {".git", ".venv"}
"""What may be in the folder already."""


def init(
    directory: Annotated[Path, typer.Argument(help="Folder of the project; created if needed.")] = Path(),
    *,
    template: Annotated[
        Kind | None,
        typer.Option(
            "--template",
            "-t",
            help="; ".join(f"{name}: {each.description}" for name, each in TEMPLATES.items()) + ".",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the project and the mesh; default: the folder's.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Value in the stack file, for example networks.gcp-eu.cidr=10.64.0.0/16. Repeatable.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Use a folder with files in it. Files that exist are kept.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing; use the defaults of the template.")
    ] = False,
) -> None:
    """Create a project that your team owns: stack files, program, Makefile, pipelines and README.

    On a terminal it asks a few questions; press Enter to accept a default. Elsewhere it takes the options.
    Nothing is written until the stack files are valid.

    Example:

        hybrid-mesh init my-mesh
        hybrid-mesh init my-mesh --template gke --set project=my-project
    """
    folder = directory.resolve()
    _check_folder(folder, force)
    asks = can_ask() and not yes
    chosen = template or (Kind(ask_template()) if asks else Kind(LOCAL))
    project = Project(_name(name, folder, asks), chosen.value, installed_requirement())
    files = project.files()
    path = stack_path(project.stack)
    text = files[path].text
    for key, value in map(_setting, settings or ()):
        text = with_value(text, key, value)
    files[path] = File(with_answers(text, project.stack) if asks else text, yours=True)
    plans = _plans(files)
    kept = _write(folder, project, files)
    _report(folder, project, plans, kept)


def _check_folder(folder: Path, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise CommandError(f"{folder} is not a folder.", "Name another one.", WRONG)
    if (folder / RECORD).exists():
        raise CommandError(
            f"{folder} is a project already.", "Run `hybrid-mesh upgrade-project` to renew its files.", WRONG
        )
    found = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    in_the_way = [each for each in found if each not in _HARMLESS]
    if in_the_way and not force:
        shown = ", ".join(in_the_way[:10]) + (", …" if len(in_the_way) > 10 else "")
        raise CommandError(
            f"{folder} is not empty: {shown}.",
            "Name another folder, or use --force, which keeps every file that exists.",
            WRONG,
        )


def _name(given: str | None, folder: Path, asks: bool) -> str:
    default = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")[:40].strip("-") or "mesh"
    name = given or (prompt("Name of the mesh", default) if asks else default)
    if not re.fullmatch(DNS_LABEL_PATTERN, name) or len(name) > 40:
        raise CommandError(
            f"{name} is not a valid name.",
            "Use up to 40 lower-case letters, digits and dashes, for example mesh-eu.",
            WRONG,
        )
    return name


def _setting(text: str) -> tuple[tuple[str, ...], str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise CommandError(f"--set {text} has no value.", "Write KEY=VALUE, for example id=mesh1.", WRONG)
    return tuple(key.split(".")), value


def _plans(files: Mapping[str, File]) -> list[MeshPlan]:
    """The plan of every stack file. Raises ConfigurationError."""
    stacks = {stack: file.text for path, file in files.items() if (stack := stack_of(path))}
    return [check_stack(text, stack) for stack, text in stacks.items()]


def _write(folder: Path, project: Project, files: Mapping[str, File]) -> list[str]:
    """Writes what is not there yet, all or nothing; answers what was there.

    Raises CommandError.
    """
    new, staged = not folder.exists(), folder / ".hybrid-mesh.new"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        kept = [path for path in files if (folder / path).exists()]
        made = {path: file for path, file in files.items() if path not in kept}
        for path, file in made.items():
            write(staged, path, file)
        Record(installed_version(), project.name, project.template, sums(made)).write(staged)
        for path in (*made, RECORD):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (staged / path).rename(folder / path)
    except OSError as error:
        shutil.rmtree(folder if new else staged, ignore_errors=True)
        raise CommandError(f"{folder} cannot be written: {error.strerror}.", "Nothing was changed.") from None
    shutil.rmtree(staged)
    return kept


def _to_replace(paths: str) -> str:
    return f"  # replace the placeholders: {paths}" if paths else ""


def _report(folder: Path, project: Project, plans: Iterable[MeshPlan], kept: Iterable[str]) -> None:
    for path in kept:
        say(f"kept: {path} (it existed; compare it with the documentation)")
    out.print(f"Created the project {project.name} in {folder}.", markup=False)
    open_ = {plan.stack: ", ".join(problem.path for problem in plan.warnings) for plan in plans}
    for plan in plans:
        counts = (
            f"networks: {len(plan.networks)}, clusters: {len(plan.clusters)}, VM groups: {len(plan.groups)}"
        )
        out.print(f"  {stack_path(plan.stack)} is valid ({counts})", markup=False)
    out.print("Next steps:")
    steps = [f"cd {shlex.quote(str(folder))}"] if folder != Path.cwd() else []
    steps += ["git init && git add --all"] if not (folder / ".git").exists() else []
    if project.template == LOCAL:
        steps += [
            "make up        # as root on Linux; the first time on a host it builds what the clusters run"
        ]
    else:
        steps += [
            f"$EDITOR {stack_path(project.stack)}" + _to_replace(open_[project.stack]),
            f"make plan      # prints what the mesh of the stack {project.stack} will be",
            "make up        # previews, asks, then creates the mesh",
        ]
    for step in steps:
        out.print(f"  {step}", markup=False)
    if "@ file://" in project.requirement or project.requirement.startswith("-e "):
        say(f"requirements.txt names a path of this host: {project.requirement}")
        say("Change that line before others use the project.")
