"""How members come and go, with nothing behind them but fakes."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest

from hybrid_mesh.local.lab import members
from hybrid_mesh.local.lab.errors import LabEnding, LabError
from hybrid_mesh.local.lab.members import Kind, Members
from hybrid_mesh.local.lab.networks import Member, Networks
from hybrid_mesh.local.lab.services import LabServices
from hybrid_mesh.local.lab.specs import MachineSpec, NetworkSpec, Owner, Report
from hybrid_mesh.local.lab.starts import Starts
from hybrid_mesh.local.lab.state import LabState, MachineRecord
from hybrid_mesh.local.linux.guard import run_guarded
from tests.waiting import eventually

NETWORK = NetworkSpec("one", "10.61.0.0/16")
SPEC = MachineSpec("vm", NETWORK, "#cloud-config\n", "vm@test")
LOCAL, MINE = Owner("hybrid-mesh", "local"), Owner("hybrid-mesh", "mine")
OTHER = MachineSpec("vm", NETWORK, "#cloud-config\nruncmd: []\n", "vm@test")


class FakePart:
    def __init__(self, world: "World") -> None:
        self._world = world
        self.stopped = Event()

    def start(self, report: Report) -> None:
        report("booting")
        self._world.start(self)

    def stop(self) -> None:
        self.stopped.set()

    def remove(self) -> None:
        self._world.remove()


class World:
    """Members of one kind. `start` and `remove` are what a test wants to happen then."""

    def __init__(self, folder: Path) -> None:
        self.state = LabState(folder)
        self.start: Callable[[FakePart], None] = lambda _: None
        self.remove: Callable[[], None] = lambda: None
        self.told: list[str] = []
        services = cast(LabServices, Quiet())
        self.members: Members[MachineSpec, MachineRecord, FakePart] = Members(
            Kind(
                "VM",
                self.state.machines,
                self.state.add_machine,
                self._build,
                amend=self.state.amend_machine,
                renewed=self.state.renewed_machine,
            ),
            state=self.state,
            networks=cast(Networks, Quiet()),
            services=services,
            log=self.told.append,
        )

    def ensure(self, spec: MachineSpec = SPEC) -> MachineRecord:
        return self.members.ensure(spec, lambda _: None)

    def _build(self, record: MachineRecord, member: Member) -> FakePart:
        del record, member
        return FakePart(self)


class Quiet:
    """Networks and services that do nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "lab")


def fail(error: BaseException) -> Callable[..., None]:
    def raising(*_: Any) -> None:
        raise error

    return raising


def until_stopped(part: FakePart) -> None:
    assert part.stopped.wait(5)
    raise LabError("stopped")


@pytest.mark.parametrize("error", [RuntimeError("lost"), KeyError("k"), SystemExit(3), TimeoutError("late")])
def test_a_start_that_fails_unforeseen_has_failed_and_can_be_repeated(
    world: World, error: BaseException
) -> None:
    world.start = fail(error)
    with pytest.raises(LabError, match=f"VM vm could not be started: {type(error).__name__}"):
        world.ensure()
    assert world.members.status("vm")[0] == "failed"
    assert type(error).__name__ in world.told[0]
    world.start = lambda _: None
    assert world.ensure().spec == SPEC
    assert world.members.status("vm") == ("ready", "")


def test_a_start_that_does_not_end_holds_nobody_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "START_SECONDS", 0.05)
    world.start = until_stopped
    with pytest.raises(LabError, match="still starting after 0 s; last report: booting"):
        world.ensure()
    world.members.delete("vm")
    assert world.state.empty


def test_a_member_that_never_became_ready_is_replaced_by_one_with_other_settings(world: World) -> None:
    world.start = fail(LabError("no image"))
    with pytest.raises(LabError, match="no image"):
        world.ensure()
    first = world.members.record("vm")
    world.start = lambda _: None
    second = world.ensure(OTHER)
    assert first is not None
    assert second.instance_id != first.instance_id
    assert LabState(world.state.folder).machines["vm"].spec == OTHER


def test_a_member_that_was_ready_is_not_replaced_even_when_it_fails_later(tmp_path: Path) -> None:
    World(tmp_path / "lab").ensure()
    later = World(tmp_path / "lab")
    later.start = fail(LabError("port in use"))
    later.members.restore()
    eventually("failed", lambda: later.members.status("vm")[0] == "failed", 5)
    with pytest.raises(LabError, match="different settings; run `hybrid-mesh lab delete vm`"):
        later.ensure(OTHER)


def test_a_member_that_is_made_while_its_predecessor_is_removed_keeps_its_record(world: World) -> None:
    """Both go on under one name: the new one begins after the old one has ended."""
    removing, go_on = Event(), Event()

    def remove() -> None:
        removing.set()
        assert go_on.wait(5)

    first = world.ensure()
    world.remove = remove
    with ThreadPoolExecutor() as pool:
        deleted = pool.submit(world.members.delete, "vm")
        assert removing.wait(5)
        made = pool.submit(world.ensure)
        go_on.set()
        deleted.result(5)
        second = made.result(5)
    assert second.instance_id != first.instance_id
    assert world.members.record("vm") is second
    assert list(world.members.running) == ["vm"]


