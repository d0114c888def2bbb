"""Rules on projects, labels and cloud certificate authorities."""

import re
from collections.abc import Iterator
from contextlib import suppress

from hybrid_mesh.model.checks.registry import readable, rule
from hybrid_mesh.model.config.base import UnreadableError
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import CloudNetworkConfig, GcpNetworkConfig
from hybrid_mesh.model.config.trust import GoogleCasTrustConfig
from hybrid_mesh.model.derive.labels import PLANNED
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value

LABEL_LIMIT = 40
"""Maximum number of labels of a stack: AWS allows 50 tags on a resource, of which controllers set some."""

_PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")


@rule
def google_cloud_requires_a_project(mesh: MeshConfig) -> Problems:
    """`project` is required, here or at the top level of the mesh."""
    if mesh.project is not None:
        return
    for path, project in _projects(mesh):
        if project is None:
            yield Problem(
                path,
                "",
                "a Google Cloud project is required",
                "Set `project: my-project` here, or once at the top level as the default.",
            )


@rule
def projects_are_project_ids(mesh: MeshConfig) -> Problems:
    """`project` must be a project ID: 6 to 30 lowercase letters, digits and dashes."""
    for path, project in [("project", mesh.project), *_projects(mesh)]:
        if project is not None and not _PROJECT.fullmatch(project):
            yield Problem(
                path,
                project,
                "not a valid Google Cloud project ID",
                "Write its ID, not its name or number: `gcloud projects list` shows it.",
            )


@rule
def cloud_stacks_have_an_owner(mesh: MeshConfig) -> Problems:
    """`labels.owner` is required if a network is in a cloud."""
    in_cloud = any(isinstance(network, CloudNetworkConfig) for network in mesh.networks.values())
    if in_cloud and not mesh.labels.get("owner"):
        yield Problem(
            "labels.owner",
            "",
            "cloud resources require an `owner` label",
            "Add `labels: {owner: your-team}`.",
        )


@rule
def labels_suit_every_cloud(mesh: MeshConfig) -> Problems:
    """`labels` must be valid labels in every cloud, and must not include those that the program sets."""
    if len(mesh.labels) > LABEL_LIMIT:
        yield Problem(
            "labels",
            f"{len(mesh.labels)} labels",
            f"the number of labels must not exceed {LABEL_LIMIT}",
            "Remove some: the clouds limit the labels of a resource.",
        )
    for key, value in mesh.labels.items():
        path = f"labels.{key}"
        if key in PLANNED:
            yield Problem(path, value, "the program sets this label automatically", "Leave it out.")
        elif not _LABEL_KEY.fullmatch(key):
            yield Problem(
                path,
                format_value(key),
                "not a label key that every cloud allows",
                "Use up to 63 lowercase letters, digits, '-' and '_', beginning with a letter.",
            )
        if not _LABEL_VALUE.fullmatch(value):
            yield Problem(
                path,
                format_value(value),
                "not a label value that every cloud allows",
                "Use up to 63 lowercase letters, digits, '-' and '_'.",
            )


def _projects(mesh: MeshConfig) -> Iterator[tuple[str, str | None]]:
    """Path and value of each readable `project` of a network or of the trust."""
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
