"""A VM that came back under its address has its former entry, which is made to agree with the group."""

from typing import Any

import pytest

from hybrid_mesh.model.istio_facts import TEMPLATE_LABEL
from hybrid_mesh.plugins.framework.values import Properties
from tests.plugins.hybridmesh.driver import Driver, FailedCallError, registration_inputs
from tests.plugins.hybridmesh.fake_api_server import FakeApiServer

OLD: dict[str, Any] = {"ports": {"http": 9080}, "serviceAccount": "legacy", "network": "amsterdam"}
NEW = {**OLD, "ports": {"http": 9081}}


def inputs(server: FakeApiServer, **more: Any) -> Properties:
    return registration_inputs(server.kubeconfig, **more)


def writes(server: FakeApiServer) -> list[str]:
    return [asked for asked in server.asked if not asked.startswith("GET")]


def corrections(server: FakeApiServer) -> int:
    return sum(asked.startswith("PUT") for asked in server.asked)


def test_an_entry_that_agrees_is_left_alone(registration: Driver, server: FakeApiServer) -> None:
    labels = {"app": "legacy", "service.istio.io/canonical-name": "legacy"}
    server.declare("legacy", template=OLD, metadata={"labels": {"app": "legacy"}})
    server.register("legacy", "10.10.0.100", healthy=True, labels=labels, **OLD)
    registration.create(inputs(server))
    assert writes(server) == []


def test_former_ports_are_corrected(registration: Driver, server: FakeApiServer) -> None:
    server.declare("legacy", template=NEW)
    server.register("legacy", "10.10.0.100", healthy=True, locality="eu/a", **OLD)
    registration.create(inputs(server))
    written = "PUT /workloadentries/legacy-10.10.0.100-amsterdam"
    assert [each.partition("?")[0] for each in writes(server)] == [
        written,
        "PATCH /api/v1/namespaces/demo/services/legacy",
    ]
    assert server.applied == [{"hybrid-mesh/corrected": "2"}]
    assert server.entries[0]["spec"] == {"address": "10.10.0.100", "locality": "eu/a", **NEW}
    assert server.entries[0]["status"]["conditions"], "the health that its machine reported stays"


@pytest.mark.parametrize(
    ("field", "value"), [("serviceAccount", "other"), ("network", "boston"), ("weight", 5), ("ports", {})]
)
def test_every_field_of_the_template_is_compared(
    registration: Driver, server: FakeApiServer, field: str, value: Any
) -> None:
    server.declare("legacy", template={**OLD, field: value})
    server.register("legacy", "10.10.0.100", healthy=True, **OLD)
    registration.create(inputs(server))
    assert server.entries[0]["spec"].get(field, {}) == value


def test_labels_go_with_the_group(registration: Driver, server: FakeApiServer) -> None:
    """Also those that name the canonical service; what else Istio wrote stays."""
    server.declare("legacy", template=OLD, metadata={"labels": {"app": "books", "tier": "2"}})
    former = {
        "app": "legacy",
        "version": "vm",
        "service.istio.io/canonical-name": "legacy",
        "service.istio.io/canonical-revision": "vm",
        "topology.istio.io/subzone": "s",
    }
    server.register("legacy", "10.10.0.100", healthy=True, labels=former, **OLD)
    registration.create(inputs(server))
    now = {
        "app": "books",
        "tier": "2",
        "service.istio.io/canonical-name": "books",
        "service.istio.io/canonical-revision": "latest",
        "topology.istio.io/subzone": "s",
    }
    assert server.entries[0]["spec"]["labels"] == server.entries[0]["metadata"]["labels"] == now


def test_a_conflict_is_another_try(
    registration: Driver, server: FakeApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """istiod writes into the entry at the same moment: its write is kept."""
    server.declare("legacy", template=NEW)
    entry = server.register("legacy", "10.10.0.100", healthy=True, **OLD)
    answer = server.answer

    def late(method: str, path: str, body: Any) -> tuple[int, Any]:
        if method == "PUT" and entry["metadata"]["resourceVersion"] == "1":
            entry["metadata"]["resourceVersion"] = "2"
            entry["metadata"]["annotations"]["istio.io/workloadController"] = "istiod-1"
        return answer(method, path, body)

    monkeypatch.setattr(server, "answer", late)
    registration.create(inputs(server))
    assert corrections(server) == 2
    assert server.entries[0]["metadata"]["annotations"]["istio.io/workloadController"] == "istiod-1"


def test_what_cannot_be_corrected_is_not_ready(registration: Driver, server: FakeApiServer) -> None:
    server.declare("legacy", template=NEW)
    server.register("legacy", "10.10.0.100", healthy=True, connected=False, **OLD)
    with pytest.raises(FailedCallError) as failure:
        registration.create(inputs(server), timeout=0.5)
    assert any("lost its connection" in reason for reason in failure.value.reasons)
    assert writes(server) == []


@pytest.mark.parametrize(("template", "corrected"), [("old", False), ("new", True)])
def test_while_a_cloud_replaces_machines_former_ones_keep_what_they_serve(
    registration: Driver, server: FakeApiServer, template: str, corrected: bool
) -> None:
    server.declare("legacy", template=NEW)
    server.register("legacy", "10.10.0.100", healthy=True, labels={TEMPLATE_LABEL: template}, **OLD)
    before, after = inputs(server, template="old"), inputs(server, template="new")
    if corrected:
        registration.update("id", before, before, after)
        assert server.entries[0]["spec"]["labels"] == {TEMPLATE_LABEL: "new"}
    else:
        with pytest.raises(FailedCallError, match="timed out") as failure:
            registration.update("id", before, before, after, timeout=0.5)
        said = "no VMs of the new template connected; legacy-10.10.0.100-amsterdam of an earlier template"
        assert any(said in reason for reason in failure.value.reasons)
        with pytest.raises(FailedCallError, match="timed out"):
            registration.update("id", failure.value.outputs, after, after, timeout=0.5)
    assert bool(writes(server)) is corrected


def test_machines_that_no_cloud_replaces_are_corrected_as_they_are(
    registration: Driver, server: FakeApiServer
) -> None:
    """The VM of a bundle stays connected while its group's port changes."""
    server.declare("legacy", template=NEW)
    server.register("legacy", "10.10.0.100", healthy=True, **OLD)
    given = inputs(server)
    registration.update("id", given, given, inputs(server, triggers={"group": "2"}))
    assert corrections(server) == 1


def test_a_group_without_a_service_is_corrected_too(registration: Driver, server: FakeApiServer) -> None:
    """One that is called by a host of its own, or in other clusters only."""
    server.has_service = False
    server.declare("legacy", template=NEW)
    server.register("legacy", "10.10.0.100", healthy=True, **OLD)
    registration.create(inputs(server))
    assert (corrections(server), server.applied) == (1, [])
