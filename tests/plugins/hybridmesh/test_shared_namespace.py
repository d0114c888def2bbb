"""SharedNamespace: it takes what is there, and deletes only what nobody would miss."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from hybrid_mesh.plugins.framework.engine import EngineLog, Severity
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties
from tests.plugins.hybridmesh.driver import Driver, FailedCallError
from tests.plugins.hybridmesh.fake_namespaces import Cluster, cluster

LABELS = {"istio-injection": "enabled"}


@pytest.fixture
def there() -> Iterator[Cluster]:
    with cluster() as fake:
        yield fake


@pytest.fixture
def space(drive: Callable[[str], Driver]) -> Driver:
    return drive("SharedNamespace")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The permanent messages to the user."""
    texts: list[str] = []

    def log(self: EngineLog, severity: Severity, text: str, urn: str = "", *, passing: bool = False) -> None:
        if not passing:
            texts.append(f"{severity.name}: {text}")

    monkeypatch.setattr(EngineLog, "log", log)
    return texts


def inputs(there: Cluster, **more: Any) -> Properties:
    return {
        "clusterName": "edge",
        "incarnation": "edge",
        "kubeconfig": there.kubeconfig,
        "namespace": "shop",
        "labels": LABELS,
        "quarantined": False,
        **more,
    }


def test_one_that_is_not_there_is_created_and_deleted(space: Driver, there: Cluster, said: list[str]) -> None:
    given = inputs(there)
    identity, outputs = space.create(given)
    assert (identity, outputs.value["created"], there.labels("shop")) == ("edge/shop", True, LABELS)
    there.put("shop", "/api/v1", "configmaps", "istio-ca-root-cert")
    there.put("shop", "/api/v1", "pods", "of-a-deployment", ownerReferences=[{"uid": "1"}])
    there.put("shop", "/apis/apps/v1", "deployments", "going", deletionTimestamp="2026-01-01T00:00:00Z")
    leader = {"control-plane.alpha.kubernetes.io/leader": "{}"}
    there.put("shop", "/api/v1", "configmaps", "istio-leader", annotations=leader)
    space.delete(identity, outputs.value, given)
    assert there.spaces == {}
    assert said == []


def test_one_that_holds_objects_of_others_is_kept_and_that_is_said(
    space: Driver, there: Cluster, said: list[str]
) -> None:
    given = inputs(there)
    identity, outputs = space.create(given)
    for number in range(6):
        there.put("shop", "/api/v1", "pods", f"user-{number}")
    there.put("shop", "/apis/apps/v1", "deployments", "shop")
    space.delete(identity, outputs.value, given)
    assert (there.labels("shop"), "DELETE /api/v1/namespaces/shop" in there.wrote) == ({}, False)
    named = "Deployment/shop, Pod/user-0, Pod/user-1, Pod/user-2, Pod/user-3 and 2 more"
    why = f"it has objects that this stack did not create: {named}"
    assert said == [f"WARNING: namespace shop of cluster edge is kept: {why}"]


def test_what_cannot_be_looked_into_is_kept(space: Driver, there: Cluster, said: list[str]) -> None:
    given = inputs(there)
    identity, outputs = space.create(given)
    there.down.add("/apis/apps/v1")
    space.delete(identity, outputs.value, given)
    assert "shop" in there.spaces
    assert "unknown objects of apps/v1 (the API server returned 503" in said[0]


def test_one_that_is_there_keeps_everything_but_our_labels(
    space: Driver, there: Cluster, said: list[str]
) -> None:
    there.add("shop", {"team": "a"})
    given = inputs(there)
    identity, outputs = space.create(given)
    assert not outputs.value["created"]
    assert there.labels("shop") == {"team": "a", **LABELS}
    space.delete(identity, outputs.value, given)
    assert there.labels("shop") == {"team": "a"}
    assert said == ["INFO: namespace shop of cluster edge is kept: it existed before this stack"]


