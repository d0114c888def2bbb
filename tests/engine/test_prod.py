"""The life of the stack `prod`: GKE, EKS, their VMs and a datacenter, with everything that befalls them.

The tests run in this order on one stack; each leaves it whole, so that the next can rely on it.
"""

import base64
import copy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.operate.notices.notices import notices
from tests.engine.doubles.store import Call
from tests.engine.shape import first, last, leaked
from tests.engine.site import Site, site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]

GKE = "gcp:container/cluster:Cluster"
EKS = "aws:eks/cluster:Cluster"
RELEASE = "kubernetes:helm.sh/v3:Release"
LIFT = "set `protected: false` in stacks/Pulumi.prod.yaml and run `pulumi up --stack prod`"


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("prod"), "prod") as made:
        yield made


def server_of(prod: Site, name: str) -> str:
    """The API server of a cluster."""
    (cluster,) = (each for each in prod.world.of_type(GKE) + prod.world.of_type(EKS) if each.name == name)
    return "https://" + str(cluster.outputs["endpoint"]).removeprefix("https://")


def releases(prod: Site, server: str) -> list[str]:
    return sorted(
        thing.identity for thing in prod.world.things("kubernetes", server) if thing.type == RELEASE
    )


def test_a_preview_on_an_empty_state_knows_everything_but_the_values(prod: Site) -> None:
    previewed = prod.preview()
    assert "[unknown]" in previewed
    assert prod.world.things() == []
    assert prod.world.calls("create") == []


def test_a_create_that_fails_half_way_is_resumed(prod: Site) -> None:
    prod.world.fail("create", "mesh-eks-us-istio-istiod", "the quota of pods is used up")
    said = prod.up(fails=True)
    assert "the quota of pods is used up" in said
    assert "Traceback" not in said
    before = {thing.identity for thing in prod.world.things()}
    assert before
    prod.world.repair()
    prod.up()
    assert before <= {thing.identity for thing in prod.world.things()}, "what was made is not made again"


def test_a_second_up_changes_nothing(prod: Site) -> None:
    prod.up("--expect-no-changes")
    prod.pulumi("preview", "--refresh", "--expect-no-changes")


def test_the_exported_state_says_when_renewals_are_due(prod: Site) -> None:
    state, plan, now = prod.told("stack", "export"), plan_from(prod.mesh, "prod"), datetime.now(UTC)
    assert [each for each in notices(plan, state, now) if each.level == "warning"] == []
    for day, words in ((1, "renewal due in 485 days"), (500, "renewal due since")):
        later = {each.path: each.message for each in notices(plan, state, now + timedelta(days=day))}
        for cluster in ("gke-eu", "eks-us"):
            assert words in later[f"clusters.{cluster}"]


def test_everything_is_where_it_belongs(prod: Site) -> None:
    for server in (server_of(prod, "mesh-gke-eu-cluster"), server_of(prod, "mesh-eks-us-cluster")):
        names_of = releases(prod, server)
        assert "istio-system/istiod" in names_of
        assert "istio-system/istio-eastwestgateway" in names_of
    assert len(prod.world.balancers()) == 3, "two east-west gateways and one ingress"
    assert prod.api is not None
    assert prod.api.refused == []


def test_the_exported_state_holds_no_plain_secret(prod: Site) -> None:
    assert leaked(prod) == []


def test_clusters_and_networks_of_a_protected_stack_are_protected(prod: Site) -> None:
    kinds = {GKE, EKS, "gcp:compute/network:Network", "aws:ec2/vpc:Vpc"}
    found = {each["type"]: each.get("protect") for each in prod.resources() if each["type"] in kinds}
    assert found == dict.fromkeys(kinds, True)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--exclude-protected",),
        ("--ignore-protect",),
        ("--target", "**mesh-eks-us-cluster", "--target-dependents"),
    ],
    ids=lambda arguments: " ".join(arguments) or "plain",
)
def test_a_destroy_of_a_protected_stack_deletes_nothing(prod: Site, arguments: tuple[str, ...]) -> None:
    before = urns(prod)
    prod.world.forget_calls()
    said = prod.destroy(*arguments, fails=True)
    assert LIFT in said
    assert "because it is protected" not in said, "nothing else was tried"
    assert changes(prod) == []
    assert urns(prod) == before


def test_a_preview_of_a_destroy_names_what_is_protected(prod: Site) -> None:
    said = prod.pulumi("destroy", "--preview-only", fails=True)
    for name in ("mesh-gke-eu-cluster", "mesh-eks-us-cluster", "mesh-trust-issuer-root"):
        assert f'::{name}" cannot be deleted' in said


