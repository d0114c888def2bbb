"""Foundation and Protection: what they refuse of a live stack, and what they let pass."""

from collections.abc import Callable
from typing import Any

import pytest

from hybrid_mesh.plugins.framework.values import Properties
from tests.plugins.hybridmesh.driver import Driver, FailedCallError

NETWORK = {"type": "gcp", "cidr": "10.10.0.0/16", "region": "europe-west4", "id": ""}
CLUSTER = {"type": "gke", "network": "gcp-eu", "podCidr": "10.10.128.0/17"}


def inputs(*, protected: bool = False, **facts: Any) -> Properties:
    known = {"networks.gcp-eu": NETWORK, "clusters.gke-eu": CLUSTER, "trust": {"issuer": "google-cas"}}
    changed = {path.replace("__", "."): value for path, value in facts.items()}
    together = {**known, **{path.replace("_", "-"): value for path, value in changed.items()}}
    kept = {path: value for path, value in together.items() if value is not None}
    return {"stack": "prod", "protected": protected, "facts": kept}


def refused(foundation: Driver, before: Properties, now: Properties) -> str:
    """The reason, "" where it passes."""
    _, failures = foundation.check(now, before)
    return failures.get("", "")


@pytest.fixture
def foundation(drive: Callable[[str], Driver]) -> Driver:
    return drive("Foundation")


def test_a_first_up_stands_on_anything(foundation: Driver) -> None:
    assert foundation.check(inputs(protected=True))[1] == {}


@pytest.mark.parametrize("protected", [False, True])
def test_what_stays_the_same_or_is_added_passes(foundation: Driver, protected: bool) -> None:
    before = inputs(protected=protected)
    assert refused(foundation, before, before) == ""
    assert refused(foundation, before, inputs(protected=protected, clusters__gke_us=CLUSTER)) == ""
    later = {**CLUSTER, "another": "fact of a later release"}
    assert refused(foundation, before, inputs(protected=protected, clusters__gke_eu=later)) == ""


@pytest.mark.parametrize("protected", [False, True])
@pytest.mark.parametrize(("key", "value"), [("cidr", "10.0.0.0/8"), ("region", "us-east1"), ("id", "shared")])
def test_a_network_never_moves(foundation: Driver, protected: bool, key: str, value: str) -> None:
    now = inputs(protected=protected, networks__gcp_eu={**NETWORK, key: value})
    said = refused(foundation, inputs(protected=protected), now)
    assert f"networks.gcp-eu.{key} cannot change from {NETWORK[key] or 'none'} to {value}" in said
    assert "Declare a new network" in said


@pytest.mark.parametrize("protected", [False, True])
def test_a_cluster_of_a_cloud_keeps_its_ranges(foundation: Driver, protected: bool) -> None:
    now = inputs(protected=protected, clusters__gke_eu={**CLUSTER, "podCidr": "10.10.64.0/18"})
    said = refused(foundation, inputs(protected=protected), now)
    assert "clusters.gke-eu.podCidr cannot change from 10.10.128.0/17 to 10.10.64.0/18" in said
    assert "Remove gke-eu and everything in it, run `up`, then add it again" in said
    assert ("`protected: false` in stacks/Pulumi.prod.yaml" in said) is protected


def test_the_zones_of_a_cluster_grow_and_those_that_it_began_with_stay(foundation: Driver) -> None:
    eks = {"type": "eks", "network": "aws-us", "zones": "a,b"}
    began, grown = (inputs(clusters__eks_us={**eks, "zones": zones}) for zones in ("a,b", "a,b,c"))
    remembered, failures = foundation.check(grown, began)
    assert failures == {}
    assert remembered["facts"]["clusters.eks-us"]["zones"] == "a,b", "those that it began with"
    assert refused(foundation, remembered, began) == "", "a zone that was added later may go"
    shrunk = inputs(clusters__eks_us={**eks, "zones": "a,c"})
    said = refused(foundation, remembered, shrunk)
    assert "networks.aws-us.zones cannot lose b: the control plane of cluster eks-us began with a, b" in said
    assert "clusters.eks-us.zones cannot change" not in said
    assert refused(foundation, inputs(), shrunk) == "", "a cluster that is added begins with any"
    older = inputs(clusters__eks_us={key: eks[key] for key in ("type", "network")})
    assert refused(foundation, older, began) == "", "a state of an earlier release"


def upgraded(foundation: Driver, *versions: str) -> tuple[Properties, str]:
    """What is remembered after an `up` with each of `versions`, and why the last one is refused."""
    remembered, said = inputs(), ""
    for version in versions:
        now = inputs(clusters__gke_eu={**CLUSTER, "version": version} if version else CLUSTER)
        checked, failures = foundation.check(now, remembered)
        said = failures.get("", "")
        remembered = remembered if said else checked
    return remembered, said


@pytest.mark.parametrize(
    "versions",
    [
        ("1.33", "1.34", "1.35"),
        ("1.33", "1.33", "1.34"),
        ("1.33", "1.34", "1.33"),  # the upgrade failed, and is taken back
        ("1.33", "1.34", "1.34", "1.33"),
        ("1.33", "", "1.36"),  # the channel decided in between
        ("", "1.36"),
    ],
)
def test_a_cluster_is_upgraded_by_one_release(foundation: Driver, versions: tuple[str, ...]) -> None:
    assert upgraded(foundation, *versions)[1] == ""


