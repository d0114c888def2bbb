"""ClusterInspection: it reads what is there, and says which key does not suit it."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties
from hybrid_mesh.plugins.hybridmesh.authority import make_root
from tests.json_server import Request, json_server, kubeconfig
from tests.plugins.hybridmesh.driver import Driver, FailedCallError

SPACE = "/api/v1/namespaces/istio-system"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ROOT, OTHER, NEXT = (
    make_root("mesh.example.com", name, 3650, datetime.now(UTC)).certificate_pem
    for name in ("mesh1", "other", "next")
)
WANTED = {
    "meshId": "mesh1",
    "network": "rack",
    "trustDomain": "mesh.example.com",
    "version": "1.31.0",
    "gateways": {"hall": ["192.0.2.1"]},
    "variables": {"PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION": "the plan: VMs register themselves"},
}
TLS_ROUTE = {"TLSRoute": {"version": "v1", "release": "1.5"}}


class Cluster:
    """An API server that has `objects` by path, and what Istio's charts make for the mesh."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {SPACE: {"metadata": {"labels": {}}}}
        self.asked: list[str] = []
        self.port = 0
        self.istio()

    def istio(
        self,
        *,
        mesh: Any = None,
        values: Any = None,
        image: str = "docker.io/istio/pilot:1.31.2",
        env: Any = (),
        gateways: Any = ({"address": "192.0.2.1", "port": 15443},),
        labels: Any = None,
    ) -> None:
        made = {"trustDomain": "mesh.example.com", **(mesh or {})}
        given = {"meshID": "mesh1", "multiCluster": {"clusterName": "two"}, "network": "rack"}
        networks = {"networks": {"hall": {"endpoints": [], "gateways": list(gateways)}}}
        self.objects |= {
            f"{SPACE}/configmaps/istio": {
                "data": {"mesh": yaml.safe_dump(made), "meshNetworks": yaml.safe_dump(networks)}
            },
            f"{SPACE}/configmaps/istio-sidecar-injector": {
                "data": {"values": json.dumps({"global": {**given, **(values or {})}})}
            },
            "/apis/apps/v1/namespaces/istio-system/deployments/istiod": {
                "metadata": {"labels": labels or {}},
                "spec": {
                    "template": {
                        "spec": {"containers": [{"name": "discovery", "image": image, "env": list(env)}]}
                    }
                },
            },
        }

    def cacerts(self, root: str, key: str = "root-cert.pem", **more: str) -> None:
        data = {key: base64.b64encode(root.encode()).decode(), **more}
        self.objects[f"{SPACE}/secrets/cacerts"] = {"data": data}

    def tls_routes(self, release: str, *served: str) -> None:
        versions = [{"name": each, "served": each in served} for each in ("v1alpha2", "v1")]
        self.objects[f"{CRDS}/tlsroutes.gateway.networking.k8s.io"] = {
            "metadata": {"annotations": {"gateway.networking.k8s.io/bundle-version": release}},
            "spec": {"versions": versions},
        }

    def answer(self, request: Request) -> tuple[int, Any]:
        self.asked.append(f"{request.method} {request.path}")
        found = self.objects.get(request.path)
        return (404, {"message": "not found"}) if found is None else (200, found)


@pytest.fixture
def there() -> Iterator[Cluster]:
    cluster = Cluster()
    with json_server(cluster.answer) as cluster.port:
        yield cluster


@pytest.fixture
def inspection(drive: Callable[[str], Driver]) -> Driver:
    return drive("ClusterInspection")


def inputs(there: Cluster, **more: Any) -> Properties:
    access = json.dumps(kubeconfig(f"http://127.0.0.1:{there.port}"))
    return {"clusterName": "two", "incarnation": "two", "kubeconfig": access, **more}


def refusals(inspection: Driver, there: Cluster, **more: Any) -> list[str]:
    return list(inspection.check(inputs(there, **more))[1].values())


