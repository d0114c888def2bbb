"""Rules on projects, labels and cloud certificate authorities."""

import re
from collections.abc import Iterator
from contextlib import suppress

from model.checks.registry import readable, rule
from model.config.base import UnreadableError
from model.config.mesh import MeshConfig
from model.config.networks import CloudNetworkConfig, GcpNetworkConfig
from model.config.trust import GoogleCasTrustConfig
from model.derive.labels import PLANNED
from model.reading.problems import Problem, format_value

LABEL_LIMIT = 40
"""Labels of one stack at most: AWS takes 50 tags, of which controllers set some."""

_PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")


@rule
def whatever_is_on_google_cloud_has_a_project(mesh: MeshConfig) -> Iterator[Problem]:
    """A network of Google Cloud and its Certificate Authority Service are in a project."""
    if mesh.project is not None:
        return
    for path, project in _projects(mesh):
        if project is None:
            yield Problem(
                path,
                "",
                "no Google Cloud project is named",
                "Set `project: my-project` here, or once for all at the top of the mesh.",
            )


@rule
def projects_are_project_ids(mesh: MeshConfig) -> Iterator[Problem]:
    """A project is named by its id: 6 to 30 lower case letters, digits and dashes."""
    for path, project in [("project", mesh.project), *_projects(mesh)]:
        if project is not None and not _PROJECT.fullmatch(project):
            yield Problem(
                path,
                project,
                "this is no id of a Google Cloud project",
                "Write its id, not its name or number: `gcloud projects list` shows it.",
            )


@rule
def cloud_stacks_have_an_owner(mesh: MeshConfig) -> Iterator[Problem]:
    """What is made in a cloud tells by a label whose it is."""
    in_cloud = any(isinstance(network, CloudNetworkConfig) for network in mesh.networks.values())
    if in_cloud and not mesh.labels.get("owner"):
        yield Problem(
            "labels.owner",
            "",
            "nobody could tell whose the resources in the cloud are",
            "Add `labels: {owner: your-team}`.",
        )


@rule
def labels_suit_every_cloud(mesh: MeshConfig) -> Iterator[Problem]:
    """Labels have the letters that every cloud takes, and none is one that is set by itself."""
    if len(mesh.labels) > LABEL_LIMIT:
        yield Problem(
            "labels", f"{len(mesh.labels)} labels", "a cloud takes no more", f"Have {LABEL_LIMIT} at most."
        )
    for key, value in mesh.labels.items():
        path = f"labels.{key}"
        if key in PLANNED:
            yield Problem(path, value, "this label is set by itself", "Leave it out.")
        elif not _LABEL_KEY.fullmatch(key):
            yield Problem(
                path,
                format_value(key),
                "this is no key that every cloud takes",
                "Use lower case letters, digits, '-' and '_', 63 at most, beginning with a letter.",
            )
        if not _LABEL_VALUE.fullmatch(value):
            yield Problem(
                path,
                format_value(value),
                "this is no value that every cloud takes",
                "Use lower case letters, digits, '-' and '_', 63 at most.",
            )


def _projects(mesh: MeshConfig) -> Iterator[tuple[str, str | None]]:
    """Path and value of each `project` of a network or of the trust, as far as they can be read."""
    networks = readable(
        mesh.networks,
        lambda network: (isinstance(network, GcpNetworkConfig), getattr(network, "project", None)),
    )
    yield from (
        (f"networks.{name}.project", project) for name, (is_gcp, project) in networks.items() if is_gcp
    )
    with suppress(UnreadableError):
        if isinstance(mesh.trust, GoogleCasTrustConfig):
            yield "trust.project", mesh.trust.project
