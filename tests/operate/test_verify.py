"""The whole of verify against a mesh of fakes: what is asked, what must be noticed, what is said."""

from collections.abc import Sequence

import pytest

from hybrid_mesh.operate.shell import CommandResult, Machine, NotProbedError, NotReachableError, Pod
from hybrid_mesh.operate.verify.checks import MOST_REQUESTS, MustAnswer, MustFail
from hybrid_mesh.operate.verify.planning import requests_for
from hybrid_mesh.operate.verify.report import as_json, failures
from hybrid_mesh.operate.verify.run import Report, verify
from tests.operate.mesh import (
    ECHO,
    LEGACY,
    FakeShell,
    Voice,
    answers,
    curl_answers,
    failure,
    mesh_plan,
    raw_mesh,
)


def run(shell: FakeShell, **changes: object) -> Report:
    return verify(mesh_plan(**changes), shell, first_sync=0)


def failed(report: Report) -> list[str]:
    return [result.check.subject for result in report.results if not result.verdict.holds]


def test_a_well_mesh_is_asked_from_everywhere_to_everywhere_and_passes() -> None:
    report = run(FakeShell())
    assert failed(report) == []
    assert report.holds
    subjects = {result.check.subject for result in report.results}
    sources = ["pod echo-e in east", "pod echo-w in west", "VM legacy-0", "VM legacy-1"]
    for source in sources:
        assert f"{source} → service echo" in subjects
        assert f"{source} → group legacy" in subjects
    assert "outside → ingress public, route split" in subjects
    refused = {r.check.subject for r in report.results if isinstance(r.check.expectation, MustFail)}
    assert refused == {
        "pod outside-east in east → pod echo-e of east in plaintext",
        "pod outside-east in east → pod echo-e of east by TLS without identity",
        "pod outside-east in east → pod echo-w of west by its address",
        "pod outside-east in east → VM legacy-0 in plaintext",
        "pod outside-east in east → VM legacy-1 in plaintext",
        "pod outside-west in west → pod echo-w of west in plaintext",
        "pod outside-west in west → pod echo-w of west by TLS without identity",
        "pod outside-west in west → pod echo-e of east by its address",
    }
    assert report.gaps == ()


def test_the_ingress_must_reach_every_cluster_and_every_machine() -> None:
    report = run(FakeShell())
    check = next(r.check for r in report.results if "ingress" in r.check.subject)
    assert isinstance(check.expectation, MustAnswer)
    assert check.expectation.everyone == frozenset(
        frozenset({member}) for member in ("cluster east", "cluster west", "VM legacy-0", "VM legacy-1")
    )
    assert check.expectation.caller.endswith("/ns/istio-ingress/sa/public-istio")


def test_a_route_of_an_https_listener_alone_is_asked_by_its_host_name() -> None:
    """At the listener's address, and with a certificate that this host need not trust."""
    ingress = raw_mesh()["ingress"]["public"]
    secure = {"name": "https", "port": 443, "protocol": "HTTPS", "hostname": "shop.example.com"}
    required = {**secure, "name": "mutual", "port": 444, "certificateSecret": "b"}
    listeners = [{**secure, "certificateSecret": "a"}, {**required, "clientCertificates": "required"}]
    shell = FakeShell()
    verify(mesh_plan(ingress={"public": {**ingress, "listeners": listeners}}), shell, first_sync=0)
    [asked] = [call for call in shell.calls if "--connect-to" in call]
    assert asked[1].startswith("https://shop.example.com:18080/")
    assert asked[asked.index("--connect-to") + 1] == "shop.example.com:18080:127.0.0.1:18080"
    assert "--insecure" in asked


def test_from_another_network_one_machine_behind_the_gateway_must_answer() -> None:
    report = run(FakeShell())
    everyone = {
        result.check.subject: result.check.expectation.everyone
        for result in report.results
        if isinstance(result.check.expectation, MustAnswer)
    }
    both = frozenset({"VM legacy-0", "VM legacy-1"})
    assert everyone["pod echo-w in west → group legacy"] == {both}
    assert everyone["pod echo-e in east → group legacy"] == {frozenset({one}) for one in both}


def test_the_vms_of_a_group_without_the_demo_ask_too() -> None:
    """They have no echo client: only the group that the demo names gets something of the demo."""
    groups = raw_mesh()["workloadGroups"]
    groups["billing"] = {
        **groups["legacy"],
        "serviceAccount": "billing",
        "machines": {"type": "local", "count": 1},
    }
    shell = FakeShell(running={"legacy": ["legacy-0", "legacy-1"], "billing": ["billing-0"]})
    report = run(shell, workloadGroups=groups)
    assert failed(report) == []
    assert report.holds
    asked = {r.check.destination for r in report.results if r.check.subject.startswith("VM billing-0")}
    assert asked == {"service echo", "group legacy"}
    assert [(gap.subject, gap.by_design) for gap in report.gaps] == [("group billing", True)]


