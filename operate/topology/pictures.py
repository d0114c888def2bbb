"""The pictures of the README and of docs/; `python -m hybrid_mesh.operate.topology.pictures` draws them."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading.stack_file import load_stack_file
from hybrid_mesh.operate.topology.build import topology
from hybrid_mesh.operate.topology.compare import compare
from hybrid_mesh.operate.topology.svg import as_svg

_PROJECT: Final = Path(__file__).resolve().parents[2]
PICTURES: Final = _PROJECT / "docs" / "pictures"


def pictures() -> Iterator[tuple[str, str]]:
    """The name and the SVG of each."""
    local, prod = _mesh("local"), _mesh("prod")
    yield "local.svg", as_svg(topology(plan_from(local, "local")))
    before = topology(plan_from(prod, "prod"))
    yield "prod.svg", as_svg(before)
    yield "change.svg", as_svg(compare(before, topology(plan_from(_changed(prod), "prod")), "before.yaml"))


def _changed(prod: dict[str, Any]) -> dict[str, Any]:
    """Another network with a cluster, a group that registers elsewhere, other routes."""
    mesh = copy.deepcopy(prod)
    mesh["networks"]["aws-eu"] = {"type": "aws", "region": "eu-west-1", "cidr": "10.30.0.0/16"}
    mesh["clusters"]["eks-eu"] = {"type": "eks", "network": "aws-eu"}
    mesh["workloadGroups"]["ledger"]["cluster"] = "eks-us"
    ratings, orders = mesh["ingress"]["public"]["routes"]
    ratings["backends"] = [
        {"group": "ratings", "port": 9080, "weight": 90},
        {"service": "ratings-pods", "namespace": "bookinfo", "port": 9080, "weight": 10},
    ]
    mesh["ingress"]["public"]["routes"].remove(orders)
    return mesh


def _mesh(stack: str) -> dict[str, Any]:
    return dict(load_stack_file(_PROJECT / "stacks" / f"Pulumi.{stack}.yaml").mesh)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for name, text in pictures():
        (PICTURES / name).write_text(text, encoding="utf-8")
