"""What a cloud's service would refuse at run time, though its SDK takes it."""

import base64
import json
import re

import pytest

from tests.components.conftest import Declared, declare_mesh, read_stack

RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
"""EC2 API, `IpRange.description`."""


@pytest.fixture(scope="module")
def prod() -> Declared:
    return declare_mesh(read_stack("prod"), stack="prod")


def test_ec2_takes_the_descriptions_of_rules(prod: Declared) -> None:
    rules = prod.recording.of_type(RULE)
    assert rules
    for each in rules:
        assert DESCRIPTION.fullmatch(each.inputs["description"]), each.inputs["description"]


def test_the_load_balancer_controller_may_change_what_it_tags(prod: Declared) -> None:
    """It tags with `elbv2.k8s.aws/cluster`, for Services too (its pkg/deploy/tracking/provider.go)."""
    policy = json.loads(prod.recording.named("mesh-eks-us-load-balancers-policy").inputs["policy"])
    keys = {
        key for statement in policy["Statement"] for key in statement.get("Condition", {}).get("Null", {})
    }
    assert keys == {"aws:RequestTag/elbv2.k8s.aws/cluster", "aws:ResourceTag/elbv2.k8s.aws/cluster"}


@pytest.mark.parametrize("stack", ["Prod", "2nd_site", "a"])
def test_google_takes_what_is_named_after_a_stack(stack: str) -> None:
    """Pulumi's stacks have names that no service account and no VM may have."""
    recording = declare_mesh(read_stack("staging"), stack=stack).recording
    accounts = recording.of_type("gcp:serviceaccount/account:Account")
    groups = recording.of_type("gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager")
    named = [each.inputs["accountId"] for each in accounts]
    named += [each.inputs["baseInstanceName"] for each in groups]
    assert len(named) == 3
    for name in named:
        assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", name), name


def test_the_packed_user_data_is_the_same_wherever_the_program_runs(prod: Declared) -> None:
    template = prod.recording.named("mesh-group-orders-machines-template").inputs
    assert base64.b64decode(template["userData"])[:10].hex() == "1f8b08000000000002ff"
