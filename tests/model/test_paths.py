"""The paths that firewalls and routes have to allow, and who opens them."""

from typing import Any

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.required_paths import OpenPath, open_paths
from tests.model.meshes import DEV, LOCAL, PROD, changed

EDGE = {
    "clusters.edge": {
        "type": "kubeconfig",
        "network": "dc-fra",
        "context": "edge",
        "gateway": {"addresses": ["203.0.113.40"]},
    },
    "networks.dc-fra.gateway": None,
}


def _to_api(raw: Any, cluster: str) -> list[OpenPath]:
    paths = open_paths(plan_from(raw, "test"))
    return [path for path in paths if path.destination.startswith(f"API server of {cluster} ")]


def test_a_private_api_server_needs_routes_from_other_networks() -> None:
    private = {"clusters.gke-eu.endpoint": "dns"}
    (path,) = [
        path
        for path in open_paths(plan_from(changed(PROD, private), "test"))
        if path.destination.startswith("API server")
    ]
    assert path.source == "aws-us 10.20.0.0/16"
    assert (path.destination, path.ports) == ("API server of gke-eu at its private address", (443,))
    assert path.route
    assert path.manual


def test_an_existing_cluster_among_clouds_allows_the_egress_of_its_peers() -> None:
    found = {(path.source, path.ports, path.purpose) for path in _to_api(changed(PROD, EDGE), "edge")}
    assert found == {
        ("aws-us egress of its NAT (3 addresses)", (6443,), "istiod of eks-us reads the cluster"),
        ("gcp-eu egress of its NAT (2 addresses)", (6443,), "istiod of gke-eu reads the cluster"),
    }
    assert all(path.manual and not path.route for path in _to_api(changed(PROD, EDGE), "edge"))


def test_the_port_is_that_of_the_peers_url() -> None:
    url = {"clusters.edge.peerEndpoint": "https://edge.example.com"}
    [path, _] = _to_api(changed(changed(PROD, EDGE), url), "edge")
    assert path.destination == "API server of edge https://edge.example.com"
    assert path.ports == (443,)
    assert {path.ports for path in _to_api(DEV, "one")} == {(6443,)}


def test_known_egress_is_reported_by_its_ranges() -> None:
    adopted = {"networks.aws-us.id": "vpc-0a1b2c3d", "networks.aws-us.egress": ["203.0.113.64/32"]}
    sources = {path.source for path in _to_api(changed(changed(PROD, EDGE), adopted), "edge")}
    assert "aws-us egress 203.0.113.64/32" in sources


def test_a_peer_of_the_same_network_comes_from_inside() -> None:
    two = {
        "clusters.edge-two": {
            "type": "kubeconfig",
            "network": "dc-fra",
            "context": "two",
            "gateway": {"addresses": ["203.0.113.41"]},
        }
    }
    sources = {path.source for path in _to_api(changed(changed(PROD, EDGE), two), "edge")}
    assert "dc-fra 10.40.0.0/16" in sources


def test_clouds_and_the_lab_allow_their_own_callers() -> None:
    for raw in (PROD, LOCAL):
        paths = open_paths(plan_from(raw, "test"))
        assert not [path for path in paths if "API server" in path.destination]
    assert not [path for path in open_paths(plan_from(LOCAL, "test")) if path.manual]


def test_ways_to_gateways_of_clouds_are_opened_by_the_program() -> None:
    paths = open_paths(plan_from(PROD, "test"))
    manual = {path.destination for path in paths if path.manual}
    assert manual == {"gateway 203.0.113.10", "dc-fra 10.40.0.0/16"}
