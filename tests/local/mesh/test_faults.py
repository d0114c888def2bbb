"""Doctor names faults, one at a time, and repairs what it may; a mesh in order has none.

At the end of each test the mesh is in order again.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.commands import PROJECT
from tests.local.mesh.faults import CLUSTER_FAULTS, MACHINE_FAULTS, SYSTEM, Fault, Hands
from tests.local.mesh.site import Site
from tests.waiting import eventually

pytestmark = pytest.mark.lab

TABLE = PROJECT / "build" / "faults.md"


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


@pytest.fixture(scope="module")
def rows() -> Iterator[list[str]]:
    """Of the table of faults in `build/faults.md`, which has all that were tried."""
    made = ["| fault | check | named | repaired by `--fix` |", "|---|---|---|---|"]
    yield made
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join([*made, ""]))


@pytest.mark.parametrize("fault", [*CLUSTER_FAULTS, *MACHINE_FAULTS], ids=lambda fault: fault.name)
def test_a_fault_is_named_and_repaired(site: Site, fault: Fault, rows: list[str]) -> None:
    found, outcome = _tried(site, Hands(site), fault)
    rows.append(f"| {fault.name} | `{fault.check}` | {'yes' if found else 'no'} | {outcome} |")
    assert found, "doctor must name it with its subject and remedy"
    assert outcome in ("yes", "by hand")


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
    verified = site.hybrid_mesh("verify", "--json", "--patience", "60", check=False)
    return found, "yes" if verified.returncode == 0 else "verify failed"


def _awaited(check: Callable[[], bool]) -> bool:
    """Whether `check` became true. An agent that has just been restarted is not judged for 20 s."""
    try:
        return eventually("the fault is named", check, 40)
    except AssertionError:
        return False
