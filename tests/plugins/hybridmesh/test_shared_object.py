"""SharedObject: what exists is used and kept, what it created is deleted."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hybrid_mesh.plugins.framework.values import Properties
from tests.json_server import Request, json_server, kubeconfig
from tests.plugins.hybridmesh.driver import Driver, FailedCallError

SERVICE = "/api/v1/namespaces/shop/services/billing"
POLICY = "/apis/security.istio.io/v1/namespaces/shop/peerauthentications/billing"


class Cluster:
    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}
        self.wrote: list[str] = []
        self.port = 0

    def answer(self, request: Request) -> tuple[int, Any]:
        if request.method != "GET":
            self.wrote.append(f"{request.method} {request.path}")
        if request.method == "PATCH":
            there = self.objects.get(request.path, {"metadata": {"uid": "new"}})
            metadata = {**there["metadata"], **request.content["metadata"]}
            self.objects[request.path] = {**there, **request.content, "metadata": metadata}
        if request.method == "DELETE":
            assert request.content["preconditions"]["uid"] == self.objects[request.path]["metadata"]["uid"]
            return 200, self.objects.pop(request.path)
        found = self.objects.get(request.path)
        return (404, {}) if found is None else (200, found)


@pytest.fixture
def there() -> Iterator[Cluster]:
    cluster = Cluster()
    with json_server(cluster.answer) as cluster.port:
        yield cluster


@pytest.fixture
def thing(drive: Callable[[str], Driver]) -> Driver:
    return drive("SharedObject")


def inputs(there: Cluster, api: str = "v1", kind: str = "Service", **spec: Any) -> Properties:
    return {
        "clusterName": "edge",
        "incarnation": "edge",
        "kubeconfig": json.dumps(kubeconfig(f"http://127.0.0.1:{there.port}")),
        "apiVersion": api,
        "kind": kind,
        "namespace": "shop",
        "name": "billing",
        "manifest": {
            "apiVersion": api,
            "kind": kind,
            "metadata": {"name": "billing", "namespace": "shop"},
            "spec": {"selector": {"app": "billing"}, **spec},
        },
    }


def live(selector: dict[str, str], *managers: str) -> dict[str, Any]:
    fields = [{"manager": name} for name in managers]
    return {"metadata": {"uid": "old", "managedFields": fields}, "spec": {"selector": selector}}


def created(thing: Driver, given: Properties) -> tuple[str, Properties, Properties]:
    checked, failures = thing.check(given)
    assert failures == {}
    identity, made = thing.create(checked)
    return identity, made.value, checked


def test_one_that_is_not_there_is_created_and_deleted(thing: Driver, there: Cluster) -> None:
    identity, made, given = created(thing, inputs(there))
    assert (identity, made["created"]) == ("edge/Service shop/billing", True)
    thing.delete(identity, made, given)
    assert there.objects == {}
    assert there.wrote == [f"PATCH {SERVICE}", f"DELETE {SERVICE}"]


def test_one_that_is_there_is_changed_and_kept(thing: Driver, there: Cluster) -> None:
    there.objects[SERVICE] = live({"app": "billing"}, "kubectl")
    identity, made, given = created(thing, inputs(there))
    assert made["created"] is False
    news, _ = thing.check(inputs(there, ports=[]))
    updated = thing.update(identity, made, given, news).value
    thing.delete(identity, updated, news)
    assert there.objects[SERVICE]["spec"]["ports"] == []
    assert there.wrote == [f"PATCH {SERVICE}"] * 2


def test_the_path_of_another_kind(thing: Driver, there: Cluster) -> None:
    created(thing, inputs(there, "security.istio.io/v1", "PeerAuthentication"))
    assert list(there.objects) == [POLICY]


def test_one_that_was_deleted_is_gone_at_a_refresh(thing: Driver, there: Cluster) -> None:
    identity, made, given = created(thing, inputs(there))
    assert thing.read(identity, given, made)[0] == identity
    there.objects.clear()
    assert thing.read(identity, given, made)[0] == ""


def test_a_service_that_would_select_nothing_is_refused(thing: Driver, there: Cluster) -> None:
    there.objects[SERVICE] = live({"app": "billing", "tier": "back"})
    (refusal,) = thing.check(inputs(there))[1].values()
    assert "selects tier=back too" in refusal
    assert "service.selector" in refusal
    assert there.wrote == []


def test_one_that_the_stack_owned_before_is_not_taken_over(thing: Driver, there: Cluster) -> None:
    there.objects[SERVICE] = live({"app": "billing"}, "pulumi-kubernetes-1a2b3c")
    checked, _ = thing.check(inputs(there))
    with pytest.raises(FailedCallError, match="pulumi state delete"):
        thing.create(checked)
    assert there.wrote == []


def test_a_cluster_in_quarantine_is_not_asked(thing: Driver) -> None:
    nowhere = Cluster()
    nowhere.port = 1
    identity, made, given = created(thing, {**inputs(nowhere), "quarantined": True})
    thing.delete(identity, made, given)
