"""Which API server a cluster has that is reached by a kubeconfig."""

import base64
import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.components.conftest import declare_mesh


def kubeconfig(name: str, server: str, tls: str = "") -> str:
    return (
        f"apiVersion: v1\nkind: Config\ncurrent-context: {name}\n"
        f"contexts: [{{name: {name}, context: {{cluster: {name}, user: {name}}}}}]\n"
        f"clusters: [{{name: {name}, cluster: {{server: {server}{tls}}}}}]\n"
        f"users: [{{name: {name}, user: {{token: t}}}}]\n"
    )


def endpoints(given: dict[str, Any], ambient: str | None) -> dict[str, str]:
    """The exported addresses of a cluster `edge`; `ambient` is KUBECONFIG."""
    network = {"type": "external", "cidr": "10.40.0.0/16"}
    cluster = {"type": "kubeconfig", "network": "hall", "gateway": {"addresses": ["198.18.4.9"]}, **given}
    raw = {"id": "mesh1", "networks": {"hall": network}, "clusters": {"edge": cluster}}
    found = declare_mesh(raw, kubeconfig=ambient).outputs["clusters"]["edge"]
    return {key: found[key] for key in ("endpoint", "peerEndpoint")}


def both(address: str) -> dict[str, str]:
    return {"endpoint": address, "peerEndpoint": address}


def test_the_files_of_kubeconfig_are_one(tmp_path: Path) -> None:
    """As kubectl reads them: the first current context counts, a file that is not there is no mistake."""
    (tmp_path / "a").write_text(kubeconfig("one", "https://198.18.4.1:6443"))
    (tmp_path / "b").write_text(kubeconfig("two", "https://198.18.4.2:6443"))
    ambient = f"{tmp_path}/none:{tmp_path}/a:{tmp_path}/b"
    assert endpoints({"context": "two"}, ambient) == both("https://198.18.4.2:6443")
    assert endpoints({}, ambient) == both("https://198.18.4.1:6443")


def test_the_files_of_kubeconfig_are_left_to_the_plugin(tmp_path: Path) -> None:
    """The SDK would hand over the variable as the path of one file."""
    for name, number in (("one", 1), ("two", 2)):
        (tmp_path / name).write_text(kubeconfig(name, f"https://198.18.4.{number}:6443"))
    network = {"type": "external", "cidr": "10.40.0.0/16"}
    cluster = {
        "type": "kubeconfig",
        "network": "hall",
        "context": "two",
        "gateway": {"addresses": ["198.18.4.9"]},
    }
    raw = {"id": "mesh1", "networks": {"hall": network}, "clusters": {"edge": cluster}}
    made = declare_mesh(raw, kubeconfig=f"{tmp_path}/one:{tmp_path}/two")
    provider = made.recording.named("mesh-edge-provider").inputs
    assert "kubeconfig" not in provider
    assert provider["context"] == "two"


@pytest.mark.parametrize("ambient", ["", None])
def test_an_empty_kubeconfig_is_that_of_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ambient: str | None
) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube/config").write_text(kubeconfig("home", "https://198.18.4.3:6443"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert endpoints({}, ambient) == both("https://198.18.4.3:6443")


def test_the_plug_in_gets_a_path_without_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "edge.kubeconfig").write_text(kubeconfig("edge", "https://198.18.4.5:6443"))
    monkeypatch.setenv("HOME", str(tmp_path))
    cluster = {
        "type": "kubeconfig",
        "network": "hall",
        "path": "~/edge.kubeconfig",
        "gateway": {"addresses": ["198.18.4.9"]},
    }
    networks = {"hall": {"type": "external", "cidr": "10.40.0.0/16"}}
    made = declare_mesh({"id": "mesh1", "networks": networks, "clusters": {"edge": cluster}})
    assert made.recording.named("mesh-edge-provider").inputs["kubeconfig"] == f"{tmp_path}/edge.kubeconfig"


