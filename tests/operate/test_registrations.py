"""What verify says of the VMs that istiod has registered."""

from typing import Any

import pytest

from hybrid_mesh.operate.shell import NotReachableError, Registration
from hybrid_mesh.operate.verify.checks import MustRegister
from hybrid_mesh.operate.verify.registrations import judge_registrations, plan_registrations
from tests.operate.mesh import FakeShell, mesh_plan, raw_mesh, unreachable, verified

GOOD = Registration("a", "10.10.0.100", True, True, "")
LOST = Registration("b", "10.10.0.101", False, True, "")
SICK = Registration("c", "10.10.0.102", True, False, "HTTP 500")
MUTE = Registration("d", "10.10.0.103", True, None, "")


@pytest.mark.parametrize(
    ("minimum", "probed", "found", "holds", "detail"),
    [
        (1, True, [GOOD], True, "1 VM registered and healthy"),
        (2, True, [GOOD, GOOD], True, "2 VMs registered and healthy"),
        (1, True, [GOOD, LOST], True, "1 VM registered and healthy"),
        (2, True, [GOOD, LOST], False, "1 of 2 VMs are registered and healthy: b has lost its connection"),
        (1, True, [GOOD, SICK], False, "1 of 2 VMs are registered and healthy: c is not healthy: HTTP 500"),
        (1, True, [MUTE], False, "0 of 1 VMs are registered and healthy: the probe of d has not reported"),
        (2, True, [], False, "0 of 2 VMs are registered and healthy"),
        (1, False, [SICK], True, "1 VM registered"),
        (0, True, [], True, "no VM is registered, and none is required"),
    ],
)
def test_registrations_are_judged(
    minimum: int, probed: bool, found: list[Registration], holds: bool, detail: str
) -> None:
    verdict = judge_registrations(MustRegister("g", minimum, probed), found)
    assert verdict.holds is holds
    assert verdict.detail.startswith(detail)
    assert verdict.again is not holds


def second_group(state: str = "active") -> dict[str, Any]:
    """A mesh whose group `billing` has nothing to do with the demo."""
    mesh = raw_mesh()
    billing = {**mesh["workloadGroups"]["legacy"], "namespace": "billing", "serviceAccount": "billing"}
    mesh["workloadGroups"]["billing"] = {**billing, "cluster": "west", "network": "boston"}
    mesh["clusters"]["west"]["state"] = state
    return mesh


def test_every_group_is_checked_with_or_without_the_demo() -> None:
    plan = mesh_plan(**second_group())
    checks, gaps = plan_registrations(plan)
    assert [check.subject for check in checks] == [
        "istiod of west → VMs of group billing",
        "istiod of east → VMs of group legacy",
    ]
    assert gaps == ()
    assert [check.expectation.minimum for check in checks] == [2, 2]


def test_a_group_of_a_cluster_in_quarantine_is_not_checked() -> None:
    checks, gaps = plan_registrations(mesh_plan(**second_group("quarantined")))
    assert [check.destination for check in checks] == ["VMs of group legacy"]
    assert [(gap.subject, gap.by_design) for gap in gaps] == [("group billing", True)]


def test_a_cluster_that_does_not_answer_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeShell, "registrations", unreachable("the WorkloadEntries cannot be listed: x"))
    report = verified(mesh_plan(), FakeShell())
    (failed,) = (result for result in report.results if not result.verdict.holds)
    assert failed.verdict.detail == "the WorkloadEntries cannot be listed: x"
    with pytest.raises(NotReachableError):
        FakeShell().registrations("legacy")
