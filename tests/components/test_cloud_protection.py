"""What a protected stack keeps, and how its protection is lifted."""

import pulumi
import pytest

from hybrid_mesh.plugins.hybridmesh.main import HANDLERS
from tests.components.cloud_stacks import awaited, only
from tests.components.conftest import Declared, declare_mesh, read_stack

OWN_RESOURCES = set(HANDLERS)

PROTECTED = {
    "mesh-gcp-eu-vpc",
    "mesh-aws-us-vpc",
    "mesh-gke-eu-cluster",
    "mesh-eks-us-cluster",
    "mesh-trust-issuer-pool",
    "mesh-trust-issuer-root",
    # Firewalls of others and bundles name the addresses.
    "mesh-gcp-eu-nat-0",
    "mesh-gcp-eu-nat-1",
    "mesh-gke-eu-gateway",
    *(f"mesh-eks-us-gateway-{zone}" for zone in "abc"),
    *(f"mesh-aws-us-nat-{zone}" for zone in "abc"),
}


def test_a_protected_stack_is_protected(prod: Declared, capsys: pytest.CaptureFixture[str]) -> None:
    assert {name for (_, name), opts in prod.recording.options.items() if opts.protect} == PROTECTED
    addresses = {
        each.name
        for token in ("aws:ec2/eip:Eip", "gcp:compute/address:Address")
        for each in prod.recording.of_type(token)
    }
    assert addresses <= PROTECTED
    assert only(prod, "gcp:container/cluster:Cluster")["deletionProtection"] is True
    assert only(prod, "aws:eks/cluster:Cluster")["deletionProtection"] is True
    assert only(prod, "gcp:certificateauthority/authority:Authority")["deletionProtection"] is True


@pytest.mark.parametrize("stack", ["prod", "dev"])
def test_a_destroy_begins_with_the_protection(stack: str) -> None:
    """It depends on everything, directly: what it did not depend on would be deleted beside it."""
    raw = {**read_stack(stack), "protected": True}
    declared = declare_mesh(raw, stack=stack)
    resources = [
        each.name
        for each in declared.recording.declared
        if not each.typ.startswith("hybridmesh:index:") or each.typ in OWN_RESOURCES
    ]
    assert awaited(declared, "mesh-protection") == set(resources) - {"mesh-protection"}


def test_no_component_is_without_a_resource(prod: Declared) -> None:
    """The engine counts a component among a resource's dependencies by its children only."""
    declared = prod.recording.declared
    components = {each.name for each in declared if each.typ.startswith("hybridmesh:index:")}
    parents = {
        options.parent.pulumi_resource_name
        for options in prod.recording.options.values()
        if options.parent is not None
    }
    own = {each.name for each in declared if each.typ in OWN_RESOURCES}
    assert components - own <= parents


def test_nothing_is_touched_before_the_foundation_has_been_asked(prod: Declared) -> None:
    for each in prod.recording.declared:
        if each.typ.startswith("pulumi:providers:"):
            assert "mesh-foundation" in awaited(prod, each.name), each.name
    assert "mesh-foundation" in awaited(prod, "mesh-trust-issuer-request-gke-eu")


def test_clusters_of_which_there_cannot_be_two_go_before_they_are_replaced(prod: Declared) -> None:
    options = {name: each for (_, name), each in prod.recording.options.items()}
    for cluster in ("mesh-gke-eu-cluster", "mesh-eks-us-cluster"):
        assert options[cluster].delete_before_replace is True


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
