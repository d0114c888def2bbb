"""LoadBalancerDrain: a destroy continues only after the cluster's load balancers are deleted."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from hybrid_mesh.plugins.framework.values import Properties
from hybrid_mesh.plugins.hybridmesh import load_balancer_drain
from tests.plugins.hybridmesh.driver import Driver, FailedCallError
from tests.plugins.hybridmesh.fake_api_server import TOKEN, FakeApiServer


@pytest.fixture
def drain(drive: Callable[[str], Driver], monkeypatch: pytest.MonkeyPatch) -> Driver:
    monkeypatch.setattr(load_balancer_drain, "_ASK_SECONDS", 0.05)
    monkeypatch.setattr(load_balancer_drain, "_WAIT_SECONDS", 20.0)
    return drive("LoadBalancerDrain")


def inputs(server: FakeApiServer, **more: Any) -> Properties:
    return {
        "clusterName": "gke-eu",
        "incarnation": "arn:1",
        "kubeconfig": server.kubeconfig,
        "quarantined": False,
        **more,
    }


def service(name: str, kind: str) -> dict[str, Any]:
    return {"metadata": {"namespace": "istio-system", "name": name}, "spec": {"type": kind}}


def test_it_asks_nobody_until_it_is_deleted(drain: Driver, server: FakeApiServer) -> None:
    identity, outputs = drain.create(inputs(server))
    assert identity == "gke-eu/load-balancers"
    assert ("kubeconfig",) in outputs.secrets
    drain.read(identity, inputs(server), outputs.value)
    assert server.asked == []


def test_a_delete_waits_until_none_is_left(drain: Driver, server: FakeApiServer) -> None:
    server.entries[:] = [service("gateway", "LoadBalancer"), service("istiod", "ClusterIP")]

    def goes() -> None:
        while len(server.asked) < 2:
            pause.wait(0.01)
        server.entries.pop(0)

    pause = threading.Event()
    threading.Thread(target=goes, daemon=True).start()
    drain.delete("gke-eu/load-balancers", inputs(server), inputs(server))
    assert len(server.asked) > 2
    assert set(server.asked[:-1]) == {"GET /api/v1/services"}
    assert [each["metadata"]["name"] for each in server.entries] == ["istiod"]


def endpoint_group(name: str, service: str) -> dict[str, Any]:
    owner = {"kind": "Service", "name": service}
    return {"metadata": {"namespace": "istio-system", "name": name, "ownerReferences": [owner]}}


def test_a_delete_waits_for_the_endpoint_groups_of_deleted_services(
    drain: Driver, server: FakeApiServer
) -> None:
    server.entries[:] = [service("istiod", "ClusterIP")]
    server.endpoint_groups = [
        endpoint_group("k8s2-gateway", "gateway"),
        endpoint_group("k8s1-istiod", "istiod"),
    ]

    def goes() -> None:
        while len(server.asked) < 4:
            pause.wait(0.01)
        assert server.endpoint_groups is not None
        server.endpoint_groups.pop(0)

    pause = threading.Event()
    threading.Thread(target=goes, daemon=True).start()
    drain.delete("gke-eu/load-balancers", inputs(server), inputs(server))
    assert len(server.asked) > 4
    assert [each["metadata"]["name"] for each in server.endpoint_groups] == ["k8s1-istiod"]


@pytest.fixture
def impatient(drain: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_balancer_drain, "_WAIT_SECONDS", 0.2)


@pytest.mark.usefixtures("impatient")
def test_what_stays_is_named(drain: Driver, server: FakeApiServer) -> None:
    server.entries.append(service("somebodys", "LoadBalancer"))
    with pytest.raises(FailedCallError, match="load balancers remain: istio-system/somebodys") as failure:
        drain.delete("gke-eu/load-balancers", inputs(server), inputs(server))
    assert TOKEN not in str(failure.value)


@pytest.mark.usefixtures("impatient")
def test_an_endpoint_group_that_stays_is_named(drain: Driver, server: FakeApiServer) -> None:
    server.endpoint_groups = [endpoint_group("k8s2-gateway", "gateway")]
    with pytest.raises(FailedCallError, match="network endpoint group istio-system/k8s2-gateway"):
        drain.delete("gke-eu/load-balancers", inputs(server), inputs(server))


@pytest.mark.usefixtures("impatient")
def test_a_dead_cluster_is_reported_with_the_remedy(drain: Driver, server: FakeApiServer) -> None:
    server.failure = 503
    with pytest.raises(FailedCallError, match=r"503.*clusters\.gke-eu\.state: quarantined"):
        drain.delete("gke-eu/load-balancers", inputs(server), inputs(server))


def test_a_quarantined_cluster_is_not_asked(drain: Driver, server: FakeApiServer) -> None:
    known = inputs(server, quarantined=True)
    drain.delete("gke-eu/load-balancers", known, known)
    assert server.asked == []


def test_another_incarnation_is_another_cluster(drain: Driver, server: FakeApiServer) -> None:
    old, new = inputs(server), inputs(server, incarnation="arn:2")
    assert list(drain.diff("x", old, old, new).replaces) == ["incarnation"]
    other = inputs(server, kubeconfig="{}")
    assert drain.diff("x", old, old, other).changes == provider_pb2.DiffResponse.DIFF_NONE
    quarantined = inputs(server, quarantined=True)
    answer = drain.diff("x", old, old, quarantined)
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert not answer.replaces
    assert drain.update("x", old, old, quarantined).value["quarantined"] is True
    assert server.asked == []
