"""What `hybrid-mesh init` asks on a terminal: the values of a template's stack file."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import typer
import yaml

from hybrid_mesh.cli.console import say
from hybrid_mesh.cli.plans import file_plan
from hybrid_mesh.cli.project_files import LOCAL, TEMPLATES, stack_path
from hybrid_mesh.cli.stack_edit import values, with_value
from hybrid_mesh.model.derive.kubeconfigs import ambient_files, merge_kubeconfigs
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.model.reading.stack_file import load_stack_file

_QUESTIONS: Mapping[str, str] = {
    "trustDomain": "Trust domain of the mesh",
    "project": "Google Cloud project",
    "labels.owner": "Owner of the cloud resources (a label)",
    "operators.cidrs": "CIDRs from which you run Pulumi",
    "networks.*.region": "Region of network {1}",
    "networks.*.cidr": "CIDR of network {1}",
    "networks.*.gateway": "Public address of network {1}",
    "networks.*.egress": "CIDRs from which network {1} calls others",
    "clusters.*.context": "Context of cluster {1} in your kubeconfig",
    "clusters.*.peerEndpoint": "URL of cluster {1}'s API server for the other clusters",
    "clusters.*.gateway.addresses": "Addresses of cluster {1}'s east-west gateway",
}
"""What is asked, by the path of a value; `{1}` is the second part of that path."""


def prompt(question: str, default: str) -> str:
    """The answer. Raises KeyboardInterrupt on Ctrl-C and at the end of the input."""
    try:
        return str(typer.prompt(question, default=default, err=True))
    except typer.Abort:
        raise KeyboardInterrupt from None


def ask_template() -> str:
    """The name of a template."""
    for each, about in TEMPLATES.items():
        say(f"  {each:<11} {about.description}")
    while True:
        answer = prompt("Template", LOCAL)
        if answer in TEMPLATES:
            return answer
        say(f"{answer} is not one of: {', '.join(TEMPLATES)}.")


def with_answers(text: str, stack: str) -> str:
    """`text` with the answers, asked again for as long as the mesh is not valid."""
    asks_contexts = any(path[-1] == "context" for path, _ in _questions(text))
    if asks_contexts and (contexts := _known_contexts()):
        say(f"Contexts in your kubeconfig: {', '.join(contexts)}")
    while True:
        for path, question in _questions(text):
            value = values(text)[path]
            default = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            text = with_value(text, path, prompt(question, default))
        try:
            check_stack(text, stack)
        except ConfigurationError as error:
            say(str(error), style="red")
            say("Answer again; Enter keeps what you have just entered.")
        else:
            return text


def _known_contexts() -> list[str]:
    """Those of the ambient kubeconfig; none where it cannot be read."""
    files = [path for path in ambient_files(os.environ, Path.home()) if path.exists()]
    try:
        read = [(path, yaml.safe_load(path.read_text(encoding="utf-8")) or {}) for path in files]
        return [str(each["name"]) for each in merge_kubeconfigs(read).get("contexts") or ()]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError):
        return []


def _questions(text: str) -> list[tuple[tuple[str, ...], str]]:
    """In the order of `_QUESTIONS`."""
    found = []
    for pattern, question in _QUESTIONS.items():
        wanted = tuple(pattern.split("."))
        found += [
            (path, question.format(*path))
            for path in values(text)
            if len(path) == len(wanted) and all(a in ("*", b) for a, b in zip(wanted, path, strict=True))
        ]
    return found


def check_stack(text: str, stack: str) -> MeshPlan:
    """The plan of a stack file's text.

    Raises ConfigurationError, whose problems name the file as it will be called.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"Pulumi.{stack}.yaml")
        path.write_text(text, encoding="utf-8")
        try:
            return file_plan(load_stack_file(path), stack, None)
        except ConfigurationError as error:
            raise ConfigurationError(
                replace(problem, file=stack_path(stack)) for problem in error.problems
            ) from None
