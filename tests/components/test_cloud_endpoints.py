"""Where VMs, peers and the program itself reach the API server of a cluster in a cloud."""

import base64
import json
import re
from typing import Any

import yaml

from tests.components.cloud_answers import AUTHORITY
from tests.components.cloud_stacks import only
from tests.components.conftest import Declared, declare_mesh, read_stack

PUBLIC, PRIVATE = "https://198.18.0.1", "https://10.10.32.2"
DNS = "https://gke-1a2b.europe-west4.gke.goog"
TWO = {
    "type": "gke",
    "network": "gcp-eu",
    "podCidr": "10.10.64.0/18",
    "serviceCidr": "10.10.48.0/20",
    "controlPlaneCidr": "10.10.32.16/28",
}


def declared(**changes: Any) -> Declared:
    raw = read_stack("prod")
    raw["clusters"]["gke-eu"] |= changes
    return declare_mesh(raw, stack="prod")


def server_for_vms(mesh: Declared) -> str:
    template = only(mesh, "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate")
    (server,) = re.findall(r"^ +API_ENDPOINT='(.*)'$", template["metadata"]["user-data"], re.MULTILINE)
    return str(server)


def server_for_peer(mesh: Declared, holder: str, peer: str = "gke-eu") -> str:
    keys = mesh.recording.named(f"mesh-{holder}-peering-remote-secrets").inputs["stringData"]
    return str(yaml.safe_load(keys[peer])["clusters"][0]["cluster"]["server"])


def server_for_program(mesh: Declared) -> dict[str, str]:
    text = mesh.recording.named("mesh-gke-eu-provider").inputs["kubeconfig"]
    return dict(json.loads(text)["clusters"][0]["cluster"])


def test_members_of_the_same_network_use_the_private_address(prod: Declared) -> None:
    assert server_for_vms(prod) == PRIVATE
    assert server_for_peer(prod, "eks-us") == PUBLIC
    assert server_for_program(prod)["server"] == PUBLIC
    cluster = only(prod, "gcp:container/cluster:Cluster")
    assert "masterGlobalAccessConfig" not in cluster["privateClusterConfig"]
    assert cluster["controlPlaneEndpointsConfig"] == {"dnsEndpointConfig": {"allowExternalTraffic": False}}


def test_a_peer_in_the_same_network_uses_the_private_address() -> None:
    raw = read_stack("prod")
    raw["clusters"]["gke-two"] = TWO
    mesh = declare_mesh(raw, stack="prod")
    assert server_for_peer(mesh, "gke-two") == PRIVATE
    assert server_for_peer(mesh, "eks-us") == PUBLIC


def test_a_private_api_server_has_one_address_for_all_and_from_every_region() -> None:
    mesh = declared(endpoint="private", authorizedNetworks=["10.99.0.0/24"])
    assert server_for_vms(mesh) == server_for_peer(mesh, "eks-us") == PRIVATE
    private = only(mesh, "gcp:container/cluster:Cluster")["privateClusterConfig"]
    assert private["enablePrivateEndpoint"] is True
    assert private["masterGlobalAccessConfig"] == {"enabled": True}


def test_an_endpoint_with_a_dns_name_is_public_for_the_program_alone() -> None:
    mesh = declared(endpoint="dns")
    assert server_for_vms(mesh) == server_for_peer(mesh, "eks-us") == PRIVATE
    assert server_for_program(mesh) == {"server": DNS}, "with the certificate of a public CA"
    cluster = only(mesh, "gcp:container/cluster:Cluster")
    assert cluster["privateClusterConfig"]["enablePrivateEndpoint"] is True
    assert cluster["controlPlaneEndpointsConfig"] == {"dnsEndpointConfig": {"allowExternalTraffic": True}}


def test_otherwise_the_program_knows_the_clusters_own_authority(prod: Declared) -> None:
    known = server_for_program(prod)["certificate-authority-data"]
    assert base64.b64decode(known).decode() == AUTHORITY


def test_a_configured_address_is_for_all_members() -> None:
    mesh = declared(peerEndpoint="https://api.gke-eu.example.com")
    assert server_for_vms(mesh) == server_for_peer(mesh, "eks-us") == "https://api.gke-eu.example.com"
