"""Single values of a stack file's text are changed, all else stays."""

import pytest
import yaml

from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.stack_edit import values, with_value
from tests.commands import PROJECT

TEXT = (PROJECT / "stacks/Pulumi.prod.yaml").read_text()


@pytest.mark.parametrize(
    ("path", "value", "read"),
    [
        ("id", "mesh-eu", "mesh-eu"),
        ("networks.gcp-eu.cidr", "10.64.0.0/16", "10.64.0.0/16"),
        ("clusters.eks-us.version", "1.34", "1.34"),
        ("clusters.gke-eu.nodePool.min", "4", 4),
        ("clusters.gke-eu.nodePool.min", "4, type: x}", "4, type: x}"),
        ("protected", "false", False),
        ("protected", "no", "no"),
        ("labels.owner", "no", "no"),
        ("labels.owner", "a: b # c", "a: b # c"),
        ("operators.cidrs", "198.51.100.0/28, 203.0.113.0/28", ["198.51.100.0/28", "203.0.113.0/28"]),
        ("operators.cidrs", "", []),
    ],
)
def test_one_value_is_another_and_every_other_line_is_as_it_was(path: str, value: str, read: object) -> None:
    keys = tuple(path.split("."))
    changed = with_value(TEXT, keys, value)
    assert values(changed) == {**values(TEXT), keys: read}
    before, after = TEXT.splitlines(), changed.splitlines()
    assert len(before) == len(after)
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1
    assert yaml.safe_load(changed).keys() == yaml.safe_load(TEXT).keys()


@pytest.mark.parametrize("path", ["nothing", "networks", "networks.gcp-eu", "ingress.public.routes"])
def test_what_is_not_a_value_of_the_template_is_refused(path: str) -> None:
    with pytest.raises(CommandError, match="is not a key of this template") as refused:
        with_value(TEXT, tuple(path.split(".")), "x")
    assert "networks.gcp-eu.cidr" in refused.value.remedy
