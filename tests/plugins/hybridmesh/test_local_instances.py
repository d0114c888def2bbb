"""LocalCluster and LocalMachine: the same life, so the same tests."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from hybrid_mesh.local.lab.errors import LabNotRunning, PreflightError
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties
from hybrid_mesh.plugins.hybridmesh.power import power_on
from tests.plugins.hybridmesh.driver import Driver, FailedCallError
from tests.plugins.hybridmesh.fake_lab import SECRET, FakeLab

NETWORK = {"name": "amsterdam", "cidr": "10.10.0.0/16"}
Drive = Callable[[str], Driver]


@dataclass(frozen=True)
class Case:
    type: str
    inputs: Properties
    changed: Properties
    outputs: tuple[str, ...]
    name: str
    key: str = field(default="")


CLUSTER = Case(
    "LocalCluster",
    {"clusterName": "east", "network": NETWORK, "podCidr": "10.10.16.0/20", "serviceCidr": "10.96.0.0/16"},
    {"podCidr": "10.10.32.0/20"},
    ("instanceId", "kubeconfig", "endpoint", "peerEndpoint", "certificateAuthorityPem", "gatewayAddress"),
    "east",
)
MACHINE = Case(
    "LocalMachine",
    {
        "machineName": "vm-0",
        "network": NETWORK,
        "userData": "#cloud-config",
        "serviceAccountEmail": "legacy@local.hybrid-mesh.local",
        "cluster": "cluster-1",
    },
    {"serviceAccountEmail": "other@local.hybrid-mesh.local"},
    ("instanceId", "address", "wanAddress"),
    "vm-0",
)
BOTH = pytest.mark.parametrize("case", [CLUSTER, MACHINE], ids=lambda case: str(case.type))


@dataclass(frozen=True)
class Made:
    driver: Driver
    identity: str
    inputs: Properties
    outputs: Properties


def make(drive: Drive, case: Case) -> Made:
    driver = drive(case.type)
    inputs, failures = driver.check(case.inputs)
    assert failures == {}
    identity, outputs = driver.create(inputs)
    return Made(driver, identity, inputs, outputs.value)


def diff(made: Made, news: Properties) -> Any:
    return made.driver.diff(made.identity, made.outputs, made.inputs, {**made.inputs, **news})


@BOTH
def test_check_fills_in_the_network(drive: Drive, case: Case) -> None:
    inputs, _ = drive(case.type).check(case.inputs)
    assert inputs["network"] == {**NETWORK, "direct": False, "delayMilliseconds": 0, "lossPercent": 0}


@BOTH
def test_preview_of_creation_knows_no_output_and_touches_no_lab(
    drive: Drive, lab: FakeLab, case: Case
) -> None:
    lab.running = False
    identity, outputs = drive(case.type).create({**case.inputs, "network": UNKNOWN}, preview=True)
    assert identity == ""
    assert {name for name in case.outputs if outputs.value[name] is UNKNOWN} == set(case.outputs)
    assert lab.starts == 0


@BOTH
def test_creation_reports_the_incarnation(drive: Drive, case: Case) -> None:
    made = make(drive, case)
    assert made.identity == made.outputs["instanceId"]
    assert set(case.outputs) <= set(made.outputs)


def test_the_kubeconfig_is_secret_on_the_wire(drive: Drive) -> None:
    driver = drive("LocalCluster")
    inputs, _ = driver.check(CLUSTER.inputs)
    _, outputs = driver.create(inputs)
    assert outputs.secrets == {("kubeconfig",)}
    assert SECRET in outputs.value["kubeconfig"]


@BOTH
def test_no_change_is_not_a_difference(drive: Drive, case: Case) -> None:
    assert diff(make(drive, case), {}).changes == provider_pb2.DiffResponse.DIFF_NONE


@BOTH
def test_a_changed_living_instance_is_deleted_first(drive: Drive, case: Case) -> None:
    answer = diff(make(drive, case), case.changed)
    assert list(answer.replaces) == list(case.changed)
    assert answer.deleteBeforeReplace


@BOTH
def test_an_unknown_input_replaces_in_the_preview(drive: Drive, case: Case) -> None:
    answer = diff(make(drive, case), dict.fromkeys(case.changed, UNKNOWN))
    assert list(answer.replaces) == list(case.changed)


@BOTH
@pytest.mark.parametrize("news", [False, True], ids=["unchanged", "changed"])
def test_a_dead_instance_is_replaced_on_its_identity_without_deleting_first(
    drive: Drive, lab: FakeLab, case: Case, news: bool
) -> None:
    made = make(drive, case)
    lab.lose_state()
    answer = diff(made, case.changed if news else {})
    assert "instanceId" in answer.replaces
    assert not answer.deleteBeforeReplace
    assert lab.starts == 0


@BOTH
def test_a_successor_of_the_same_name_is_another_incarnation(drive: Drive, lab: FakeLab, case: Case) -> None:
    first = make(drive, case)
    lab.clusters.clear()
    lab.machines.clear()
    second = make(drive, case)
    assert "instanceId" in diff(first, {}).replaces
    assert diff(second, {}).changes == provider_pb2.DiffResponse.DIFF_NONE


@BOTH
def test_a_lab_that_is_off_but_remembers_is_not_dead(drive: Drive, lab: FakeLab, case: Case) -> None:
    made = make(drive, case)
    lab.running = False
    assert diff(made, {}).changes == provider_pb2.DiffResponse.DIFF_NONE
    identity, outputs = made.driver.read(made.identity, made.inputs, made.outputs)
    assert (identity, outputs.value) == (made.identity, made.outputs)


@BOTH
def test_read_reports_what_is_gone(drive: Drive, lab: FakeLab, case: Case) -> None:
    made = make(drive, case)
    lab.lose_state()
    assert made.driver.read(made.identity, made.inputs, made.outputs)[0] == ""


@BOTH
def test_read_reports_what_is_there(drive: Drive, case: Case) -> None:
    made = make(drive, case)
    identity, outputs = made.driver.read(made.identity, made.inputs, {})
    assert identity == made.identity
    assert outputs.value == made.outputs


@BOTH
def test_delete_is_idempotent(drive: Drive, lab: FakeLab, case: Case) -> None:
    made = make(drive, case)
    for _ in range(2):
        made.driver.delete(made.identity, made.outputs, made.inputs)
    assert lab.deleted == [case.name]


@BOTH
def test_deleting_a_dead_instance_spares_its_successor(drive: Drive, lab: FakeLab, case: Case) -> None:
    first = make(drive, case)
    lab.clusters.clear()
    lab.machines.clear()
    make(drive, case)
    first.driver.delete(first.identity, first.outputs, first.inputs)
    assert lab.deleted == []


@BOTH
def test_deleting_from_a_lab_without_state_starts_none(drive: Drive, lab: FakeLab, case: Case) -> None:
    made = make(drive, case)
    lab.lose_state()
    made.driver.delete(made.identity, made.outputs, made.inputs)
    assert lab.starts == 0


@BOTH
def test_a_lab_that_ends_with_its_last_member_is_not_a_failure(
    drive: Drive, lab: FakeLab, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(drive, case)

    def end(name: str) -> None:
        lab.lose_state()
        raise LabNotRunning(f"the lab ended during the deletion of {name}")

    monkeypatch.setattr(lab, "delete_cluster", end)
    monkeypatch.setattr(lab, "delete_machine", end)
    made.driver.delete(made.identity, made.outputs, made.inputs)


@BOTH
def test_a_refusal_is_the_labs_own_line(drive: Drive, lab: FakeLab, case: Case) -> None:
    lab.refusal = "port 40001 is in use"
    with pytest.raises(FailedCallError, match=r"^port 40001 is in use$"):
        make(drive, case)


@BOTH
def test_cancel_ends_the_wait(drive: Drive, lab: FakeLab, case: Case) -> None:
    lab.blocked = threading.Event()
    driver = drive(case.type)
    inputs, _ = driver.check(case.inputs)
    with driver.cancelled_after(0.2), pytest.raises(FailedCallError, match="was cancelled") as failure:
        driver.create(inputs)
    lab.blocked.set()
    assert failure.value.code is grpc.StatusCode.CANCELLED


@BOTH
def test_the_engines_timeout_is_honoured(drive: Drive, lab: FakeLab, case: Case) -> None:
    lab.blocked = threading.Event()
    driver = drive(case.type)
    inputs, _ = driver.check(case.inputs)
    with pytest.raises(FailedCallError, match=r"timed out after 0\.3 s waiting until"):
        driver.create(inputs, timeout=0.3)
    lab.blocked.set()


@BOTH
def test_an_import_is_refused_in_one_line(drive: Drive, case: Case) -> None:
    with pytest.raises(FailedCallError, match="cannot be imported"):
        drive(case.type).read("x", {}, {})


def test_changed_user_data_waits_in_the_lab_for_the_rollout(drive: Drive, lab: FakeLab) -> None:
    made = make(drive, MACHINE)
    changed = {"userData": "#cloud-config\nruncmd: []"}
    answer = diff(made, changed)
    assert (list(answer.replaces), answer.changes) == ([], provider_pb2.DiffResponse.DIFF_SOME)
    assert not diff(made, {"userData": UNKNOWN}).replaces
    news = {**made.inputs, **changed}
    assert made.driver.update(made.identity, made.outputs, made.inputs, news, preview=True).value == {
        **made.outputs,
        **changed,
    }
    assert not lab.machines["vm-0"].outdated
    outputs = made.driver.update(made.identity, made.outputs, made.inputs, news).value
    assert outputs == {**made.outputs, **changed}
    assert (lab.machines["vm-0"].outdated, lab.done) == (True, [])


def test_a_vm_of_another_cluster_is_replaced_at_once(drive: Drive) -> None:
    assert list(diff(make(drive, MACHINE), {"cluster": "cluster-2"}).replaces) == ["cluster"]


def test_a_state_that_does_not_know_its_cluster_is_no_reason_to_replace(drive: Drive) -> None:
    made = make(drive, MACHINE)
    del made.inputs["cluster"]
    assert diff(made, {"cluster": "cluster-1"}).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_quarantined_cluster_is_left_alone(drive: Drive, lab: FakeLab) -> None:
    made = make(drive, CLUSTER)
    lab.lose_state()
    quarantined = {"quarantined": True}
    answer = diff(made, quarantined)
    assert (list(answer.replaces), answer.changes) == ([], provider_pb2.DiffResponse.DIFF_SOME)
    outputs = made.driver.update(made.identity, made.outputs, made.inputs, {**made.inputs, **quarantined})
    assert outputs.value == {**made.outputs, **quarantined}
    made.driver.delete(made.identity, outputs.value, {**made.inputs, **quarantined})
    assert lab.starts == 0


@BOTH
@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_a_member_of_another_stack_is_not_adopted(drive: Drive, case: Case, preview: bool) -> None:
    made = make(drive, case)
    other = replace(made.driver, stack="mine")
    refusal = rf"^(cluster|VM) {case.name} belongs to stack test: destroy that stack \(`.* --stack test`\)"
    with pytest.raises(FailedCallError, match=refusal):
        other.create(made.inputs, preview=preview)


@BOTH
def test_a_member_of_another_stack_is_not_deleted(drive: Drive, lab: FakeLab, case: Case) -> None:
    """Two stacks can hold one identity after `pulumi stack export` and `import`."""
    made = make(drive, case)
    with pytest.raises(FailedCallError, match="belongs to stack test"):
        replace(made.driver, stack="mine").delete(made.identity, made.outputs, made.inputs)
    assert lab.deleted == []


@BOTH
def test_a_stack_of_the_same_name_in_another_backend_is_another_stack(
    drive: Drive, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(drive, case)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///elsewhere")
    with pytest.raises(FailedCallError, match="belongs to stack test in another Pulumi backend"):
        made.driver.create(made.inputs)


@BOTH
def test_a_member_of_an_earlier_version_goes_to_the_stack_whose_state_holds_it(
    drive: Drive, lab: FakeLab, case: Case
) -> None:
    lab.add_cluster("east", "old")
    lab.add_machine("vm-0", "old")
    driver = drive(case.type)
    inputs, _ = driver.check(case.inputs)
    driver.diff("another", {**inputs, "instanceId": "another"}, inputs, inputs)
    assert (lab.clusters["east"].owner, lab.machines["vm-0"].owner) == (None, None)
    answer = driver.diff("old", {**inputs, "instanceId": "old"}, inputs, inputs)
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE
    with pytest.raises(FailedCallError, match="belongs to stack test"):
        replace(driver, stack="mine").create(inputs)


def test_a_switched_off_lab_is_powered_on_and_awaited(drive: Drive, lab: FakeLab) -> None:
    make(drive, CLUSTER)
    lab.clusters["east"] = replace(lab.clusters["east"], state="starting")
    lab.running = False
    assert power_on() is None
    assert (lab.starts, lab.clusters["east"].state) == (1, "ready")


def test_a_lab_that_remembers_nothing_is_not_powered_on(lab: FakeLab) -> None:
    lab.running = False
    assert power_on() is None
    assert lab.starts == 0


def test_a_lab_that_cannot_be_powered_on_is_one_line(
    drive: Drive, lab: FakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(drive, CLUSTER)

    def refuse(*, start: bool) -> FakeLab:
        raise PreflightError(["not root: run as root"])

    monkeypatch.setattr(lab, "connect", refuse)
    assert power_on() == "the lab could not be started: not root: run as root"
