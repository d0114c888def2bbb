"""Meshes whose pictures are tested: stack files, and variants of the local one."""

import copy
from collections.abc import Callable
from typing import Any

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.stack_file import load_stack_file
from hybrid_mesh.operate.topology.build import topology
from hybrid_mesh.operate.topology.graph import Topology
from tests.commands import PROJECT

Change = Callable[[dict[str, Any]], object]


def raw(stack: str) -> dict[str, Any]:
    """The mesh of one of the project's stacks, to be changed."""
    return copy.deepcopy(dict(load_stack_file(PROJECT / "stacks" / f"Pulumi.{stack}.yaml").mesh))


def plan(stack: str, *changes: Change) -> MeshPlan:
    mesh = raw(stack)
    for change in changes:
        change(mesh)
    return plan_from(mesh, stack)


def graph(stack: str, *changes: Change) -> Topology:
    return topology(plan(stack, *changes))


def large(clusters: int = 12, groups: int = 40) -> dict[str, Any]:
    """A mesh with clusters and groups of VMs in four networks, and routes to some."""
    sites = ["amsterdam", "boston", "cairo", "delhi"]
    names = [f"{sites[index % 4]}-{index // 4 + 1}" for index in range(clusters)]
    group = {
        f"service-{index:02}": _group(names[index % clusters], sites[index % 4], index)
        for index in range(groups)
    }
    return {
        "id": "large",
        "trustDomain": "mesh.example.com",
        "istio": raw("local")["istio"],
        "trust": {"issuer": "self-signed"},
        "networks": {
            site: {"type": "local", "cidr": f"10.{10 + index}.0.0/16"} for index, site in enumerate(sites)
        },
        "clusters": {
            name: {"type": "local", "network": sites[index % 4]} for index, name in enumerate(names)
        },
        "workloadGroups": group,
        "ingress": {
            "public": {
                "cluster": names[0],
                "listeners": [{"name": "http", "port": 80}],
                "routes": [
                    {
                        "name": f"route-{index}",
                        "pathPrefix": f"/{index}",
                        "backends": [
                            {"group": f"service-{index:02}", "port": 9080, "weight": 80},
                            {"group": f"service-{index + 1:02}", "port": 9080, "weight": 20},
                        ],
                    }
                    for index in range(0, 8, 2)
                ],
            }
        },
    }


def _group(cluster: str, network: str, index: int) -> dict[str, Any]:
    return {
        "namespace": "shop",
        "cluster": cluster,
        "network": network,
        "labels": {"app": f"service-{index:02}", "version": "vm"},
        "ports": {"http": 9080},
        "machines": {"type": "local", "count": 1 + index % 3},
    }
