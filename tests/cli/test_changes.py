"""What a preview finds, in words, and what is lost by it."""

import json
from typing import Any

import pytest

from hybrid_mesh.cli.changes import KINDS, MOST_LINES, Changes
from hybrid_mesh.cli.events import Step, read_event
from tests.cli.engine_events import EAST, ISTIOD, VM, WEST, begun, done, urn

AUTHORITY = urn("authority", "mesh-trust-authority")
GKE = urn("gke", "mesh-gke-eu-cluster")


def found(*events: dict[str, Any]) -> Changes:
    changes = Changes()
    for event in events:
        step = read_event(json.dumps(event))
        assert isinstance(step, Step)
        changes.add(step)
    return changes


def namespace(cluster: str, name: str) -> dict[str, Any]:
    provider = f"urn:pulumi:local::hybrid-mesh::pulumi:providers:kubernetes::mesh-{cluster}-provider::04da"
    return {"inputs": {"metadata": {"name": name}}, "provider": provider}


@pytest.mark.parametrize(
    ("event", "loss"),
    [
        (
            begun("replace", WEST, inputs={"clusterName": "west"}),
            "replaces cluster west: its workloads are lost",
        ),
        (begun("delete", GKE), "deletes cluster gke-eu: its workloads are lost"),
        (begun("delete", VM, inputs={"machineName": "legacy-1"}), "deletes VM legacy-1: its disk is lost"),
        (
            begun("replace", AUTHORITY),
            f"replaces the root CA: {KINDS['hybridmesh:index:CertificateAuthority'].loss}",
        ),
        (
            begun("delete", urn("GcpNetwork$gcp:compute/network:Network", "mesh-amsterdam-vpc")),
            "deletes network amsterdam: everything in it goes with it",
        ),
        (
            begun("delete", urn("namespace", "mesh-east-namespace-demo"), **namespace("east", "demo")),
            "deletes namespace demo: every object in it is lost",
        ),
        (
            begun("replace", urn("aws:autoscaling/group:Group", "mesh-group-legacy-machines-group")),
            "replaces VMs of group legacy: their disks are lost",
        ),
    ],
)
def test_what_is_lost_is_called_by_its_name(event: dict[str, Any], loss: str) -> None:
    assert found(event).losses == [loss]


@pytest.mark.parametrize(
    "event",
    [
        begun("create", EAST),
        begun("update", EAST, inputs={"clusterName": "east"}),
        begun("same", EAST),
        begun("replace", ISTIOD),
        begun("delete", EAST, inputs={"clusterName": "east"}, retainOnDelete=True),
        done("delete", EAST),
        begun("delete-replaced", EAST),
    ],
    ids=["create", "update", "same", "replaced release", "kept", "an end", "part of a replacement"],
)
def test_nothing_else_is_a_loss(event: dict[str, Any]) -> None:
    assert found(event).losses == []


def test_what_is_in_a_lost_cluster_is_not_named_again() -> None:
    changes = found(
        begun("replace", WEST, inputs={"clusterName": "west"}),
        begun("replace", urn("namespace", "mesh-west-namespace-demo"), **namespace("west", "demo")),
        begun("delete", urn("namespace", "mesh-east-namespace-shop"), **namespace("east", "shop")),
    )
    assert changes.losses == [
        "replaces cluster west: its workloads are lost",
        "deletes namespace shop: every object in it is lost",
    ]


def test_changes_are_listed_and_what_is_new_is_counted() -> None:
    changes = found(
        begun("create", EAST),
        begun("create", VM),
        begun("create", urn("vm", "mesh-group-legacy-machines-2")),
        begun("delete", WEST),
        begun("update", ISTIOD, detailedDiff={f"values.{name}": {} for name in "abcdef"}),
        begun("same", AUTHORITY),
    )
    assert changes.lines() == [
        "+ create   3 resources: 2 LocalMachine, 1 LocalCluster",
        "~ update   Release mesh-east-istio-istiod (values.a, values.b, values.c, values.d, …)",
        "- delete   LocalCluster mesh-west-cluster",
    ]


def test_a_long_list_ends_with_a_count() -> None:
    updates = [begun("update", urn("namespace", f"mesh-east-{index}")) for index in range(MOST_LINES + 7)]
    lines = found(*updates).lines()
    assert len(lines) == MOST_LINES + 1
    assert lines[-1].strip() == "… and 7 more"


def test_a_deletion_that_keeps_the_thing_is_said_to_forget_it() -> None:
    assert found(begun("delete", EAST, retainOnDelete=True)).lines() == [
        "- forget   LocalCluster mesh-east-cluster"
    ]


def test_every_kind_says_what_its_loss_means() -> None:
    for kind in KINDS.values():
        assert kind.noun
        assert kind.loss
