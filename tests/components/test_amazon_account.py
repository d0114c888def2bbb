"""What the program declares on AWS, in an account that refuses what AWS refuses."""

from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pulumi
import pytest

from hybrid_mesh.model.clouds.aws_permissions import STATEMENTS
from tests.components.account import AmazonAccount
from tests.components.conftest import read_stack
from tests.engine.console import REGION, Console
from tests.engine.doubles.amazon_answers import give_authority, scale_nodes
from tests.model.meshes import changed

NODES = "aws:eks/nodeGroup:NodeGroup"
CLUSTER = "aws:eks/cluster:Cluster"
GIVEN = f"arn:aws:acm-pca:{REGION}:111122223333:certificate-authority/11111111-2222-3333-4444-555555555555"
PRIVATE_CA = {"trust": {"issuer": "aws-private-ca", "region": REGION}}


@pytest.fixture
def account(tmp_path: Path) -> AmazonAccount:
    return AmazonAccount(tmp_path)


def prod(changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The AWS part of the stack `prod`, with changes by path."""
    mesh = read_stack("prod")
    for section in ("networks", "clusters"):
        mesh[section] = {name: each for name, each in mesh[section].items() if each["type"] in ("aws", "eks")}
    mesh["workloadGroups"] = {"orders": mesh["workloadGroups"]["orders"]}
    mesh |= {"ingress": {}, "trust": {"issuer": "self-signed"}}
    return changed(mesh, changes or {})


def sizes(account: AmazonAccount) -> dict[str, int]:
    """The live sizes of the node group."""
    (nodes,) = account.of_type(NODES)
    cluster, _, name = nodes.identity.partition(":")
    found = account.amazon.account.ask(
        "eks", "DescribeNodegroup", REGION, clusterName=cluster, nodegroupName=name
    )
    return dict(found["nodegroup"]["scalingConfig"])


def scale(account: AmazonAccount, size: int) -> None:
    (nodes,) = account.of_type(NODES)
    scale_nodes(account.amazon.account, REGION, nodes.identity, size)


def test_an_account_takes_everything_and_lets_it_go_with_the_documented_permissions(
    account: AmazonAccount,
) -> None:
    """Beyond IAM, `PowerUserAccess` allows everything. A label less takes tags away."""
    labels = {"owner": "platform", "team": "mesh"}
    account.up(prod({"labels": labels, **PRIVATE_CA}))
    account.up(prod({"labels": {"owner": "someone"}, "protected": False, **PRIVATE_CA}))
    account.destroy()
    assert account.state == {}
    used = {action for action in account.amazon.account.actions if action.startswith("iam:")}
    assert "iam:UntagInstanceProfile" in used
    allowed = [str(action) for statement in STATEMENTS for action in _list(statement["Action"])]
    assert {action for action in used if not any(fnmatch(action, each) for each in allowed)} == set()


def test_a_second_run_calls_nothing(account: AmazonAccount) -> None:
    account.up(prod())
    account.amazon.account.actions.clear()
    account.up(prod())
    assert account.amazon.account.actions == []


def test_a_zone_more_reaches_the_nodes_and_not_the_control_plane(account: AmazonAccount) -> None:
    account.up(prod())
    (before,) = account.of_type(CLUSTER)
    account.up(prod({"networks.aws-us.zones": [f"{REGION}{letter}" for letter in "abcd"]}))
    (now,) = account.of_type(CLUSTER)
    assert now.inputs["vpcConfig"]["subnetIds"] == before.inputs["vpcConfig"]["subnetIds"]
    (nodes,) = account.of_type(NODES)
    assert len(nodes.inputs["subnetIds"]) == 4


def test_the_bounds_of_nodes_move_their_size_only_into_them(account: AmazonAccount) -> None:
    account.up(prod())
    for bounds, live, size in (
        ({"min": 3, "max": 15}, 9, 9),
        ({"min": 6, "max": 15}, 9, 9),
        ({"min": 10, "max": 15}, 9, 10),
        ({"min": 3, "max": 5}, 10, 5),
    ):
        scale(account, live)
        account.up(prod({f"clusters.eks-us.nodeGroup.{key}": value for key, value in bounds.items()}))
        assert sizes(account) == {"minSize": bounds["min"], "maxSize": bounds["max"], "desiredSize": size}


def test_the_next_version_goes_to_the_control_plane_and_then_to_the_nodes(account: AmazonAccount) -> None:
    account.up(prod({"clusters.eks-us.version": "1.34"}))
    account.amazon.account.actions.clear()
    account.up(prod())
    updates = [action for action in account.amazon.account.actions if "Version" in action]
    assert updates == ["eks:UpdateClusterVersion", "eks:UpdateNodegroupVersion"]


@pytest.mark.parametrize("key", ["EC_prime256v1", "RSA_2048"])
def test_a_given_authority_signs_with_its_own_kind_of_key(account: AmazonAccount, key: str) -> None:
    give_authority(account.amazon.account, GIVEN, key=key)
    account.up(prod({"trust": {**PRIVATE_CA["trust"], "arn": GIVEN}}))
    assert account.of_type("aws:acmpca/certificate:Certificate")


@pytest.mark.parametrize("flags", [{}, {"enableDnsHostnames": False}], ids=["with names", "without"])
def test_an_adopted_network_needs_names(account: AmazonAccount, flags: dict[str, bool]) -> None:
    console = Console(account.world)
    vpc = console.vpc(**flags).identity
    console.make("InternetGateway", "internet", vpcId=vpc)
    adopted = prod({"networks.aws-us.id": vpc})
    if not flags:
        account.up(adopted)
        return
    with pytest.raises(pulumi.RunError, match="has DNS turned off"):
        account.up(adopted)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
