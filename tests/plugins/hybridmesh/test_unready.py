"""What exists but is not ready stays so until somebody has looked: true of every resource type of ours."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from hybrid_mesh.plugins.framework.errors import UNREADY, InitializationFailedError
from hybrid_mesh.plugins.framework.handler import ReadState, UpdateCall
from hybrid_mesh.plugins.framework.values import Properties
from hybrid_mesh.plugins.hybridmesh.main import HANDLERS
from tests.components.test_resources import MAKERS, recorded
from tests.plugins.hybridmesh.driver import Driver, FailedCallError
from tests.plugins.hybridmesh.fake_lab import FakeLab

WHY = ["the sky has not fallen yet"]
EVERY = pytest.mark.parametrize("name", MAKERS)


def fail(monkeypatch: pytest.MonkeyPatch, name: str, verb: str, identity: str) -> None:
    """Makes the handler's `verb` end as one that has made a thing which does not work."""

    def failing(self: Any, call: Any) -> Any:
        raise InitializationFailedError(identity, recorded(name), WHY)

    monkeypatch.setattr(HANDLERS[f"hybridmesh:index:{name}"], verb, failing)


def occupy(lab: FakeLab, name: str, identity: str) -> None:
    """The lab has the instance, but it is still starting."""
    inputs = recorded(name)
    if name == "LocalCluster":
        lab.add_cluster(inputs["clusterName"], identity, state="starting")
    if name == "LocalMachine":
        lab.add_machine(inputs["machineName"], identity, state="starting")


def test_every_type_is_here() -> None:
    assert {f"hybridmesh:index:{name}" for name in MAKERS} == set(HANDLERS)


@EVERY
def test_a_failure_is_reported_again_until_an_update_succeeds(
    name: str, drive: Callable[[str], Driver], lab: FakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, inputs, identity = drive(name), recorded(name), "thing-1"
    occupy(lab, name, identity)
    fail(monkeypatch, name, "create", identity)
    again = failure(lambda: driver.create(inputs))
    assert again.outputs[UNREADY] == WHY

    for _ in range(2):
        again = failure(partial(driver.read, identity, inputs, again.outputs))
        assert (again.identity, again.reasons) == (identity, WHY)
        assert again.inputs == inputs
    outputs = again.outputs

    fail(monkeypatch, name, "update", identity)
    assert failure(lambda: driver.update(identity, outputs, inputs, inputs)).outputs[UNREADY] == WHY

    monkeypatch.setattr(HANDLERS[driver.type], "update", lambda self, call: dict(inputs))
    healthy = driver.update(identity, outputs, inputs, inputs).value
    assert UNREADY not in healthy
    found = ReadState(identity, inputs, healthy)
    monkeypatch.setattr(HANDLERS[driver.type], "read", lambda self, call: found)
    assert driver.read(identity, inputs, healthy)[0] == identity


@pytest.mark.parametrize("name", ["LocalCluster", "LocalMachine"])
def test_an_instance_that_the_lab_calls_ready_is_ready(
    name: str, drive: Callable[[str], Driver], lab: FakeLab
) -> None:
    driver, inputs = drive(name), recorded(name)
    occupy(lab, name, "thing-1")
    lab.clusters = {key: replace(info, state="ready") for key, info in lab.clusters.items()}
    lab.machines = {key: replace(info, state="ready") for key, info in lab.machines.items()}
    identity, outputs = driver.read("thing-1", inputs, {**inputs, UNREADY: WHY})
    assert identity == "thing-1"
    assert UNREADY not in outputs.value


def failure(call: Callable[[], Any]) -> FailedCallError:
    with pytest.raises(FailedCallError) as caught:
        call()
    return caught.value


def test_no_handler_sees_the_mark(drive: Callable[[str], Driver], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Properties] = []

    def update(self: Any, call: UpdateCall) -> Properties:
        seen.append(call.old_outputs)
        return call.old_outputs

    monkeypatch.setattr(HANDLERS["hybridmesh:index:Protection"], "update", update)
    inputs = recorded("Protection")
    after = drive("Protection").update("x", {**inputs, UNREADY: WHY}, inputs, inputs)
    assert seen == [inputs] == [after.value]