def test_requests_suffice_to_find_everybody() -> None:
    assert requests_for(1) == 1
    assert 0.5 ** requests_for(0.5) <= 1e-5
    assert 0.75 ** requests_for(0.25) <= 1e-5
    assert requests_for(0.001) == MOST_REQUESTS


def test_a_backend_of_weight_nothing_must_not_answer() -> None:
    mesh = raw_mesh()
    backends = mesh["ingress"]["public"]["routes"][0]["backends"]
    backends[0]["weight"], backends[1]["weight"] = 0, 100
    report = run(FakeShell(), ingress=mesh["ingress"])
    assert failed(report) == ["outside → ingress public, route split"]


def test_a_cluster_that_never_answers_fails_every_path_to_it() -> None:
    shell = FakeShell()
    shell.voices["echo"] = shell.voices["echo"][:1]
    report = run(shell)
    assert not report.holds
    assert len([subject for subject in failed(report) if "service echo" in subject]) == 4


@pytest.mark.parametrize(
    "voice",
    [
        Voice("legacy-1", "legacy", ECHO),
        Voice("legacy-1", "legacy", LEGACY.replace("mesh.example.com", "cluster.local")),
        Voice("legacy-1", "legacy", ""),
        Voice("legacy-1", "west", LEGACY),
    ],
    ids=["another account", "another trust domain", "none", "another place"],
)
def test_a_machine_with_a_wrong_identity_or_place_fails(voice: Voice) -> None:
    shell = FakeShell()
    shell.voices["legacy"][1] = voice
    report = run(shell)
    assert len([subject for subject in failed(report) if "group legacy" in subject]) == 4
    assert not report.holds


def test_a_caller_whose_identity_is_lost_on_the_way_fails() -> None:
    def respond(source: Pod | Machine | None, command: Sequence[str]) -> CommandResult | None:
        if isinstance(source, Machine) and "//echo." in command[1]:
            return curl_answers([Voice("echo-e", "east", ECHO), Voice("echo-w", "west", ECHO)] * 20, "")
        return None

    assert failed(run(FakeShell(respond=respond))) == [
        "VM legacy-0 → service echo",
        "VM legacy-1 → service echo",
    ]


def test_plaintext_that_is_answered_fails() -> None:
    def respond(source: Pod | Machine | None, command: Sequence[str]) -> CommandResult | None:
        if (
            isinstance(source, Pod)
            and source.name == "outside-west"
            and command[1].startswith("http://10.20.")
        ):
            return answers([Voice("echo-w", "west", "")], "")
        return None

    assert failed(run(FakeShell(respond=respond))) == [
        "pod outside-west in west → pod echo-w of west in plaintext"
    ]


def test_a_reachable_pod_of_another_network_fails_even_when_its_proxy_refuses() -> None:
    def respond(source: Pod | Machine | None, command: Sequence[str]) -> CommandResult | None:
        if isinstance(source, Pod) and source.name == "outside-east" and "10.20." in command[1]:
            return failure("read: connection reset by peer")
        return None

    assert failed(run(FakeShell(respond=respond))) == [
        "pod outside-east in east → pod echo-w of west by its address"
    ]


@pytest.mark.parametrize("missing", ["echo/west", "outside/west", "public"])
def test_a_missing_pod_is_not_a_success(missing: str) -> None:
    report = run(FakeShell(missing_pods={missing}))
    assert not report.holds
    assert any(not gap.by_design for gap in report.gaps)


def test_a_missing_machine_is_not_a_success_and_is_named() -> None:
    report = run(
        FakeShell(
            running={"legacy": ["legacy-0"]},
            voices={**FakeShell().voices, "legacy": FakeShell().voices["legacy"][:1]},
        )
    )
    assert [gap.subject for gap in report.gaps] == ["VM legacy-1"]
    assert failed(report) == ["istiod of east → VMs of group legacy"]
    assert not report.holds
    assert "1 could not be run" in failures(report)[0]


class SilentCluster(FakeShell):
    def pods(self, cluster: str, namespace: str, selector: str) -> Sequence[Pod]:
        if cluster == "west":
            raise NotReachableError("its API server does not answer: timed out")
        return super().pods(cluster, namespace, selector)


def test_a_cluster_that_cannot_be_reached_is_not_a_success() -> None:
    report = run(SilentCluster())
    assert not report.holds
    assert {gap.subject for gap in report.gaps} == {"cluster west", "outside west"}


