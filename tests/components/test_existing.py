"""Clusters that have Istio, its certificates or the CRDs of the Gateway API already."""

from typing import Any

import pytest

from tests.components.conftest import Declared, declare_mesh
from tests.components.test_kubeconfig_clusters import kubeconfig


def mesh(**two: Any) -> dict[str, Any]:
    """Two clusters with certificates of their own; `two` are further keys of the second."""
    networks = {
        name: {"type": "external", "cidr": cidr}
        for name, cidr in (("hall", "10.40.0.0/16"), ("shed", "10.50.0.0/16"))
    }
    clusters: dict[str, Any] = {
        name: {
            "type": "kubeconfig",
            "network": network,
            "secret": name,
            "certificates": "existing",
            "gateway": {"addresses": [address]},
        }
        for name, network, address in (("one", "hall", "198.18.4.1"), ("two", "shed", "198.18.4.2"))
    }
    clusters["two"] |= two
    return {"id": "mesh1", "trust": {"issuer": "existing"}, "networks": networks, "clusters": clusters}


def declared(raw: dict[str, Any]) -> Declared:
    secrets = {name: kubeconfig(name, f"https://198.18.5.{n}:6443") for n, name in enumerate(("one", "two"))}
    return declare_mesh(raw, secrets=secrets)


@pytest.fixture(scope="module")
def existing() -> Declared:
    return declared(mesh(istio={"ownership": "existing", "gatewayApi": "existing"}))


def test_the_first_clusters_root_is_the_meshs(existing: Declared) -> None:
    made = existing.recording
    assert existing.outputs["rootCertificate"] == "root of one"
    assert "expectedRootPem" not in made.named("mesh-one-inspection").inputs
    assert made.named("mesh-two-inspection").inputs["expectedRootPem"] == "root of one"
    assert not [each for each in made.declared if "authority" in each.name or "cacerts" in each.name]


def test_a_quarantined_cluster_does_not_set_the_root() -> None:
    raw = mesh()
    raw["clusters"]["one"]["state"] = "quarantined"
    made = declared(raw)
    assert made.outputs["rootCertificate"] == "root of two"
    assert made.recording.named("mesh-one-inspection").inputs["quarantined"] is True


def test_what_must_be_there_is_read_before_anything_is_declared(existing: Declared) -> None:
    made = existing.recording
    inspection = made.named("mesh-two-inspection")
    istio = dict(inspection.inputs["istio"])
    assert "PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION" in istio.pop("variables")
    assert istio == {
        "meshId": "mesh1",
        "network": "shed",
        "trustDomain": "cluster.local",
        "version": "1.31.0",
        "gateways": {"hall": ["198.18.4.1"]},
    }
    assert inspection.inputs["gatewayApi"] == {
        "Gateway": {"version": "v1", "release": "1.0"},
        "TLSRoute": {"version": "v1", "release": "1.5"},
    }
    assert "kubeconfig" in inspection.secret
    names = [each.name for each in made.declared]
    others = [each.name for each in made.in_clusters() if each.name.startswith("mesh-two-")]
    assert others
    assert all(names.index("mesh-two-inspection") < names.index(name) for name in others)


def test_an_existing_istio_is_used(existing: Declared) -> None:
    made = existing.recording
    names = {each.name for each in made.declared if each.name.startswith("mesh-two-istio")}
    assert names == {"mesh-two-istio", "mesh-two-istio-namespace"}
    assert made.named("mesh-two-gateway-release").inputs["name"] == "istio-eastwestgateway"
    assert made.named("mesh-two-peering-remote-secrets")


def test_an_adopted_istio_is_taken_over_and_kept() -> None:
    made = declared(mesh(istio={"ownership": "adopt"})).recording
    releases = [each for each in made.in_clusters() if each.typ.endswith("Release")]
    taken = {each.name for each in releases if each.inputs.get("takeOwnership")}
    assert {f"mesh-two-{name}" for name in ("istio-base", "istio-istiod", "gateway-release")} <= taken
    kept = {name for (_, name), options in made.options.items() if options.retain_on_delete}
    assert {"mesh-two-istio-istiod", "mesh-two-gateway-release"} <= kept
    (strict,) = made.of_type("hybridmesh:index:SharedObject")
    assert (strict.name, strict.inputs["kind"]) == ("mesh-two-istio-strict", "PeerAuthentication")
    names = [each.name for each in made.declared]
    assert names.index("mesh-two-istio-istiod") < names.index(strict.name)
    assert not {name for name in kept if name.startswith("mesh-one-")}
