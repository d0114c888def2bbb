"""How large what is planned may be: user-data, and the state of a cluster and of each peer."""

import base64
import json
import random
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.plan.user_data import _boot, _boot_of_application, _fits_at_worst
from hybrid_mesh.model.reading.parse import parse_mesh
from hybrid_mesh.model.texts.cloud_init import UserDataTooLarge, render_user_data
from hybrid_mesh.model.texts.gzipped import gzipped
from hybrid_mesh.model.texts.remote_secret import render_kubeconfig
from tests.model.meshes import LOCAL, PROD, changed

COUNTS = (2, 10, 40)
CLUSTER_BYTES, PEER_BYTES = 150_000, 12_000
"""Budget of one cluster's state, and of each peer's part in it."""

BASE64 = 4 / 3
"""What a Secret's data and, once more, the state's encryption make of a text."""


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 12_000), st.integers(1, 40), st.randoms(use_true_random=False))
def test_what_is_not_rendered_would_have_fitted(size: int, lines: int, chance: random.Random) -> None:
    rubbish = base64.b85encode(chance.randbytes(size)).decode()
    step = max(1, len(rubbish) // lines)
    content = "".join(f"{rubbish[i : i + step]}\n" for i in range(0, len(rubbish), step)) or "\n"
    files = [{"path": "/etc/rubbish", "content": content}]
    boot = _boot(
        parse_mesh(changed(PROD, {"workloadGroups.orders.application": {"files": files}})).mesh, "orders"
    )
    if _fits_at_worst(boot):
        render_user_data(boot)


@pytest.mark.parametrize(("raw", "name"), [(PROD, "orders"), (PROD, "ratings"), (LOCAL, "legacy")])
def test_what_is_read_of_a_group_alone_is_no_larger_than_all_of_it(raw: dict[str, Any], name: str) -> None:
    mesh = parse_mesh(raw).mesh
    alone = _boot_of_application(name, mesh.workload_groups[name])
    assert len(render_user_data(alone)) < len(render_user_data(_boot(mesh, name)))
    assert len(gzipped(render_user_data(alone))) < len(gzipped(render_user_data(_boot(mesh, name))))


def test_what_is_too_large_at_its_worst_is_measured() -> None:
    files = [
        {"path": "/etc/rubbish", "content": base64.b85encode(random.Random(1).randbytes(20_000)).decode()}
    ]
    boot = _boot(
        parse_mesh(changed(PROD, {"workloadGroups.orders.application": {"files": files}})).mesh, "orders"
    )
    assert not _fits_at_worst(boot)
    with pytest.raises(UserDataTooLarge):
        render_user_data(boot)


def _plan(count: int) -> MeshPlan:
    """`count` clusters, each in a network of its own, turn by turn on GKE and EKS."""
    networks, clusters = {}, {}
    for index in range(count):
        gke = index % 2 == 0
        aws = {"type": "aws", "region": "us-east-1", "rulesPerSecurityGroup": 1000}
        place = {"type": "gcp", "region": "europe-west4"} if gke else aws
        networks[f"net-{index}"] = {**place, "cidr": f"10.{index}.0.0/16"}
        clusters[f"cluster-{index}"] = {
            "type": "gke" if gke else "eks",
            "network": f"net-{index}",
            "endpoint": "private",
            "authorizedNetworks": ["10.250.0.0/16"],
        }
    bare = {"networks": networks, "clusters": clusters, "workloadGroups": {}, "ingress": {}}
    return plan_from(changed(PROD, bare), "prod")


@pytest.mark.parametrize("count", COUNTS)
def test_a_cluster_keeps_to_its_budget_of_state(count: int) -> None:
    plan = _plan(count)
    peer = render_kubeconfig("cluster-0", "https://10.0.0.2", "A" * 2_000, "t" * 1_200)
    for cluster in plan.clusters.values():
        own = len(json.dumps(asdict(cluster), default=str))
        remote = len(peer) * len(cluster.peers) * BASE64 * BASE64
        assert 2 * (own + remote) <= CLUSTER_BYTES / 2 + PEER_BYTES * len(cluster.peers)


def test_a_further_peer_adds_less_than_its_budget() -> None:
    few, many = _plan(10).clusters["cluster-0"], _plan(40).clusters["cluster-0"]
    grown = len(json.dumps(asdict(many), default=str)) - len(json.dumps(asdict(few), default=str))
    assert grown / 30 < 1_000


@pytest.mark.parametrize("count", [10, 5000])
def test_the_number_of_machines_in_a_set_costs_nothing(count: int) -> None:
    machines = {"type": "ec2", "count": count}
    changes = {"workloadGroups.orders.machines": machines, "networks.aws-us.cidr": "10.20.0.0/16"}
    group = plan_from(changed(PROD, changes), "prod").groups["orders"]
    assert group.machines == ()
    assert len(json.dumps(asdict(group), default=str)) < 12_000
