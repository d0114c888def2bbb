"""Stacks of the shape of `prod` with any number of clusters and VMs, and what they consist of."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.commands import PROJECT
from tests.engine.doubles.amazon import Amazon
from tests.engine.doubles.together import MemoryWorld, together
from tests.engine.fake_api import TOKEN, fake_api
from tests.engine.site import Site, make_site
from tests.filled import filled_text

STACK: Final = "prod"
MOST_OF_A_CLUSTER: Final = 14
"""Kubernetes-side resources that a cluster has as such, at most; groups have their own."""
CLUSTER_BYTES, PEER_BYTES = 150_000, 12_500
"""Of the state, at most: what a cluster's Kubernetes-side resources weigh, and what each peer adds."""
RULES_PER_GROUP: Final = 1000
"""The quota of AWS, raised: every cluster more is a rule more."""
_RESTRICTED_AT_MOST: Final = 10
"""Beyond, the clouds take no list of all peers' addresses, so that the API servers are private."""


def mesh_of(clusters: int, machines: int, groups: int = 2) -> dict[str, Any]:
    """The mesh of `prod` with so many clusters, by turns GKE and EKS, each in a network of its own.

    The VMs are in `groups` groups, by turns of Compute Engine and of EC2.
    """
    text = filled_text((PROJECT / "stacks" / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8"))
    mesh: dict[str, Any] = yaml.safe_load(text)["config"]["hybrid-mesh:mesh"]
    mesh |= {"networks": {}, "clusters": {}, "workloadGroups": {}, "ingress": {}}
    mesh |= {"protected": False, "trust": {"issuer": "self-signed"}}
    for number in range(clusters):
        name, network = f"c{number}", f"n{number}"
        kind = ("gke", "gcp", "europe-west4") if number % 2 == 0 else ("eks", "aws", "us-east-1")
        mesh["networks"][network] = {"type": kind[1], "region": kind[2], "cidr": f"10.{number + 1}.0.0/16"}
        if kind[1] == "aws":
            mesh["networks"][network]["rulesPerSecurityGroup"] = RULES_PER_GROUP
        cluster: dict[str, Any] = {"type": kind[0], "network": network}
        if kind[0] == "eks":
            cluster["version"] = "1.35"
        if clusters > _RESTRICTED_AT_MOST:
            cluster |= {"endpoint": "private", "authorizedNetworks": ["10.250.0.0/16"]}
            mesh["networks"][network]["id"] = f"vpc-{number:08x}" if kind[0] == "eks" else f"shared-{number}"
        mesh["clusters"][name] = cluster
    for number in range(groups):
        mesh["workloadGroups"][f"g{number}"] = {
            "namespace": "shop",
            "cluster": f"c{number % 2}",
            "network": f"n{number % 2}",
            "labels": {"app": f"g{number}"},
            "ports": {"http": 8080},
            "machines": {"type": ("gce", "ec2")[number % 2], "count": machines // groups},
        }
    return mesh


@dataclass(frozen=True)
class Shape:
    """What a stack consists of."""

    resources: int
    remote_secrets: int
    of_clusters: Mapping[str, int]
    """Kubernetes-side resources that each cluster has as such, by the name of its provider."""

    @classmethod
    def of(cls, resources: Iterable[tuple[str, str, str]]) -> Shape:
        """Of the type, the name and the provider (its URN and id) of each resource."""
        named = list(resources)
        own = [(name, provider) for kind, name, provider in named if _of_a_cluster(kind, name)]
        return cls(
            resources=len(named),
            remote_secrets=sum(name.endswith("-peering-remote-secrets") for name, _ in own),
            of_clusters=Counter(_name_of(provider) for _, provider in own),
        )


@contextmanager
def scaled(folder: Path, mesh: Mapping[str, Any]) -> Iterator[Site]:
    """A stack with `mesh` whose doubles are in this process, with an API server for every cluster."""
    world = MemoryWorld(folder / "world")
    Amazon(world).account.rules_per_group = RULES_PER_GROUP
    machines = sum(group["machines"]["count"] for group in mesh["workloadGroups"].values())
    with fake_api(world, len(mesh["clusters"])) as api, together(world) as providers:
        api.istiod.machines = machines
        offered = [{"server": server, "authority": api.authority} for server in api.servers]
        servers = {"gcp": offered, "aws": offered, "kubeconfig": []}
        site = make_site(folder, STACK, world, api, servers=servers, credential={"token": TOKEN})
        site.configure(mesh)
        site.environment["PULUMI_DEBUG_PROVIDERS"] = providers
        yield site


@dataclass(frozen=True)
class Weight:
    """The size of a state in bytes, secrets as ciphertext, without the blanks between its parts."""

    resources: int
    whole: int
    traces: int
    """Of the whole, what the engine notes of the program's stack at each resource."""
    of_clusters: Mapping[str, int]
    """Of the whole, the Kubernetes-side resources of each cluster as such, by the name of its provider."""

    @classmethod
    def of(cls, site: Site) -> Weight:
        """Of the state that the backend keeps."""
        (file,) = (site.folder.parent / "state").glob(".pulumi/stacks/**/*.json")
        state = json.loads(file.read_text(encoding="utf-8"))
        resources = state["checkpoint"]["latest"]["resources"]
        of_clusters: Counter[str] = Counter()
        for each in resources:
            if _of_a_cluster(each["type"], each["urn"].rpartition("::")[2]):
                of_clusters[_name_of(each["provider"])] += _size(each)
        traces = sum(_size(each["stackTrace"]) for each in resources if "stackTrace" in each)
        return cls(len(resources), _size(state), traces, of_clusters)


def most_bytes(clusters: int) -> int:
    """What the Kubernetes-side resources of one of so many clusters may weigh."""
    return CLUSTER_BYTES + PEER_BYTES * (clusters - 1)


def bytes_of_one_of(clusters: int, weights: Mapping[int, Weight]) -> int:
    """What those of the heaviest of so many clusters will weigh: its part grows by the same for each peer.
    `weights` are by the number of clusters, two at least.
    """
    fewest, most = min(weights), max(weights)
    few, many = (max(weights[number].of_clusters.values()) for number in (fewest, most))
    return many + (many - few) * (clusters - most) // (most - fewest)


def _size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":")))


def _of_a_cluster(kind: str, name: str) -> bool:
    """Whether a resource is Kubernetes-side and a cluster's as such, no group's."""
    return kind.startswith("kubernetes:") and not name.startswith("mesh-group-")


def _name_of(provider: str) -> str:
    """The name in a provider's URN, which its id follows."""
    return provider.split("::")[-2]