@pytest.mark.parametrize("preview", [True, False])
def test_a_protected_cluster_stays_in_the_configuration_and_keeps_its_ranges(
    prod: Site, preview: bool
) -> None:
    kept, mesh = prod.mesh, prod.mesh
    del mesh["clusters"]["eks-us"], mesh["workloadGroups"]["orders"]
    mesh["ingress"]["public"]["routes"] = mesh["ingress"]["public"]["routes"][:1]
    mesh["clusters"]["gke-eu"]["podCidr"] = "10.10.64.0/18"
    prod.world.forget_calls()
    prod.configure(mesh)
    said = prod.pulumi("preview", fails=True) if preview else prod.up(fails=True)
    prod.configure(kept)
    assert "clusters.eks-us cannot be removed" in said
    assert LIFT in said
    assert "clusters.gke-eu.podCidr cannot change from 10.10.128.0/17 to 10.10.64.0/18" in said
    assert "Traceback" not in said
    assert changes(prod) == []


def test_protection_is_lifted_in_place(prod: Site) -> None:
    mesh, before = prod.mesh, prod.world.of_type(GKE)
    mesh["protected"] = False
    prod.configure(mesh)
    prod.up()
    assert prod.world.of_type(GKE)[0].outputs["endpoint"] == before[0].outputs["endpoint"]
    assert not [each for each in prod.resources() if each.get("protect")]


def test_networks_and_clusters_keep_their_ranges_in_any_stack(prod: Site) -> None:
    kept, mesh = prod.mesh, prod.mesh
    mesh["networks"]["aws-us"]["cidr"] = "10.50.0.0/16"
    mesh["clusters"]["gke-eu"]["serviceCidr"] = "10.10.48.0/20"
    mesh["clusters"]["eks-us"]["serviceCidr"] = "172.21.0.0/16"
    prod.world.forget_calls()
    prod.configure(mesh)
    said = prod.up(fails=True)
    prod.configure(kept)
    assert "networks.aws-us.cidr cannot change from 10.20.0.0/16 to 10.50.0.0/16" in said
    assert "Declare a new network" in said
    for cluster in ("gke-eu", "eks-us"):
        assert f"clusters.{cluster}.serviceCidr cannot change from" in said
        assert f"Remove {cluster} and everything in it, run `up`" in said
    assert changes(prod) == []


def test_a_group_more_would_touch_no_other(prod: Site) -> None:
    planned = planned_with(prod, add_group)
    assert set(planned.values()) <= {"create", "update"}
    assert {name for name, op in planned.items() if op == "create"}
    assert not [name for name, op in planned.items() if op == "create" and "reviews" not in name]
    assert not [name for name in planned if "group-ratings" in name or "group-orders" in name]


def test_another_version_of_istio_would_be_an_update(prod: Site) -> None:
    planned = planned_with(prod, change_version)
    assert all(op == "update" for name, op in planned.items() if "istio" in name)
    assert planned["mesh-gke-eu-istio-istiod"] == "update"
    assert planned["mesh-gke-eu-gateway-release"] == "update"
    assert not [name for name in planned if name.endswith("-cluster")]


def test_a_cluster_more_would_replace_and_delete_nothing(prod: Site) -> None:
    planned = planned_with(prod, add_cluster)
    assert "replace" not in planned.values()
    assert not [name for name, op in planned.items() if op.startswith("delete")]


def test_all_that_in_one_up_keeps_the_clusters_and_lets_them_read_the_new_one(prod: Site) -> None:
    mesh, clusters = prod.mesh, identities(prod)
    for change in (add_group, change_version, add_cluster):
        change(mesh)
    prod.configure(mesh)
    prod.up()
    assert len(prod.world.of_type(GKE)) == 2
    assert clusters < identities(prod)
    secrets = [thing for thing in prod.world.things("kubernetes") if "istio-remote-secrets" in thing.identity]
    assert [len(secret.inputs["data"]) for secret in secrets] == [2, 2, 2]
    prod.up("--expect-no-changes")


def test_the_peers_get_a_new_token_before_the_old_one_goes_when_a_cloud_rotates_a_cas(prod: Site) -> None:
    """A rotation of GKE's credentials also replaces the keys that sign tokens."""
    (cluster,) = (each for each in prod.world.of_type(GKE) if each.name == "mesh-gke-eu-cluster")
    old = base64.b64decode(cluster.outputs["masterAuth"]["clusterCaCertificate"])
    rotated = base64.b64encode(old + b"# and the new one\n").decode()
    cluster.outputs["masterAuth"] = {**cluster.outputs["masterAuth"], "clusterCaCertificate": rotated}
    prod.world.put(cluster)
    prod.world.forget_calls()
    prod.up("--refresh")
    calls = prod.world.calls()
    created, deleted = (call for call in calls if call.name == "mesh-gke-eu-reader-secret")
    assert (created.operation, deleted.operation) == ("create", "delete")
    assert created.identity != deleted.identity
    for peer in ("eks-us", "gke-us"):
        assert last(calls, name=f"mesh-{peer}-peering-remote-secrets") < calls.index(deleted)
    assert "mesh-eks-us-reader-secret" not in {call.name for call in calls}
    prod.pulumi("preview", "--expect-no-changes")