def test_an_istio_that_suits_the_mesh(inspection: Driver, there: Cluster) -> None:
    assert refusals(inspection, there, istio=WANTED) == []
    assert {each.split()[0] for each in there.asked} == {"GET"}


@pytest.mark.parametrize(
    ("difference", "key", "text"),
    [
        ({"values": {"meshID": "mesh2"}}, "id", "mesh2"),
        ({"values": {"multiCluster": {"clusterName": "b"}}}, "clusters.two", "cluster name b"),
        ({"values": {"multiCluster": None}}, "clusters.two", "cluster name none"),
        ({"values": {"network": ""}}, "clusters.two.network", "network none"),
        ({"mesh": {"trustDomain": "cluster.local"}}, "trustDomain", "cluster.local"),
        ({"image": "hub/pilot:1.30.3"}, "clusters.two.istio", "1.30.3"),
        ({"image": "hub/pilot:1.33.0-distroless@sha256:1"}, "clusters.two.istio", "1.33.0"),
        (
            {"image": "hub/pilot@sha256:1", "labels": {"app.kubernetes.io/version": "1.29.1"}},
            "clusters.two.istio",
            "1.29.1",
        ),
        ({"gateways": []}, "clusters.two.istio", "global.meshNetworks"),
        (
            {"env": [{"name": "PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION", "value": "false"}]},
            "clusters.two.istio",
            "PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION=false",
        ),
    ],
)
def test_a_difference_is_refused_with_its_key(
    inspection: Driver, there: Cluster, difference: Any, key: str, text: str
) -> None:
    there.istio(**difference)
    (refusal,) = refusals(inspection, there, istio=WANTED)
    assert refusal.startswith(f"{key}: ")
    assert text in refusal


def test_one_minor_release_ahead_is_supported(inspection: Driver, there: Cluster) -> None:
    there.istio(image="hub/pilot:1.32.0")
    assert refusals(inspection, there, istio=WANTED) == []


def test_the_network_of_the_namespace_is_read(inspection: Driver, there: Cluster) -> None:
    there.objects[SPACE]["metadata"]["labels"] = {"topology.istio.io/network": "floor"}
    (refusal,) = refusals(inspection, there, istio=WANTED)
    assert refusal.startswith("clusters.two.network: the label topology.istio.io/network of namespace")


def test_a_cluster_without_istio(inspection: Driver, there: Cluster) -> None:
    del there.objects[f"{SPACE}/configmaps/istio"]
    (refusal,) = refusals(inspection, there, istio=WANTED)
    assert refusal.startswith("clusters.two.istio.ownership: the cluster has no Istio")


def test_the_root_is_read_and_compared(inspection: Driver, there: Cluster) -> None:
    there.cacerts(ROOT)
    given = inputs(there, certificates=True, expectedRootPem=ROOT)
    checked, failures = inspection.check(given)
    assert failures == {}
    identity, made = inspection.create(checked)
    assert (identity, made.value["rootCertificatePem"]) == ("two", ROOT)
    assert not inspection.diff(identity, made.value, checked, checked).detailedDiff
    there.cacerts(OTHER)
    (refusal,) = inspection.check(given)[1].values()
    assert refusal.startswith("clusters.two.certificates: the root certificate of this cluster")
    with pytest.raises(FailedCallError, match="is not the mesh's"):
        inspection.create(checked)


def test_the_forms_of_certificates(inspection: Driver, there: Cluster) -> None:
    published = f"{SPACE}/configmaps/istio-ca-root-cert"
    there.objects[published] = {"data": {"root-cert.pem": OTHER}}
    for root, key, more in ((ROOT, "root-cert.pem", {}), (ROOT, "ca.crt", {"tls.crt": ""})):
        there.cacerts(root, key, **more)
        assert refusals(inspection, there, certificates=True, expectedRootPem=ROOT) == []
    del there.objects[f"{SPACE}/secrets/cacerts"]
    assert refusals(inspection, there, certificates=True, expectedRootPem=OTHER) == []
    del there.objects[published]
    (refusal,) = refusals(inspection, there, certificates=True)
    assert "no Secret cacerts" in refusal


