"""Doctor names faults, one at a time, and repairs what it may; a mesh in order has none.

At the end of each test the mesh is in order again.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.commands import PROJECT
from tests.local.mesh.faults import CLUSTER_FAULTS, MACHINE_FAULTS, SYSTEM, Fault, Hands
from tests.local.mesh.site import Site
from tests.waiting import eventually

pytestmark = pytest.mark.lab

TABLE = PROJECT / "build" / "faults.md"
ENOUGH = 23
"""Faults that must be named, of at least one more."""


def doctor(site: Site, *options: str) -> dict[str, Any]:
    done = site.hybrid_mesh("doctor", "--json", *options, check=False)
    document: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == ("healthy", "warnings", "broken").index(document["state"])
    return document


def named(fault: Fault, findings: Sequence[dict[str, Any]]) -> bool:
    return any(
        each["check"] == fault.check
        and each["subject"] == fault.subject
        and any(fault.remedy in line for line in each["remedy"])
        for each in findings
    )


def assert_in_order(site: Site) -> None:
    eventually("the mesh is in order", lambda: doctor(site)["state"] == "healthy", 60)


def test_a_mesh_in_order_has_no_finding(site: Site) -> None:
    found = doctor(site)
    assert (found["findings"], found["state"]) == ([], "healthy")


def test_istiods_and_gateways_that_are_renewed_are_no_fault(site: Site) -> None:
    """From the beginning to the end of their rollouts."""
    hands = Hands(site)
    renewed = ("deployment/istiod", "deployment/istio-eastwestgateway")
    for cluster in ("east", "west"):
        hands.kubectl(cluster, "rollout", "restart", *renewed, SYSTEM)
    said: list[dict[str, Any]] = []

    def done() -> bool:
        ended = all(_is_rolled_out(site, cluster, each) for cluster in ("east", "west") for each in renewed)
        said.extend(doctor(site)["findings"])
        return ended

    eventually("the rollouts end", done, 90)
    assert said == []


def _is_rolled_out(site: Site, cluster: str, deployment: str) -> bool:
    asked = ("rollout", "status", deployment, SYSTEM, "--watch=false")
    return "successfully rolled out" in site.hybrid_mesh("kubectl", cluster, "--", *asked).stdout


def test_each_fault_is_named_and_repaired(site: Site) -> None:
    """One at a time. The table of what was found is in `build/faults.md`."""
    hands = Hands(site)
    rows = [
        (fault.name, fault.check, *_tried(site, hands, fault)) for fault in (*CLUSTER_FAULTS, *MACHINE_FAULTS)
    ]
    _write(TABLE, rows)
    missed = [name for name, _, found, _ in rows if not found]
    left = [name for name, _, _, outcome in rows if outcome not in ("yes", "by hand")]
    assert len(rows) - len(missed) >= min(ENOUGH, len(rows)), missed
    assert left == []


def _tried(site: Site, hands: Hands, fault: Fault) -> tuple[bool, str]:
    """Whether doctor named the fault, and how it was repaired."""
    fault.inject(hands)
    if fault.restore is not None:
        found = _awaited(lambda: named(fault, doctor(site)["findings"]))
        fault.restore(hands)
        assert_in_order(site)
        return found, "by hand"
    last: dict[str, Any] = {}

    def repaired() -> bool:
        last.update(doctor(site, "--fix", "--yes"))
        return named(fault, last["before"])

    found = _awaited(repaired)
    if last["state"] != "healthy":
        return found, "; ".join(f"{each['subject']}: {each['problem']}" for each in last["findings"])
    verified = site.hybrid_mesh("verify", "--json", "--patience", "20", check=False)
    return found, "yes" if verified.returncode == 0 else "verify failed"


def _awaited(check: Callable[[], bool]) -> bool:
    """Whether `check` became true. An agent that has just been restarted is not judged for 20 s."""
    try:
        return eventually("the fault is named", check, 40)
    except AssertionError:
        return False


def _write(path: Path, rows: Sequence[tuple[str, str, bool, str]]) -> None:
    path.parent.mkdir(exist_ok=True)
    lines = [
        "| fault | check | named | repaired by `--fix` |",
        "|---|---|---|---|",
        *(
            f"| {name} | `{check}` | {'yes' if found else 'no'} | {outcome} |"
            for name, check, found, outcome in rows
        ),
    ]
    path.write_text("\n".join([*lines, ""]))
