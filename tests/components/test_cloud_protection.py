"""What a protected stack keeps, and how its protection is lifted."""

import pulumi
import pytest

from tests.components.cloud_stacks import only
from tests.components.conftest import Declared, declare_mesh, read_stack

PROTECTED = {
    "mesh-gcp-eu-vpc",
    "mesh-aws-us-vpc",
    "mesh-gke-eu-cluster",
    "mesh-eks-us-cluster",
    "mesh-trust-issuer-pool",
    "mesh-trust-issuer-root",
}


def test_a_protected_stack_is_protected(prod: Declared, capsys: pytest.CaptureFixture[str]) -> None:
    assert {name for (_, name), opts in prod.recording.options.items() if opts.protect} == PROTECTED
    assert only(prod, "gcp:container/cluster:Cluster")["deletionProtection"] is True
    assert only(prod, "aws:eks/cluster:Cluster")["deletionProtection"] is True
    assert only(prod, "gcp:certificateauthority/authority:Authority")["deletionProtection"] is True


def test_protection_can_be_lifted_and_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_: said.append(text))
    raw = read_stack("prod")
    declare_mesh(raw, stack="prod")
    assert [text for text in said if "protected: false" in text]
    raw["protected"] = False
    said.clear()
    lifted = declare_mesh(raw, stack="prod")
    assert not said
    assert not [name for (_, name), opts in lifted.recording.options.items() if opts.protect]
    assert only(lifted, "gcp:container/cluster:Cluster")["deletionProtection"] is False
