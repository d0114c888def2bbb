"""A registration that failed, under the real engine: no refresh forgets it."""

import pytest

from tests.plugins.conftest import ProjectFactory
from tests.plugins.engine import Project, with_our_plugin
from tests.plugins.hybridmesh.fake_api_server import FakeApiServer

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
from hybrid_mesh.components.resources import MachineRegistration

registration = MachineRegistration(
    "registration",
    cluster_name="east",
    kubeconfig=pulumi.Config().require("kubeconfig"),
    group="legacy",
    namespace="demo",
    minimum=1,
    probe=True,
    triggers={},
    timeout="1s",
)
"""
NEVER = "did not register with istiod of cluster east"
UP = ("up", "--yes", "--skip-preview")


@pytest.fixture
def project(make_project: ProjectFactory, server: FakeApiServer) -> Project:
    made = with_our_plugin(make_project(PROGRAM))
    made.set("kubeconfig", server.kubeconfig)
    return made


def test_no_refresh_forgets_a_failed_wait(project: Project, server: FakeApiServer) -> None:
    assert NEVER in project.pulumi(*UP, fails=True)
    assert NEVER in project.pulumi("refresh", "--yes", "--skip-preview")
    assert project.state()["registration"]["initErrors"]
    project.pulumi("preview", "--refresh", "--expect-no-changes", fails=True)
    assert NEVER in project.pulumi(*UP, "--refresh", fails=True)
    assert NEVER in project.pulumi(*UP, fails=True)

    server.register("legacy", "10.10.0.100", healthy=True)
    project.pulumi(*UP, "--refresh")
    assert "initErrors" not in project.state()["registration"]
    project.pulumi(*UP, "--refresh", "--expect-no-changes")


def test_a_refresh_ends_a_failure_whose_cause_is_gone(project: Project, server: FakeApiServer) -> None:
    assert NEVER in project.pulumi(*UP, fails=True)
    server.register("legacy", "10.10.0.100", healthy=True)
    project.pulumi("refresh", "--yes", "--skip-preview")
    project.pulumi(*UP, "--expect-no-changes")
    assert project.state()["registration"]["outputs"]["workloadEntries"] == ["legacy-10.10.0.100-amsterdam"]