def test_a_start_under_way_is_stopped_by_a_delete(world: World) -> None:
    world.start = until_stopped
    with ThreadPoolExecutor() as pool:
        made = pool.submit(world.ensure)
        eventually("start", lambda: "vm" in world.members.running, 5)
        world.members.delete("vm")
        with pytest.raises(LabError, match="stopped"):
            made.result(5)
    assert world.state.empty


def test_a_member_belongs_to_the_stack_that_made_it(world: World) -> None:
    ours = world.ensure(replace(SPEC, owner=LOCAL))
    for spec in (SPEC, OTHER):
        with pytest.raises(
            LabError, match=r"^VM vm belongs to stack local: destroy that stack .*--stack local"
        ):
            world.ensure(replace(spec, owner=MINE))
    assert world.ensure(replace(SPEC, owner=LOCAL)) is ours
    assert LabState(world.state.folder).owners() == {LOCAL}


def test_a_failed_member_of_another_stack_is_not_replaced(world: World) -> None:
    world.start = fail(LabError("no image"))
    with pytest.raises(LabError, match="no image"):
        world.ensure(replace(SPEC, owner=LOCAL))
    with pytest.raises(LabError, match="belongs to stack local"):
        world.ensure(replace(OTHER, owner=MINE))


def test_a_member_of_an_earlier_version_is_adopted_by_the_first_stack_that_asks_for_it(world: World) -> None:
    world.ensure()
    file = world.state.folder / "lab.json"
    saved = json.loads(file.read_text())
    del saved["machines"]["vm"]["spec"]["owner"]
    file.write_text(json.dumps(saved))
    later = World(world.state.folder)
    assert later.state.owners() == set()
    with pytest.raises(LabError, match="different settings"):
        later.ensure(replace(OTHER, owner=MINE))
    later.ensure(replace(SPEC, owner=LOCAL))
    assert LabState(world.state.folder).owners() == {LOCAL}


def test_two_stacks_that_ask_for_one_name_at_once_get_one_member(world: World) -> None:
    def ask(owner: Owner) -> str:
        try:
            world.ensure(replace(SPEC, owner=owner))
        except LabError as refusal:
            return str(refusal)
        return owner.stack

    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(ask, [LOCAL, MINE] * 4))
    (owner,) = world.state.owners()
    assert set(answers) - {owner.stack} == {
        answer for answer in answers if f"belongs to stack {owner.stack}" in answer
    }
    assert answers.count(owner.stack) == 4


def test_an_ending_lab_takes_no_member(world: World) -> None:
    assert world.state.close_when_empty()
    with pytest.raises(LabEnding):
        world.ensure()
    assert world.state.empty


def test_state_of_another_version_is_not_guessed_at(tmp_path: Path) -> None:
    world = World(tmp_path / "lab")
    world.ensure()
    file = tmp_path / "lab" / "lab.json"
    file.write_text(file.read_text().replace('"version": 1', '"version": 2'))
    with pytest.raises(LabError, match="version 2, not 1; run `hybrid-mesh lab down --forget`"):
        LabState(tmp_path / "lab")


def test_what_a_guarded_action_raises_is_reported_and_goes_no_further() -> None:
    told: list[str] = []
    assert not run_guarded("count", fail(ValueError("three")), told.append)
    assert run_guarded("count", lambda: None, told.append)
    assert len(told) == 1
    assert told[0].startswith("count: ValueError: three (test_lab_members.py:")


def test_a_start_is_made_once_for_all_who_ask() -> None:
    calls: list[str] = []
    starts = Starts(calls.append)
    go_on = Event()

    def act(report: Report) -> None:
        report("one")
        assert go_on.wait(5)

    first = starts.begin("VM vm", act)
    assert starts.begin("VM vm", act) is first
    assert not starts.settled("VM vm", 0)
    go_on.set()
    first.wait(5)
    assert starts.settled("VM vm", 5)


def test_a_running_vm_gets_other_user_data_when_it_is_renewed(world: World) -> None:
    first = world.ensure()
    amended = world.members.ensure(OTHER, lambda _: None, amend=True)
    running = world.members.running["vm"]
    assert (amended.instance_id, amended.outdated, running.stopped.is_set()) == (
        first.instance_id,
        True,
        False,
    )
    assert LabState(world.state.folder).machines["vm"].outdated
    renewed = world.members.renew("vm", lambda _: None)
    assert (renewed.instance_id, renewed.lan_address) == (first.instance_id, first.lan_address)
    assert (renewed.spec, renewed.outdated) == (OTHER, False)
    assert running.stopped.is_set()
    assert world.members.status("vm")[0] == "ready"


def test_user_data_that_is_what_the_vm_has_needs_no_renewal(world: World) -> None:
    world.ensure()
    world.members.ensure(OTHER, lambda _: None, amend=True)
    assert not world.members.ensure(SPEC, lambda _: None, amend=True).outdated


def test_other_settings_than_user_data_cannot_be_amended(world: World) -> None:
    world.ensure()
    with pytest.raises(LabError, match="different settings"):
        world.members.ensure(replace(OTHER, service_account_email="x@test"), lambda _: None, amend=True)


def test_a_vm_that_the_lab_does_not_have_cannot_be_renewed(world: World) -> None:
    with pytest.raises(LabError, match="the lab has no VM vm"):
        world.members.renew("vm", lambda _: None)
