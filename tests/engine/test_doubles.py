"""What the doubles of the clouds refuse and compute: a double that takes everything proves nothing."""

import threading
from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.engine import EngineLog
from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.handler import CheckCall, CreateCall, DeleteCall, DiffCall, UpdateCall
from hybrid_mesh.plugins.framework.values import UNKNOWN
from tests.engine.doubles.cloud import Cloud
from tests.engine.doubles.google import Google
from tests.engine.doubles.store import VARIABLE, Thing, World

NETWORK = "gcp:compute/network:Network"
SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"
CLUSTER = "gcp:container/cluster:Cluster"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    made = World(tmp_path)
    made.offer(
        {
            kind: [{"server": f"https://127.0.0.1:{number}", "authority": "PEM"} for number in (1, 2)]
            for kind in ("gcp", "aws")
        }
    )
    return made


@pytest.fixture
def google(world: World) -> Google:
    made = Google()
    made.configure({"project": "p", "region": "europe-west4"}, call("provider"))
    return made


def call(name: str) -> CallContext:
    urn = f"urn:pulumi:test::project::type::{name}"
    return CallContext(urn, name, "", threading.Event(), EngineLog(), random_seed=name.encode())


def problems(cloud: Cloud, token: str, inputs: dict[str, Any]) -> dict[str, str]:
    checked = cloud.handler(token).check(CheckCall({}, inputs, call("a")))
    return {failure.property: failure.reason for failure in checked.failures}


def make(
    cloud: Cloud, token: str, name: str, /, *, checked: Any = True, **inputs: Any
) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The id, the inputs and the outputs. Unless `checked`, the plug-in's own check may complain."""
    handler = cloud.handler(token)
    answer = handler.check(CheckCall({}, inputs, call(name)))
    assert not checked or answer.failures == []
    made = handler.create(CreateCall(answer.inputs, False, 0, call(name)))
    return made.identity, answer.inputs, made.outputs


def change(
    cloud: Cloud, token: str, made: tuple[str, dict[str, Any], dict[str, Any]], **news: Any
) -> dict[str, Any]:
    """The outputs after an update of what `make` answered."""
    identity, inputs, outputs = made
    update = UpdateCall(identity, outputs, inputs, {**inputs, **news}, False, 0, call("a"))
    return cloud.handler(token).update(update)


def remove(cloud: Cloud, token: str, identity: str, inputs: dict[str, Any]) -> None:
    cloud.handler(token).delete(DeleteCall(identity, {}, inputs, 0, call("a")))


def test_an_unknown_type_is_refused(google: Google) -> None:
    with pytest.raises(ResourceError, match="no type gcp:compute/netwrok:Netwrok"):
        google.handler("gcp:compute/netwrok:Netwrok")


@pytest.mark.parametrize(
    ("token", "inputs", "path"),
    [
        (NETWORK, {"autoCreateSubnets": False}, "autoCreateSubnets"),
        (SUBNETWORK, {"network": "n", "ipCidrRange": ["10.0.0.0/8"]}, "ipCidrRange"),
        ("gcp:projects/iAMMember:IAMMember", {"role": "r", "member": "m"}, "project"),
        (
            CLUSTER,
            {"masterAuthorizedNetworksConfig": {"cidrBlocks": [{"cidrBlock": "a"}, {"cidr": "b"}]}},
            "masterAuthorizedNetworksConfig.cidrBlocks[1].cidr",
        ),
        (NETWORK, {"name": "Upper_Case"}, "name"),
    ],
    ids=["unknown", "misshapen", "missing", "nested", "malformed name"],
)
def test_a_wrong_property_is_named(google: Google, token: str, inputs: dict[str, Any], path: str) -> None:
    assert path in problems(google, token, inputs)


def test_a_preview_does_not_know_what_the_cloud_computes(google: Google) -> None:
    made = google.handler(CLUSTER).create(CreateCall({"name": "c"}, True, 0, call("c")))
    assert (made.identity, made.outputs["name"]) == ("", "c")
    assert made.outputs["endpoint"] is UNKNOWN
    assert made.outputs["masterAuth"] is UNKNOWN
    assert "description" not in made.outputs


def test_names_are_made_once_and_another_name_is_a_replacement(google: Google) -> None:
    handler = google.handler(NETWORK)
    first = handler.check(CheckCall({}, {}, call("mesh"))).inputs
    assert first["name"].startswith("mesh-")
    assert handler.check(CheckCall(first, {"description": "d"}, call("mesh"))).inputs["name"] == first["name"]
    named = handler.check(CheckCall(first, {"name": "other"}, call("mesh"))).inputs
    diff = handler.diff(DiffCall("id", first, first, named, call("mesh")))
    assert (diff.replaces, diff.delete_before_replace) == (["name"], True)


def test_what_is_used_cannot_be_deleted(google: Google, world: World) -> None:
    network, inputs, outputs = make(google, NETWORK, "n")
    subnet, below, _ = make(google, SUBNETWORK, "s", network=outputs["selfLink"], ipCidrRange="10.0.0.0/20")
    with pytest.raises(ResourceError, match="resourceInUseByAnotherResource"):
        remove(google, NETWORK, network, inputs)
    remove(google, SUBNETWORK, subnet, below)
    remove(google, NETWORK, network, inputs)
    assert world.things() == []
    assert [each.operation for each in world.calls()] == ["create", "create", "delete", "delete"]


def test_a_cluster_is_protected_unless_requested_otherwise(google: Google) -> None:
    identity, inputs, _ = make(google, CLUSTER, "c")
    with pytest.raises(ResourceError, match="deletionProtection"):
        remove(google, CLUSTER, identity, inputs)
    remove(google, CLUSTER, identity, {**inputs, "deletionProtection": False})


def test_a_cluster_that_goes_first_leaks_its_load_balancers(google: Google, world: World) -> None:
    network, inputs, _ = make(google, NETWORK, "n")
    identity, cluster, made = make(google, CLUSTER, "c", network=network)
    server = f"https://{made['endpoint']}"
    world.put(Thing("balancer", "LoadBalancer", "b", "b", {}, {"cloud": "gcp"}, server))
    remove(google, CLUSTER, identity, {**cluster, "deletionProtection": False})
    with pytest.raises(ResourceError, match="already being used by"):
        remove(google, NETWORK, network, inputs)
    assert [thing.identity for thing in world.balancers()] == ["b"]


def test_a_cluster_created_again_is_another_one(google: Google) -> None:
    first = make(google, CLUSTER, "c", deletionProtection=False)
    remove(google, CLUSTER, first[0], first[1])
    second = make(google, CLUSTER, "d", deletionProtection=False)
    assert first[2]["selfLink"] != second[2]["selfLink"]
    assert first[2]["endpoint"] != second[2]["endpoint"]


def test_a_create_fails_when_requested_and_only_then(google: Google, world: World) -> None:
    world.fail("create", "n", "quota exceeded")
    with pytest.raises(ResourceError, match="quota exceeded"):
        make(google, NETWORK, "n")
    assert world.things() == []
    world.repair()
    make(google, NETWORK, "n")
