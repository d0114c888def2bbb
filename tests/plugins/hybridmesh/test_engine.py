"""The certificate authority under the real engine: what its life looks like to a user, and what the state
holds.
"""

import json
from typing import Any

import pytest

from tests.plugins.conftest import ProjectFactory
from tests.plugins.engine import Project, with_our_plugin

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
from hybrid_mesh.components.resources import CertificateAuthority

config = pulumi.Config()
authority = CertificateAuthority(
    "authority",
    trust_domain="mesh.example.com",
    mesh_id="mesh1",
    clusters=config.require("clusters").split(","),
    root_validity_days=config.get_int("days") or 3650,
    intermediate_validity_days=730,
)
pulumi.export("root", authority.root_certificate_pem)
pulumi.export("east", authority.intermediates["east"]["ca-cert.pem"])
"""
BEGIN_KEY = "BEGIN PRIVATE KEY"


@pytest.fixture
def project(make_project: ProjectFactory) -> Project:
    """A stack with a mesh of two clusters, that finds the plug-in by its path and no other way."""
    made = with_our_plugin(make_project(PROGRAM))
    made.set("clusters", "east,west")
    return made


def output(project: Project, name: str) -> str:
    return project.pulumi("stack", "output", name, "--show-secrets")


def test_the_life_of_an_authority(project: Project) -> None:
    assert "+ 2 to create" in project.pulumi("preview")
    shown = project.pulumi("up", "--yes", "--skip-preview", "--diff", "-v=7", "--logtostderr")
    assert_no_key_is_plain(project, shown)
    root, east = output(project, "root"), output(project, "east")
    assert "BEGIN CERTIFICATE" in root

    project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
    project.pulumi("preview", "--refresh", "--expect-no-changes")

    project.set("clusters", "east,north,west")
    previewed = project.pulumi("preview", "--diff")
    assert "to update" in previewed
    assert "to replace" not in previewed
    assert BEGIN_KEY not in project.pulumi("up", "--yes", "--skip-preview")
    assert (output(project, "root"), output(project, "east")) == (root, east)

    project.set("days", "365")
    said = project.pulumi("preview", fails=True)
    assert "trust.rootValidityDays determines the mesh's root" in said, "refused in the preview"
    assert "Traceback" not in said

    project.pulumi("destroy", "--yes", "--skip-preview")
    assert project.state() == {}


def assert_no_key_is_plain(project: Project, shown: str) -> None:
    """Neither in the state nor in what was shown."""
    exported = project.pulumi("stack", "export")
    lines = {
        line for key in _keys(project) for line in key.splitlines() if len(line) > 20 and "KEY" not in line
    }
    assert len(lines) >= 6, "the search itself must know the keys of the root and of two intermediates"
    assert BEGIN_KEY not in exported
    assert not [line for line in lines if line in exported or line in shown]
    authority = project.state()["authority"]
    assert _ciphertext(authority["outputs"]["rootKeyPem"])
    assert _ciphertext(authority["outputs"]["intermediates"])
    assert not _ciphertext(authority["outputs"]["rootCertificatePem"])


def _ciphertext(value: Any) -> bool:
    return isinstance(value, dict) and "ciphertext" in value


def _keys(project: Project) -> list[str]:
    """The private keys in the state, decrypted."""
    exported = json.loads(project.pulumi("stack", "export", "--show-secrets"))
    resources = exported["deployment"]["resources"]
    outputs = next(each["outputs"] for each in resources if each["urn"].endswith("::authority"))
    intermediates = json.loads(outputs["intermediates"]["plaintext"])
    return [
        json.loads(outputs["rootKeyPem"]["plaintext"]),
        *(each["ca-key.pem"] for each in intermediates.values()),
    ]
