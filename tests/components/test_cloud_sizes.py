"""Sizes belong to the autoscalers: changed bounds move the present size into them, and no further."""

from collections.abc import Mapping

import pytest

from tests.components.cloud_stacks import only
from tests.components.conftest import declare_mesh, read_stack
from tests.components.recording import Answers

GROUPS = "aws:eks/getNodeGroups:getNodeGroups"
GROUP = "aws:eks/getNodeGroup:getNodeGroup"


def _scaling(
    bounds: Mapping[str, int], present: Mapping[str, int], *, preview: bool = False
) -> dict[str, int]:
    """What is sent for the node group of `prod` with `bounds` in an account with the sizes `present`."""
    raw = read_stack("prod")
    raw["clusters"]["eks-us"]["nodeGroup"] |= bounds
    answers: Answers = {
        GROUPS: lambda asked: {"names": list(present) if asked["clusterName"] else None},
        GROUP: lambda asked: {"scalingConfigs": [{"desiredSize": present[asked["nodeGroupName"]]}]},
    }
    declared = declare_mesh(raw, stack="prod", answers=answers, preview=preview)
    found: dict[str, int] = only(declared, "aws:eks/nodeGroup:NodeGroup")["scalingConfig"]
    return found


@pytest.mark.parametrize(
    ("bounds", "present", "desired"),
    [
        ({"min": 3, "max": 15}, {"mesh-eks-us-nodes-1a2b3c4": 9}, 9),
        ({"min": 6, "max": 12}, {"mesh-eks-us-nodes-1a2b3c4": 3}, 6),
        ({"min": 3, "max": 5}, {"mesh-eks-us-nodes-1a2b3c4": 9}, 5),
        ({"min": 3, "max": 12}, {}, 3),
        ({"min": 3, "max": 12}, {"somebody-elses": 11}, 3),
        ({"min": 3, "max": 12}, {"mesh-eks-us-nodes-1a2b3c4": 4, "mesh-eks-us-nodes-5d6e7f8": 8}, 8),
    ],
    ids=["higher maximum", "higher minimum", "lower maximum", "first", "of others", "being replaced"],
)
def test_the_size_of_a_node_group_is_the_present_one_within_the_bounds(
    bounds: dict[str, int], present: dict[str, int], desired: int
) -> None:
    sent = _scaling(bounds, present)
    assert sent == {"minSize": bounds["min"], "maxSize": bounds["max"], "desiredSize": desired}


def test_no_change_of_a_node_group_is_ignored() -> None:
    """An ignored change sends the size in the state, even if the account has another."""
    declared = declare_mesh(read_stack("prod"), stack="prod")
    options = declared.recording.options["aws:eks/nodeGroup:NodeGroup", "mesh-eks-us-nodes"]
    assert not options.ignore_changes


def test_no_size_is_sent_for_an_auto_scaling_group() -> None:
    declared = declare_mesh(read_stack("prod"), stack="prod")
    group = only(declared, "aws:autoscaling/group:Group")
    assert (group["minSize"], group["maxSize"]) == (3, 20)
    assert "desiredCapacity" not in group