def test_dead_clusters_in_quarantine_do_not_hold_the_living(prod: Site) -> None:
    names = ("gke-us", "eks-us")
    dead = {server_of(prod, f"mesh-{name}-cluster") for name in names}
    mesh = prod.mesh
    for server in dead:
        prod.world.kill(server)
    for name in names:
        mesh["clusters"][name]["state"] = "quarantined"
    prod.configure(mesh)
    prod.world.forget_calls()
    prod.pulumi("preview")
    prod.up()
    prod.up("--expect-no-changes")
    assert [call for call in prod.world.calls() if call.owner in dead] == []

    for server in dead:
        prod.world.revive(server)
    for name in names:
        del mesh["clusters"][name]["state"]
    prod.configure(mesh)
    prod.up()
    prod.up("--expect-no-changes")


def test_a_cluster_less_leaves_nothing_and_a_replaced_one_gets_everything_again(prod: Site) -> None:
    """With other ranges, by two ups: there cannot be two clusters with one reserved address."""
    first_server, other = server_of(prod, "mesh-gke-eu-cluster"), server_of(prod, "mesh-eks-us-cluster")
    kept = {thing.identity for thing in prod.world.things("kubernetes", other)}
    whole = prod.mesh
    del whole["networks"]["gcp-us"], whole["clusters"]["gke-us"]
    whole["clusters"]["gke-eu"]["podCidr"] = "10.10.64.0/18"
    without = copy.deepcopy(whole)
    del without["clusters"]["gke-eu"], without["ingress"]
    groups = without["workloadGroups"].items()
    without["workloadGroups"] = {name: group for name, group in groups if group["cluster"] != "gke-eu"}
    prod.world.forget_calls()
    prod.configure(without)
    prod.up()
    assert {thing.owner for thing in prod.world.things("kubernetes")} == {other}
    assert prod.world.of_type(GKE) == []
    assert len(prod.world.balancers()) == 1
    prod.configure(whole)
    prod.up()
    now = server_of(prod, "mesh-gke-eu-cluster")
    assert now != first_server
    assert releases(prod, now)
    assert len(prod.world.of_type(GKE)) == 1
    assert len(prod.world.balancers()) == 3
    assert {thing.identity for thing in prod.world.things("kubernetes", other)} == kept
    made_anew = {
        call.name.removeprefix("mesh-")
        for call in prod.world.calls()
        if call.owner == other and call.operation in ("create", "delete")
    }
    assert {name for name in made_anew if not name.startswith(("group-", "eks-us-"))} == set()
    assert not [name for name in made_anew if "istio" in name or "gateway" in name]
    prod.up("--expect-no-changes")


def test_destroy_goes_in_the_right_order_and_leaves_nothing(prod: Site) -> None:
    prod.world.forget_calls()
    prod.destroy()
    assert prod.resources() == []
    assert [thing.identity for thing in prod.world.things()] == []
    calls = prod.world.calls("delete")
    for cluster, network in ((GKE, "gcp:compute/network:Network"), (EKS, "aws:ec2/vpc:Vpc")):
        assert last(calls, type_="gateway.networking.k8s.io") < first(calls, type_=cluster)
        assert last(calls, name="gateway-release") < first(calls, type_=cluster)
        assert last(calls, type_=cluster) < first(calls, type_=network)
    for cluster in ("gke-eu", "eks-us"):
        gateway, istiod = f"mesh-{cluster}-gateway-release", f"mesh-{cluster}-istio-istiod"
        assert last(calls, name=gateway) < first(calls, name=istiod)


def add_group(mesh: dict[str, Any]) -> None:
    mesh["workloadGroups"]["reviews"] = {**mesh["workloadGroups"]["ratings"], "labels": {"app": "reviews"}}


def change_version(mesh: dict[str, Any]) -> None:
    mesh["istio"]["version"] = "1.31.1"


def add_cluster(mesh: dict[str, Any]) -> None:
    mesh["networks"]["gcp-us"] = {"type": "gcp", "region": "us-central1", "cidr": "10.30.0.0/16"}
    mesh["clusters"]["gke-us"] = {"type": "gke", "network": "gcp-us"}


def planned_with(prod: Site, change: Callable[[dict[str, Any]], None]) -> dict[str, str]:
    """What a preview would do after one change, which is taken back."""
    kept, mesh = prod.mesh, prod.mesh
    change(mesh)
    prod.configure(mesh)
    planned = prod.planned()
    prod.configure(kept)
    return planned


def identities(prod: Site) -> set[tuple[str, str]]:
    """Each cluster with its API server: a cluster that is created again has another one."""
    clusters = prod.world.of_type(GKE) + prod.world.of_type(EKS)
    return {(each.identity, server_of(prod, each.name)) for each in clusters}


def urns(prod: Site) -> set[str]:
    return {each["urn"] for each in prod.resources()}


def changes(prod: Site) -> list[Call]:
    """What was changed in the clouds and in the clusters."""
    return [call for call in prod.world.calls() if call.operation != "read"]