def test_the_address_for_peers_needs_no_file() -> None:
    given = {"context": "absent", "peerEndpoint": "https://198.18.4.4:6443"}
    assert endpoints(given, "/nowhere") == both("https://198.18.4.4:6443")


def test_a_context_that_no_file_has_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(kubeconfig("one", "https://198.18.4.1:6443"))
    with pytest.raises(pulumi.RunError, match=r"clusters\.edge.*context two"):
        endpoints({"context": "two"}, str(tmp_path / "a"))


RANCHER = "-----BEGIN CERTIFICATE-----\ncmFuY2hlcg==\n-----END CERTIFICATE-----\n"


def data(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def seen_by_peers(tls: str = "", **given: Any) -> dict[str, Any]:
    """The entry `cluster` of the kubeconfig that cluster `b` has for `a`. `tls` is added to a's entry in its
    own kubeconfig, `given` to its configuration."""
    secrets = {
        "a": kubeconfig("a", "https://198.18.4.1:6443", tls),
        "b": kubeconfig("b", "https://198.18.4.2:6443"),
    }
    networks = {
        name: {"type": "external", "cidr": cidr}
        for name, cidr in (("hall", "10.40.0.0/16"), ("shed", "10.50.0.0/16"))
    }
    clusters = {
        name: {
            "type": "kubeconfig",
            "network": network,
            "secret": name,
            "gateway": {"addresses": [address]},
            **more,
        }
        for name, network, address, more in (
            ("a", "hall", "198.18.4.9", given),
            ("b", "shed", "198.18.4.8", {}),
        )
    }
    raw = {"id": "mesh1", "networks": networks, "clusters": clusters}
    made = declare_mesh(raw, secrets=secrets).recording.named("mesh-b-peering-remote-secrets")
    (entry,) = json.loads(made.inputs["stringData"]["a"])["clusters"]
    found: dict[str, Any] = entry["cluster"]
    return found


OWN_ENDPOINT, OTHER_ENDPOINT = "https://198.18.4.1:6443", "https://console.example.com/k8s/clusters/c-1"


def test_peers_verify_the_server_as_the_kubeconfig_does() -> None:
    found = seen_by_peers(f", certificate-authority-data: {data(RANCHER)}, tls-server-name: rancher")
    assert found == {
        "server": OWN_ENDPOINT,
        "certificate-authority-data": data(RANCHER),
        "tls-server-name": "rancher",
    }
    assert seen_by_peers() == {"server": OWN_ENDPOINT}, "as a public authority signed its certificate"
    assert "certificate-authority-data" in seen_by_peers(", insecure-skip-tls-verify: true")


def test_peers_verify_another_server_by_the_clusters_authority() -> None:
    tls = f", certificate-authority-data: {data(RANCHER)}, tls-server-name: rancher"
    found = seen_by_peers(tls, peerEndpoint=OTHER_ENDPOINT)
    assert found["server"] == OTHER_ENDPOINT
    assert found["certificate-authority-data"] not in (data(RANCHER), "")
    assert "tls-server-name" not in found
    assert seen_by_peers(tls, peerEndpoint=OWN_ENDPOINT)["tls-server-name"] == "rancher"


def test_the_authority_of_the_peer_endpoint_can_be_given() -> None:
    given = {"peerEndpoint": OTHER_ENDPOINT, "peerCertificateAuthority": RANCHER}
    assert seen_by_peers(**given)["certificate-authority-data"] == data(RANCHER)
    given["peerCertificateAuthority"] = "system"
    assert seen_by_peers(**given) == {"server": OTHER_ENDPOINT}


def test_a_certificate_authority_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(kubeconfig("one", OWN_ENDPOINT, ", certificate-authority: ca.pem"))
    with pytest.raises(pulumi.RunError, match=r"clusters\.edge\.path: .*cannot be read \(FileNotFound"):
        endpoints({"context": "one"}, str(tmp_path / "a"))
    (tmp_path / "ca.pem").write_text(RANCHER)
    assert endpoints({"context": "one"}, str(tmp_path / "a")) == both(OWN_ENDPOINT)