def test_a_cluster_does_not_skip_a_release(foundation: Driver) -> None:
    _, said = upgraded(foundation, "1.33", "1.36")
    assert (
        "clusters.gke-eu.version cannot change from 1.33 to 1.36: GKE upgrades a control plane by one" in said
    )
    assert 'Set "1.34", run `up`, and repeat this for each release up to "1.36"' in said


@pytest.mark.parametrize("versions", [("1.34", "1.33"), ("1.33", "1.34", "1.35", "1.33")])
def test_a_cluster_is_not_downgraded(foundation: Driver, versions: tuple[str, ...]) -> None:
    _, said = upgraded(foundation, *versions)
    assert f'GKE cannot downgrade a control plane. Set "{max(versions)}" again' in said


def test_what_a_cluster_is_upgraded_to_is_no_change_on_the_next_run(foundation: Driver) -> None:
    once, twice = (upgraded(foundation, *("1.33", "1.34", "1.34")[:count])[0] for count in (2, 3))
    assert once == twice


def test_a_private_api_server_waits_until_its_network_exists(foundation: Driver) -> None:
    private = {**CLUSTER, "endpoint": "private"}
    first = inputs(clusters__gke_eu=private)
    _, failures = foundation.check(first)
    assert "clusters.gke-eu.endpoint cannot be private yet: this run creates network gcp-eu" in failures[""]
    assert "Set `endpoint: restricted` or `endpoint: dns` and run `up`" in failures[""]
    assert refused(foundation, inputs(), first) == "", "the network exists"
    assert refused(foundation, first, inputs()) == "", "and back"
    eks = {"type": "eks", "network": "aws-us", "endpoint": "private"}
    said = refused(foundation, inputs(), inputs(networks__aws_us=NETWORK, clusters__eks_us=eks))
    assert "Set `endpoint: restricted` and run `up`" in said


def test_a_cluster_of_others_is_where_the_configuration_says(foundation: Driver) -> None:
    here, there = ({"type": "kubeconfig", "network": name} for name in ("office", "datacenter"))
    assert refused(foundation, inputs(clusters__edge=here), inputs(clusters__edge=there)) == ""
    kept = refused(
        foundation,
        inputs(protected=True, clusters__edge=here),
        inputs(protected=True, clusters__edge=there),
    )
    assert "clusters.edge.network cannot change from office to datacenter" in kept


@pytest.mark.parametrize("path", ["clusters__gke_eu", "networks__gcp_eu"])
def test_what_is_protected_is_not_taken_out(foundation: Driver, path: str) -> None:
    gone: dict[str, Any] = {path: None}
    assert refused(foundation, inputs(), inputs(**gone)) == ""
    for still in (True, False):
        said = refused(foundation, inputs(protected=True), inputs(protected=still, **gone))
        assert path.replace("__", ".").replace("_", "-") in said
        assert "run `pulumi up --stack prod`" in said, "lifted by an up of its own"


def test_the_protection_is_lifted_by_an_up(foundation: Driver) -> None:
    lifted = inputs()
    assert refused(foundation, inputs(protected=True), lifted) == ""
    assert refused(foundation, lifted, inputs(clusters__gke_eu=None)) == ""


def test_a_protection_refuses_to_go_and_says_how_it_is_lifted(drive: Callable[[str], Driver]) -> None:
    protection = drive("Protection")
    known = {"stack": "prod", "protected": True}
    identity, outputs = protection.create(known)
    with pytest.raises(FailedCallError, match=r"set `protected: false` in stacks/Pulumi\.prod\.yaml"):
        protection.delete(identity, outputs.value, known)
    lifted = {**known, "protected": False}
    changed = protection.update(identity, outputs.value, known, lifted)
    protection.delete(identity, changed.value, lifted)


LOCAL = {"type": "local", "network": "net", "podCidr": "10.1.32.0/20"}


@pytest.mark.parametrize("protected", [False, True])
def test_the_pods_of_a_live_local_cluster_keep_their_addresses(foundation: Driver, protected: bool) -> None:
    before = inputs(protected=protected, clusters__beta=LOCAL)
    moved = inputs(protected=protected, clusters__beta={**LOCAL, "podCidr": "10.1.16.0/20"})
    said = refused(foundation, before, moved)
    assert "clusters.beta.podCidr cannot change from 10.1.32.0/20 to 10.1.16.0/20" in said
    assert "Set `podCidr: 10.1.32.0/20`" in said
    old = {key: value for key, value in LOCAL.items() if key != "podCidr"}
    assert refused(foundation, inputs(protected=protected, clusters__beta=old), moved) == ""


def test_a_local_cluster_that_is_replaced_gets_other_pods(foundation: Driver) -> None:
    moved = inputs(clusters__beta={**LOCAL, "network": "other", "podCidr": "10.2.16.0/20"})
    assert refused(foundation, inputs(clusters__beta=LOCAL), moved) == ""
