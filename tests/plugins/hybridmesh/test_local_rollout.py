"""Local VMs with changed user-data are renewed by the registration of their group, step by step."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hybrid_mesh.plugins.framework.values import Properties
from hybrid_mesh.plugins.hybridmesh import local_rollout
from tests.plugins.hybridmesh.driver import Driver, FailedCallError, registration_inputs
from tests.plugins.hybridmesh.fake_api_server import FakeApiServer
from tests.plugins.hybridmesh.fake_lab import FakeLab

REFUSED = "dial tcp 10.10.0.100:9080: connect: connection refused"
MACHINES = {f"legacy-{number}": f"10.10.0.{100 + number}" for number in range(4)}


@pytest.fixture
def group(lab: FakeLab, server: FakeApiServer) -> None:
    """Four VMs that serve, and have other user-data since."""
    for name, address in MACHINES.items():
        lab.add_machine(name, name)
        lab.machines[name] = replace(lab.machines[name], address=address, outdated=True)
        server.register("legacy", address, healthy=True)
    lab.renew = lambda name: register(server, name)


def register(server: FakeApiServer, name: str, *, healthy: bool = True) -> None:
    message = "" if healthy else REFUSED
    server.register("legacy", MACHINES[name], healthy=healthy, message=message)


def inputs(server: FakeApiServer, template: str = "old", **rollout: Any) -> Properties:
    return registration_inputs(
        server.kubeconfig,
        minimum=4,
        triggers={"template": template},
        patienceSeconds=1,
        machineAddresses=MACHINES,
        rollout={"maxUnavailable": 1, "canary": True, **rollout},
    )


def roll(registration: Driver, server: FakeApiServer, **rollout: Any) -> Properties:
    before, after = inputs(server, "old", **rollout), inputs(server, "new", **rollout)
    return registration.update("id", before, before, after).value


def renewals(lab: FakeLab) -> list[str]:
    return [each.partition(":")[0] for each in lab.done if each.endswith(": renew")]


@pytest.mark.usefixtures("group")
def test_each_vm_leaves_the_mesh_before_it_is_replaced(
    registration: Driver, server: FakeApiServer, lab: FakeLab
) -> None:
    serving: dict[str, set[str]] = {}

    def renew(name: str) -> None:
        serving[name] = {entry["spec"]["address"] for entry in server.entries}
        register(server, name)

    lab.renew = renew
    outputs = roll(registration, server)
    assert len(outputs["workloadEntries"]) == 4
    assert lab.done[:3] == ["legacy-0: python3 -c", "legacy-0: systemctl stop", "legacy-0: renew"]
    assert renewals(lab) == list(MACHINES)
    assert serving == {name: {*MACHINES.values()} - {address} for name, address in MACHINES.items()}


@pytest.mark.parametrize(
    ("rollout", "steps"),
    [
        ({}, [1, 1, 1, 1]),
        ({"maxUnavailable": 2}, [1, 2, 1]),
        ({"maxUnavailable": 4}, [1, 3]),
        ({"maxUnavailable": 2, "canary": False}, [2, 2]),
    ],
    ids=str,
)
@pytest.mark.usefixtures("group")
def test_the_first_is_alone_and_so_many_follow(
    registration: Driver, server: FakeApiServer, lab: FakeLab, rollout: Any, steps: list[int]
) -> None:
    """A step begins when the VMs of the last one are Healthy."""
    found: list[int] = []
    lock, coming = threading.Lock(), threading.Event()

    def renew(name: str) -> None:
        with lock:
            if not coming.is_set():
                coming.set()
                found.append(0)
                threading.Timer(0.3, arrive).start()
            found[-1] += 1

    def arrive() -> None:
        with lock:
            coming.clear()
            missing = {*renewals(lab)} - registered()
        for name in missing:
            register(server, name)

    def registered() -> set[str]:
        addresses = {entry["spec"]["address"] for entry in server.entries}
        return {name for name, address in MACHINES.items() if address in addresses}

    lab.renew = renew
    roll(registration, server, **rollout)
    assert found == steps


@pytest.mark.usefixtures("group")
def test_the_first_vm_that_is_not_healthy_stops_the_rollout(
    registration: Driver, server: FakeApiServer, lab: FakeLab
) -> None:
    lab.renew = lambda name: register(server, name, healthy=False)
    with pytest.raises(FailedCallError) as failure:
        roll(registration, server)
    first = failure.value.reasons[0]
    assert first.startswith("the rollout of group legacy stopped")
    said = "legacy-10.10.0.100-amsterdam (10.10.0.100) is connected, but unhealthy"
    assert f"{said}: {REFUSED}; legacy-1, legacy-2, legacy-3 keep the former template" in first
    assert renewals(lab) == ["legacy-0"]
    assert [name for name, info in lab.machines.items() if info.outdated] == list(MACHINES)[1:]

    after = inputs(server, "new")
    with pytest.raises(FailedCallError):
        registration.read("id", after, failure.value.outputs)
    with pytest.raises(FailedCallError, match="stopped"):
        registration.update("id", failure.value.outputs, after, after)
    assert renewals(lab) == ["legacy-0"], "the same template is not tried on another VM"

    lab.renew = lambda name: register(server, name)
    for name, info in lab.machines.items():
        lab.machines[name] = replace(info, outdated=True)
    registration.update("id", failure.value.outputs, after, inputs(server, "better"))
    assert renewals(lab) == ["legacy-0", "legacy-0", "legacy-1", "legacy-2", "legacy-3"]


@pytest.mark.usefixtures("group")
def test_a_refresh_does_not_end_a_rollout_that_stopped(
    registration: Driver, server: FakeApiServer, lab: FakeLab
) -> None:
    lab.renew = lambda name: register(server, name, healthy=False)
    with pytest.raises(FailedCallError) as failure:
        roll(registration, server)
    server.entries[-1]["status"] = {"conditions": [{"type": "Healthy", "status": "True"}]}
    after = inputs(server, "new")
    with pytest.raises(FailedCallError):
        registration.read("id", after, failure.value.outputs)
    lab.machines = {name: replace(info, outdated=False) for name, info in lab.machines.items()}
    registration.read("id", after, failure.value.outputs)


@pytest.mark.usefixtures("group")
def test_a_vm_that_does_not_serve_is_replaced_first(
    registration: Driver, server: FakeApiServer, lab: FakeLab
) -> None:
    server.entries[2]["status"] = {"conditions": [{"type": "Healthy", "status": "False"}]}
    roll(registration, server)
    assert renewals(lab) == ["legacy-2", "legacy-0", "legacy-1", "legacy-3"]


@pytest.mark.usefixtures("group")
def test_a_vm_that_never_connects_stops_it_too(
    registration: Driver, server: FakeApiServer, lab: FakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_rollout, "_JOIN_SECONDS", 0.5)
    lab.renew = lambda _: None
    with pytest.raises(FailedCallError) as failure:
        roll(registration, server)
    said = "waiting until VM legacy-0 of group legacy joined the mesh; legacy-1, legacy-2, legacy-3 keep"
    assert said in failure.value.reasons[0]
    assert renewals(lab) == ["legacy-0"]


@pytest.mark.usefixtures("group")
def test_an_agent_that_came_back_while_its_vm_stopped_leaves_no_entry(
    registration: Driver, server: FakeApiServer, lab: FakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell: Callable[..., Any] = lab.machine_shell

    def reconnecting(name: str, command: list[str], timeout: float) -> Any:
        if command[0] == "systemctl":
            register(server, name)
        return shell(name, command, timeout)

    monkeypatch.setattr(lab, "machine_shell", reconnecting)
    outputs = roll(registration, server)
    assert len(outputs["workloadEntries"]) == len(server.entries) == 4


def test_vms_that_are_up_to_date_are_not_touched(
    registration: Driver, server: FakeApiServer, lab: FakeLab
) -> None:
    for name, address in MACHINES.items():
        lab.add_machine(name, name)
        server.register("legacy", address, healthy=True)
    roll(registration, server)
    assert lab.done == []