class ForeignMachines(FakeShell):
    def machines(self, group: str) -> Sequence[Machine]:
        raise NotProbedError("nothing here can run a command in bundle machines")


def test_machines_that_cannot_be_probed_by_design_are_said_and_hold_nothing_up() -> None:
    mesh = raw_mesh()
    mesh["workloadGroups"]["legacy"]["machines"] = {"type": "bundle"}
    del mesh["demo"]["group"]
    routes = mesh["ingress"]["public"]["routes"]
    routes[0]["backends"] = routes[0]["backends"][:1]
    routes[0]["backends"][0]["weight"] = 100
    shell = ForeignMachines()
    del shell.voices["legacy"]
    report = run(shell, workloadGroups=mesh["workloadGroups"], ingress=mesh["ingress"], demo=mesh["demo"])
    assert report.holds
    assert [(gap.subject, gap.by_design) for gap in report.gaps] == [("group legacy", True)]


def test_the_demo_on_vms_that_cannot_be_probed_is_not_expected_to_answer() -> None:
    """They answer the ingress too, and nothing says by which host name."""
    mesh = raw_mesh()
    mesh["workloadGroups"]["legacy"]["machines"] = {"type": "bundle"}
    shell = ForeignMachines()
    del shell.voices["legacy"]
    report = run(shell, workloadGroups=mesh["workloadGroups"])
    assert report.holds
    assert all(gap.by_design for gap in report.gaps)
    assert {gap.subject for gap in report.gaps} == {"group legacy", "ingress public, route split"}


def test_first_sync_errors_are_tried_again_and_other_faults_are_not() -> None:
    tries = {"early": 0, "wrong": 0}

    def respond(source: Pod | Machine | None, command: Sequence[str]) -> CommandResult | None:
        if isinstance(source, Machine) and source.name == "legacy-0" and "//echo." in command[1]:
            tries["early"] += 1
            unknown = CommandResult(6, "", "curl: (6) Could not resolve host: echo.demo")
            return unknown if tries["early"] < 3 else None
        if isinstance(source, Machine) and source.name == "legacy-1" and "//echo." in command[1]:
            tries["wrong"] += 1
            return curl_answers([Voice("echo-e", "east", LEGACY)] * 30, LEGACY)
        return None

    report = verify(mesh_plan(), FakeShell(respond=respond), first_sync=5)
    assert failed(report) == ["VM legacy-1 → service echo"]
    assert tries == {"early": 3, "wrong": 1}


def test_patience_looks_at_the_whole_mesh_again() -> None:
    shell = FakeShell(missing_pods={"echo/west"})
    seen: list[str] = []

    def progress(text: str) -> None:
        seen.append(text)
        if "still waiting" in text:
            shell.missing_pods.clear()

    assert verify(mesh_plan(), shell, patience=10, first_sync=0, progress=progress).holds
    assert "still waiting: cluster west: no pod of the demo is Ready" in seen


def test_patience_ends_early_when_nothing_will_change_automatically() -> None:
    shell = FakeShell()
    shell.voices["echo"][1] = Voice("echo-w", "west", LEGACY)
    seen: list[str] = []
    report = verify(mesh_plan(), shell, patience=600, first_sync=0, progress=seen.append)
    assert not report.holds
    assert len([text for text in seen if "still waiting" in text]) == 3


def test_without_a_demo_no_request_is_sent() -> None:
    shell = FakeShell()
    report = verify(mesh_plan(demo=None, ingress={}), shell)
    assert report.holds
    assert [result.check.destination for result in report.results] == ["VMs of group legacy"]
    assert [(gap.subject, gap.by_design) for gap in report.gaps] == [("requests between members", True)]
    assert shell.calls == []


def test_a_quarantined_cluster_is_said_and_not_asked() -> None:
    mesh = raw_mesh()
    mesh["clusters"]["west"]["state"] = "quarantined"
    shell = SilentCluster()
    shell.voices["echo"] = shell.voices["echo"][:1]
    report = run(shell, clusters=mesh["clusters"])
    assert report.holds
    assert [(gap.subject, gap.by_design) for gap in report.gaps] == [("cluster west", True)]


def test_the_json_report_says_everything() -> None:
    document = as_json(run(FakeShell(missing_pods={"outside/east"})))
    assert document["passed"] is False
    assert document["notChecked"][0]["byDesign"] is False
    assert {"subject", "source", "destination", "expected", "holds", "detail", "tries", "seconds"} == set(
        document["checks"][0]
    )
    assert {check["expected"] for check in document["checks"]} == {"answer", "refusal", "registration"}