def test_a_label_that_is_there_stays_if_its_manager_set_it_too(space: Driver, there: Cluster) -> None:
    there.add("shop", LABELS)
    given = inputs(there)
    identity, outputs = space.create(given)
    space.delete(identity, outputs.value, given)
    assert there.labels("shop") == LABELS


def test_another_value_of_a_label_is_said(space: Driver, there: Cluster, said: list[str]) -> None:
    there.add("shop", {"istio-injection": "disabled"})
    space.create(inputs(there))
    assert said == ["WARNING: namespace shop: changing label istio-injection from disabled to enabled"]


def test_one_that_is_being_deleted_is_awaited(space: Driver, there: Cluster) -> None:
    there.add("shop")["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    _, outputs = space.create(inputs(there))
    assert outputs.value["created"]
    assert there.spaces["shop"]["metadata"]["uid"] == "2"


def test_one_that_a_stack_used_to_declare_is_refused_before_it_is_deleted(
    space: Driver, there: Cluster
) -> None:
    there.add("shop", LABELS, manager="pulumi-kubernetes-1234")
    with pytest.raises(FailedCallError, match="run `pulumi state delete 'urn:") as failure:
        space.create(inputs(there))
    assert "kubectl label namespace shop istio-injection-" in str(failure.value)
    assert there.wrote == []


def test_one_of_another_program_is_used(space: Driver, there: Cluster) -> None:
    there.add("shop", {"team": "a"}, manager="pulumi-kubernetes-1234")
    assert not space.create(inputs(there))[1].value["created"]


def test_changed_labels_are_an_update(space: Driver, there: Cluster) -> None:
    given = inputs(there)
    identity, outputs = space.create(given)
    news = {**given, "labels": {"a": "b"}}
    answer = space.diff(identity, outputs.value, given, news)
    assert (answer.changes, list(answer.replaces)) == (provider_pb2.DiffResponse.DIFF_SOME, [])
    assert space.update(identity, outputs.value, given, news).value["created"]
    assert there.labels("shop") == {"a": "b"}


def test_read_shows_drift(space: Driver, there: Cluster) -> None:
    given = inputs(there)
    identity, outputs = space.create(given)
    there.set_labels("shop", "kubectl", {"istio-injection": "disabled", "other": "x"})
    drifted = space.read(identity, given, outputs.value)[1].value
    assert drifted["labels"] == {"istio-injection": "disabled"}
    there.spaces.clear()
    assert space.read(identity, given, outputs.value)[0] == ""


def test_gone_is_gone(space: Driver, there: Cluster) -> None:
    given = inputs(there)
    identity, outputs = space.create(given)
    there.spaces.clear()
    space.delete(identity, outputs.value, given)
    assert there.spaces == {}


@pytest.mark.parametrize("change", [{"namespace": "x"}, {"clusterName": "x"}, {"incarnation": "x"}])
def test_another_place_is_another_namespace(space: Driver, there: Cluster, change: Properties) -> None:
    given = inputs(there)
    assert list(space.diff("id", given, given, {**given, **change}).replaces) == list(change)


def test_quarantine_and_previews_do_no_io(space: Driver, there: Cluster) -> None:
    given = inputs(there, kubeconfig=UNKNOWN)
    assert space.create(given, preview=True)[1].value["created"] is UNKNOWN
    given = inputs(there, kubeconfig="{}", quarantined=True)
    identity, outputs = space.create(given)
    space.update(identity, outputs.value, given, {**given, "labels": {}})
    space.read(identity, given, outputs.value)
    space.delete(identity, outputs.value, given)
    assert there.wrote == []


def test_a_cluster_that_does_not_answer_is_an_error(space: Driver, there: Cluster) -> None:
    there.down.add("/api/v1")
    with pytest.raises(FailedCallError, match="the API server returned 503"):
        space.create(inputs(there))
