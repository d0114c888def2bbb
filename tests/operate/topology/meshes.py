"""Meshes whose pictures are tested: stack files, and variants of the local one."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.stack_file import load_stack_file
from hybrid_mesh.operate.topology.build import topology
from hybrid_mesh.operate.topology.graph import (
    Certificate,
    Edge,
    Health,
    Kind,
    Node,
    Probe,
    Relation,
    Topology,
)
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


def live() -> Topology:
    """The local mesh as doctor and verify may have seen it."""
    found = graph("local")
    health = {
        "cluster/east": (Health.HEALTHY, ()),
        "cluster/west": (
            Health.BROKEN,
            ("istiod of west does not answer.", "hybrid-mesh kubectl west -- get pods"),
        ),
        "group/legacy": (Health.WARNING, ("1 of 2 VMs is registered.",)),
        "vm/legacy/legacy-0": (Health.HEALTHY, ()),
        "vm/legacy/legacy-1": (Health.UNKNOWN, ("Not looked at: it does not answer.",)),
    }
    nodes = tuple(
        replace(each, health=health[each.id][0], notes=health[each.id][1]) if each.id in health else each
        for each in found.nodes
    )
    probes = tuple(
        Probe(
            source,
            destination,
            "answer",
            Health.BROKEN if destination == "cluster west" else Health.HEALTHY,
            detail,
        )
        for source in ("pod probe in east", "VM legacy-0")
        for destination, detail in (("cluster east", "200 in 12 ms"), ("cluster west", "no healthy upstream"))
    )
    certificates = (
        Certificate("cluster east", "root", "2036-11-24T10:00:00Z", 3650, Health.HEALTHY),
        Certificate("VM legacy-0", "workload", "2026-11-27T22:00:00Z", 0, Health.WARNING),
    )
    return replace(
        found, nodes=nodes, probes=probes, certificates=certificates, live="2026-11-27 10:00:00 UTC"
    )


def hostile() -> Topology:
    """Names that a parser of HTML, SVG or JavaScript could take for something else."""
    names = [
        "<script>hurt = 1</script>",
        "\"><img src=x onerror='hurt = 1'>",
        "</text></svg><script>hurt = 1</script>",
        "</style></template><script>hurt = 1</script>",
        "' onfocus=hurt=1 autofocus='",
        "&lt;b&gt; ]]> --> ${hurt = 1} `x`",
        "日本語のネットワーク-with-a-name-of-sixty-three-characters-0123456",
        "m" * 63,
    ]
    nodes = [
        Node(f"network/{each}", Kind.NETWORK, each, None, (("CIDR", each), (each, each))) for each in names
    ]
    nodes += [
        Node(f"cluster/{each}", Kind.CLUSTER, each, f"network/{each}", (("type", each),), notes=(each,))
        for each in names
    ]
    edges = [Edge(Relation.PEERS, nodes[0].id, each.id, each.name, notes=(each.name,)) for each in nodes[1:4]]
    return Topology(
        names[0],
        names[1],
        (("trust domain", names[2]),),
        tuple(nodes),
        tuple(edges),
        names[3],
        names[4],
        (names[0],),
        (Probe(names[0], names[1], names[2], Health.BROKEN, names[3]),),
        (Certificate(names[0], names[1], names[2], 1, Health.WARNING),),
    )


def _group(cluster: str, network: str, index: int) -> dict[str, Any]:
    return {
        "namespace": "shop",
        "cluster": cluster,
        "network": network,
        "labels": {"app": f"service-{index:02}", "version": "vm"},
        "ports": {"http": 9080},
        "machines": {"type": "local", "count": 1 + index % 3},
    }
