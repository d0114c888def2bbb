"""A stack without local members does not start a stopped lab; an uncertain one does."""

import hashlib
import json
from pathlib import Path

import pytest

from hybrid_mesh.plugins.hybridmesh.selected_stack import needs_lab

MESH = "config: {'hybrid-mesh:mesh': {networks: {a: {type: %s, cidr: 10.0.0.0/8}}}}\n"


@pytest.fixture(params=["hybrid-mesh", "my-mesh"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The repository's, or one's own: the mesh has the same key in both."""
    (tmp_path / "Pulumi.yaml").write_text(f"name: {request.param}\nstackConfigDir: stacks\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/Pulumi.prod.yaml").write_text(MESH % "gcp")
    (tmp_path / "stacks/Pulumi.local.yaml").write_text(MESH % "local")
    (tmp_path / "stacks/Pulumi.broken.yaml").write_text("config: [")
    (tmp_path / "stacks/Pulumi.empty.yaml").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["preview", "-s", "prod"], False),
        (["preview", "-sprod"], False),
        (["up", "--stack", "org/hybrid-mesh/prod", "--yes"], False),
        (["up", "--stack=prod"], False),
        (["up", "--stack=local"], True),
        (["up", "--stack", "broken"], True),
        (["up", "--stack", "empty"], True),
        (["up", "--stack", "missing"], True),
        (["up", "--stack", "prod", "--config-file=other.yaml"], True),
        (["up"], True),
        (["up", "-s"], True),
    ],
)
def test_by_the_engines_arguments(project: Path, arguments: list[str], needed: bool) -> None:
    assert needs_lab(["pulumi", *arguments], {"HOME": "/nowhere"}, project) is needed


def test_by_the_environment(project: Path) -> None:
    assert not needs_lab(["pulumi", "up"], {"PULUMI_STACK": "prod", "HOME": "/nowhere"}, project)
    assert needs_lab(["pulumi", "up"], {"PULUMI_STACK": "local", "HOME": "/nowhere"}, project)


@pytest.mark.parametrize(("stack", "needed"), [("prod", False), ("local", True)])
def test_by_the_selected_stack(project: Path, tmp_path: Path, stack: str, needed: bool) -> None:
    folder = tmp_path / "home/workspaces"
    folder.mkdir(parents=True)
    digest = hashlib.sha1(str(project / "Pulumi.yaml").encode()).hexdigest()
    name = (project / "Pulumi.yaml").read_text().split()[1]
    (folder / f"{name}-{digest}-workspace.json").write_text(json.dumps({"stack": stack}))
    assert needs_lab(["pulumi", "up"], {"PULUMI_HOME": str(tmp_path / "home")}, project) is needed


def test_a_folder_without_a_project_is_uncertain(tmp_path: Path) -> None:
    assert needs_lab(["pulumi", "up", "-s", "prod"], {"HOME": "/nowhere"}, tmp_path)
