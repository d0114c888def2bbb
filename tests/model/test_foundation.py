"""What a live stack stands on: the facts that its foundation remembers."""

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.foundation import foundation_facts
from tests.model.meshes import DEV, LOCAL, PROD, changed


def test_every_network_and_cluster_and_the_trust_have_their_facts() -> None:
    for raw in (PROD, DEV, LOCAL):
        wanted = {f"networks.{name}" for name in raw["networks"]} | {
            f"clusters.{name}" for name in raw["clusters"]
        }
        assert set(foundation_facts(plan_from(raw, "test"))) == {*wanted, "trust"}


def test_ranges_are_there_as_planned() -> None:
    facts = foundation_facts(plan_from(PROD, "prod"))
    assert facts["clusters.gke-eu"] == {
        "type": "gke",
        "network": "gcp-eu",
        "podCidr": "10.10.128.0/17",
        "serviceCidr": "10.10.16.0/20",
        "controlPlaneCidr": "10.10.32.0/28",
    }
    assert facts["clusters.eks-us"] == {
        "type": "eks",
        "network": "aws-us",
        "serviceCidr": "172.20.0.0/16",
        "zones": "us-east-1a,us-east-1b,us-east-1c",
        "version": "1.35",
    }
    said = changed(PROD, {"clusters.gke-eu.podCidr": "10.10.128.0/17"})
    assert foundation_facts(plan_from(said, "prod")) == facts, "to say what is planned changes nothing"
    private = {"clusters.gke-eu.endpoint": "private", "clusters.gke-eu.authorizedNetworks": ["10.99.0.0/24"]}
    endpoints = [
        foundation_facts(plan_from(changed(PROD, changes), "prod"))["clusters.gke-eu"].get("endpoint")
        for changes in (
            private,
            {**private, "networks.gcp-eu.id": "shared"},
            {"clusters.gke-eu.endpoint": "dns"},
        )
    ]
    assert endpoints == ["private", None, None]
    chosen = changed(PROD, {"clusters.gke-eu.version": "1.34"})
    assert foundation_facts(plan_from(chosen, "prod"))["clusters.gke-eu"]["version"] == "1.34"


def test_a_network_is_where_it_is() -> None:
    facts = foundation_facts(plan_from(PROD, "prod"))
    assert facts["networks.gcp-eu"] == {
        "type": "gcp",
        "cidr": "10.10.0.0/16",
        "region": "europe-west4",
        "id": "",
        "project": "example-mesh-prod",
    }
    assert facts["networks.dc-fra"] == {}, "nothing of it is the program's"


def test_a_root_stays_where_it_was_made() -> None:
    facts = foundation_facts(plan_from(PROD, "prod"))
    place = {"location": "europe-west4", "pool": "", "project": "example-mesh-prod"}
    assert facts["trust"] == {"issuer": "google-cas", **place}
