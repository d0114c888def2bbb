"""Which API server a cluster has that is reached by a kubeconfig."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.components.conftest import declare_mesh


def kubeconfig(name: str, server: str) -> str:
    return (
        f"apiVersion: v1\nkind: Config\ncurrent-context: {name}\n"
        f"contexts: [{{name: {name}, context: {{cluster: {name}, user: {name}}}}}]\n"
        f"clusters: [{{name: {name}, cluster: {{server: {server}}}}}]\n"
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


@pytest.mark.parametrize("ambient", ["", None])
def test_an_empty_kubeconfig_is_that_of_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ambient: str | None
) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube/config").write_text(kubeconfig("home", "https://198.18.4.3:6443"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert endpoints({}, ambient) == both("https://198.18.4.3:6443")


def test_the_address_for_peers_needs_no_file() -> None:
    given = {"context": "absent", "peerEndpoint": "https://198.18.4.4:6443"}
    assert endpoints(given, "/nowhere") == both("https://198.18.4.4:6443")


def test_a_context_that_no_file_has_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(kubeconfig("one", "https://198.18.4.1:6443"))
    with pytest.raises(pulumi.RunError, match=r"clusters\.edge.*context two"):
        endpoints({"context": "two"}, str(tmp_path / "a"))
