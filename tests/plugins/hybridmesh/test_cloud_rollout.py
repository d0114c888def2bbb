"""A cloud replaces the VMs of a group: MachineRegistration follows it by the template's label."""

import threading
import time
from typing import Any

import pytest

from hybrid_mesh.model.istio_facts import TEMPLATE_LABEL
from hybrid_mesh.plugins.framework.values import Properties
from tests.plugins.hybridmesh.driver import Driver, FailedCallError, registration_inputs
from tests.plugins.hybridmesh.fake_api_server import FakeApiServer

REFUSED = 'Get "http://10.0.0.9:9080/health": dial tcp 10.0.0.9:9080: connect: connection refused'
OLD = ("10.0.0.1", "10.0.0.2")


def inputs(server: FakeApiServer, template: str, **more: Any) -> Properties:
    given = {"minimum": 2, "template": template, "triggers": {"template": template}, "patienceSeconds": 1}
    return registration_inputs(server.kubeconfig, **{**given, "inspection": "gcloud list-errors", **more})


def register(server: FakeApiServer, address: str, template: str, *, healthy: bool | None = True) -> None:
    labels = {TEMPLATE_LABEL: template} if template else {}
    server.register("legacy", address, healthy=healthy, message="" if healthy else REFUSED, labels=labels)


def disconnect(server: FakeApiServer, address: str) -> None:
    entry = next(each for each in server.entries if each["spec"]["address"] == address)
    entry["metadata"]["annotations"] = {
        "istio.io/autoRegistrationGroup": "legacy",
        "istio.io/disconnectedAt": "2026-01-01T00:01:00Z",
    }


@pytest.fixture
def rolled(registration: Driver, server: FakeApiServer) -> Properties:
    """The outputs of a group with two VMs of the old template."""
    for address in OLD:
        register(server, address, "old")
    return registration.create(inputs(server, "old"))[1].value


def test_old_vms_do_not_count_for_a_new_template(
    registration: Driver, server: FakeApiServer, rolled: Properties
) -> None:
    before, after = inputs(server, "old"), inputs(server, "new")
    with pytest.raises(FailedCallError, match=r"timed out after 0\.5 s") as failure:
        registration.update("id", rolled, before, after, timeout=0.5)
    reasons = failure.value.reasons
    former = "legacy-10.0.0.1-amsterdam, legacy-10.0.0.2-amsterdam of an earlier template still serve"
    assert f"no VMs of the new template connected; {former}" in reasons
    assert "To see what the cloud does with the group's VMs: `gcloud list-errors`" in reasons


def test_an_old_vm_that_reconnects_is_still_an_old_one(
    registration: Driver, server: FakeApiServer, rolled: Properties
) -> None:
    for entry in server.entries:
        entry["metadata"]["annotations"]["istio.io/connectedAt"] = "2099-01-01T00:00:00Z"
    with pytest.raises(FailedCallError, match="timed out"):
        registration.update("id", rolled, inputs(server, "old"), inputs(server, "new"), timeout=0.5)


def test_it_ends_when_the_last_old_vm_is_gone(
    registration: Driver, server: FakeApiServer, rolled: Properties
) -> None:
    for address in ("10.0.0.11", "10.0.0.12"):
        register(server, address, "new")
    disconnect(server, OLD[0])
    leaving = threading.Timer(0.6, lambda: disconnect(server, OLD[1]))
    leaving.start()
    began = time.monotonic()
    outputs = registration.update("id", rolled, inputs(server, "old"), inputs(server, "new")).value
    assert time.monotonic() - began > 0.5
    assert outputs["workloadEntries"] == ["legacy-10.0.0.11-amsterdam", "legacy-10.0.0.12-amsterdam"]


def test_vms_without_a_label_are_of_an_earlier_template(registration: Driver, server: FakeApiServer) -> None:
    """Those that an earlier version of the program created."""
    register(server, OLD[0], "")
    before = inputs(server, "", minimum=1)
    with pytest.raises(FailedCallError, match="timed out"):
        registration.update("id", before, before, inputs(server, "new", minimum=1), timeout=0.5)


def test_the_first_new_vm_that_stays_unhealthy_stops_it(
    registration: Driver, server: FakeApiServer, rolled: Properties
) -> None:
    register(server, "10.0.0.9", "new", healthy=False)
    before, after = inputs(server, "old"), inputs(server, "new")
    began = time.monotonic()
    with pytest.raises(FailedCallError) as failure:
        registration.update("id", rolled, before, after, timeout=20)
    assert 1 <= time.monotonic() - began < 10
    stopped = "the rollout of group legacy stopped"
    said = "legacy-10.0.0.9-amsterdam (10.0.0.9) is connected, but unhealthy"
    assert failure.value.reasons[0].startswith(stopped)
    assert failure.value.reasons[0].endswith(f"after a new VM connected: {said}: {REFUSED}")
    assert any("of an earlier template still serve" in reason for reason in failure.value.reasons)
    with pytest.raises(FailedCallError):
        registration.read("id", after, failure.value.outputs)
    with pytest.raises(FailedCallError, match="stopped"):
        registration.update("id", failure.value.outputs, after, after, timeout=20)
    assert {entry["spec"]["address"] for entry in server.entries} == {*OLD, "10.0.0.9"}


def test_a_new_vm_may_take_its_time_to_turn_healthy(
    registration: Driver, server: FakeApiServer, rolled: Properties
) -> None:
    for address in OLD:
        disconnect(server, address)
    register(server, "10.0.0.11", "new")
    register(server, "10.0.0.12", "new", healthy=False)
    healthy = {"conditions": [{"type": "Healthy", "status": "True"}]}
    late = threading.Timer(0.6, lambda: server.entries[3].update(status=healthy))
    late.start()
    before, after = inputs(server, "old"), inputs(server, "new", patienceSeconds=20)
    assert len(registration.update("id", rolled, before, after).value["workloadEntries"]) == 2


def test_each_step_has_its_own_time(registration: Driver, server: FakeApiServer, rolled: Properties) -> None:
    """A group of many VMs takes longer than one VM may."""

    def step(number: int) -> None:
        register(server, f"10.0.0.1{number}", "new")
        disconnect(server, OLD[number])

    timers = [threading.Timer(0.9 * (number + 1), step, [number]) for number in range(2)]
    for timer in timers:
        timer.start()
    outputs = registration.update("id", rolled, inputs(server, "old"), inputs(server, "new"), timeout=1.4)
    assert len(outputs.value["workloadEntries"]) == 2


def test_another_number_of_vms_waits_for_the_current_template_only(
    registration: Driver, server: FakeApiServer, rolled: Properties
) -> None:
    before = inputs(server, "old")
    after = inputs(server, "old", triggers={"template": "old", "group": "changed"})
    assert len(registration.update("id", rolled, before, after).value["workloadEntries"]) == 2
