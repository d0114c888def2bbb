"""The life of every stack but `local` and `prod`: what its file says, a failure half way, growth, the end.

The tests of a stack run in this order; each leaves it whole, so that the next can rely on it.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.shape import first, last, leaked
from tests.engine.site import Site, site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]

CLUSTERS = {"dev": "one", "staging": "gke-eu"}
"""Of each stack the cluster with the group `ratings`."""
MORE: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "dev": (
        {"type": "external", "cidr": "10.246.0.0/16"},
        {
            "type": "kubeconfig",
            "context": "kind-three",
            "peerEndpoint": "https://172.18.0.4:6443",
            "gateway": {"serviceType": "NodePort", "addresses": ["172.18.0.4"]},
        },
        "three",
    ),
    "staging": (
        {"type": "gcp", "region": "us-central1", "cidr": "10.30.0.0/16"},
        {"type": "gke"},
        "gke-us",
    ),
}
"""A network and a cluster that each stack gets besides, and the cluster's name."""
GKE = "gcp:container/cluster:Cluster"


@pytest.fixture(scope="module", params=list(CLUSTERS))
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp(request.param), request.param) as made:
        yield made


def test_a_create_that_fails_half_way_is_resumed_and_makes_what_the_preview_named(stack: Site) -> None:
    previewed = stack.preview()
    assert "[unknown]" in previewed
    assert "error" not in previewed
    foreseen = set(stack.planned())
    assert stack.world.things() == [], "a preview makes nothing"

    stack.world.fail("create", f"mesh-{CLUSTERS[stack.stack]}-istio-istiod", "the quota of pods is used up")
    said = stack.up(fails=True)
    assert "the quota of pods is used up" in said
    assert "Traceback" not in said
    before = {thing.identity for thing in stack.world.things()}
    assert before
    stack.world.repair()
    stack.up()
    assert before <= {thing.identity for thing in stack.world.things()}, "what was made is not made again"
    made = {each["urn"].rpartition("::")[2] for each in stack.resources()}
    assert made - {"default"} == foreseen, (
        "the preview named everything but the provider of our own resources"
    )


def test_a_second_up_changes_nothing(stack: Site) -> None:
    stack.up("--expect-no-changes")
    stack.pulumi("preview", "--refresh", "--expect-no-changes")
    assert stack.api is not None
    assert stack.api.refused == [], "every question carried the credential plug-in's token"


def test_the_exported_state_holds_no_plain_secret(stack: Site) -> None:
    assert leaked(stack) == []


def test_a_group_more_touches_no_other(stack: Site) -> None:
    mesh = stack.mesh
    mesh["workloadGroups"]["reviews"] = {**mesh["workloadGroups"]["ratings"], "labels": {"app": "reviews"}}
    stack.configure(mesh)
    planned = stack.planned()
    created = {name for name, op in planned.items() if op == "create"}
    assert created
    assert set(planned.values()) <= {"create", "update"}
    assert not [name for name in created if "reviews" not in name]
    assert not [name for name in planned if "group-ratings" in name]


def test_another_version_of_istio_is_an_update_and_the_group_more_comes_with_it(stack: Site) -> None:
    mesh = stack.mesh
    mesh["istio"]["version"] = "1.31.1"
    stack.configure(mesh)
    planned = stack.planned()
    cluster = CLUSTERS[stack.stack]
    assert planned[f"mesh-{cluster}-istio-istiod"] == "update"
    assert planned[f"mesh-{cluster}-gateway-release"] == "update"
    assert {op for name, op in planned.items() if "istio" in name} == {"update"}
    stack.up()
    stack.up("--expect-no-changes")


def test_a_cluster_more_is_read_by_its_peers_and_goes(stack: Site) -> None:
    mesh, before = stack.mesh, servers(stack)
    network, cluster, name = MORE[stack.stack]
    mesh["networks"]["more"], mesh["clusters"][name] = network, {**cluster, "network": "more"}
    stack.configure(mesh)
    said = stack.up()
    assert " created" in said
    assert " replaced" not in said
    assert " deleted" not in said
    assert len(servers(stack) - before) == 1
    secrets = [each for each in stack.world.things("kubernetes") if "istio-remote-secrets" in each.identity]
    assert [len(secret.inputs["data"]) for secret in secrets] == [len(before)] * (len(before) + 1)

    del mesh["networks"]["more"], mesh["clusters"][name]
    stack.configure(mesh)
    stack.up()
    assert servers(stack) == before
    stack.up("--expect-no-changes")


def servers(stack: Site) -> set[str]:
    """The API servers with anything in them."""
    return {thing.owner for thing in stack.world.things("kubernetes")}


def test_destroy_goes_in_the_right_order_and_leaves_nothing(stack: Site) -> None:
    stack.world.forget_calls()
    stack.destroy()
    assert stack.resources() == []
    assert stack.world.things() == []
    assert stack.world.balancers() == []
    calls, cluster = stack.world.calls("delete"), CLUSTERS[stack.stack]
    istiod = first(calls, name=f"mesh-{cluster}-istio-istiod")
    assert last(calls, name=f"mesh-{cluster}-gateway-release") < istiod
    assert last(calls, type_="gateway.networking.k8s.io") < istiod
    if stack.stack == "staging":
        assert istiod < first(calls, type_=GKE)
        assert last(calls, type_=GKE) < first(calls, type_="gcp:compute/network:Network")