def test_roots_may_be_ahead_of_each_other_in_a_rotation(inspection: Driver, there: Cluster) -> None:
    there.cacerts(ROOT + NEXT)
    assert refusals(inspection, there, certificates=True, expectedRootPem=ROOT) == []
    (refusal,) = refusals(inspection, there, certificates=True, expectedRootPem=OTHER + ROOT)
    assert refusal.startswith("clusters.two.certificates")


def test_a_new_root_is_an_update(inspection: Driver, there: Cluster) -> None:
    there.cacerts(ROOT)
    checked, _ = inspection.check(inputs(there, certificates=True))
    identity, made = inspection.create(checked)
    there.cacerts(ROOT + NEXT)
    found = inspection.diff(identity, made.value, checked, checked)
    assert list(found.detailedDiff) == ["rootCertificatePem"]
    updated = inspection.update(identity, made.value, checked, checked)
    assert updated.value["rootCertificatePem"] == ROOT + NEXT


@pytest.mark.parametrize(
    ("release", "served", "text"),
    [
        (None, (), "does not have the CRD tlsroutes.gateway.networking.k8s.io"),
        ("v1.4.1", ("v1alpha2", "v1"), "is of release v1.4.1"),
        ("v1.6.0", ("v1alpha2",), "serves v1alpha2 and not v1"),
        ("main", ("v1",), "is of release main"),
    ],
)
def test_definitions_that_are_too_old(
    inspection: Driver, there: Cluster, release: str | None, served: tuple[str, ...], text: str
) -> None:
    if release is not None:
        there.tls_routes(release, *served)
    (refusal,) = refusals(inspection, there, gatewayApi=TLS_ROUTE)
    assert refusal.startswith("clusters.two.istio.gatewayApi: ")
    assert text in refusal
    assert "release 1.5" in refusal


def test_definitions_that_are_new_enough(inspection: Driver, there: Cluster) -> None:
    there.tls_routes("v1.10.0", "v1")
    assert refusals(inspection, there, gatewayApi=TLS_ROUTE) == []


@pytest.mark.parametrize("more", [{"quarantined": True}, {"kubeconfig": UNKNOWN}])
def test_a_cluster_that_cannot_be_asked_is_not_asked(inspection: Driver, there: Cluster, more: Any) -> None:
    assert refusals(inspection, there, istio=WANTED, certificates=True, **more) == []
    assert there.asked == []


def test_a_cluster_that_does_not_respond_is_named(inspection: Driver) -> None:
    nowhere = Cluster()
    nowhere.port = 1
    with pytest.raises(FailedCallError, match="cluster two: the API server does not respond"):
        refusals(inspection, nowhere, istio=WANTED)


SERVICE: dict[str, Any] = {
    "key": "workloadGroups.billing.service.ownership",
    "path": "/api/v1/namespaces/shop/services/billing",
    "title": "Service shop/billing",
    "ports": [80],
    "labels": {"app": "billing", "version": "vm"},
}


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (None, "has no Service shop/billing"),
        ({"selector": {"app": "billing"}, "ports": [{"port": 81}]}, "does not have the port 80"),
        ({"selector": {"app": "bill"}, "ports": [{"port": 80}]}, "selects app=bill"),
        ({"selector": {"app": "billing"}, "ports": [{"port": 80}, {"port": 81}]}, None),
    ],
)
def test_objects_of_groups(inspection: Driver, there: Cluster, spec: Any, text: str | None) -> None:
    if spec is not None:
        there.objects[SERVICE["path"]] = {"metadata": {}, "spec": spec}
    found = refusals(inspection, there, objects=[SERVICE])
    if text is None:
        assert found == []
    else:
        assert found[0].startswith("workloadGroups.billing.service.ownership: ")
        assert text in found[0]
