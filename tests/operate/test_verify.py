"""The whole of verify against a mesh of fakes: what is asked, what must be noticed, what is said."""

from collections.abc import Sequence

import pytest

from hybrid_mesh.operate.shell import CommandResult, Machine, NotReachableError, Pod
from hybrid_mesh.operate.verify.checks import MOST_REQUESTS, MustAnswer, MustFail
from hybrid_mesh.operate.verify.planning import requests_for
from hybrid_mesh.operate.verify.report import as_json, failures
from hybrid_mesh.operate.verify.run import Report
from tests.operate.fake_curl import UNHEALTHY
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
    verified,
)

WEST_TO_VM = ("probe west", "legacy.")


def run(shell: FakeShell, **changes: object) -> Report:
    return verified(mesh_plan(**changes), shell)


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
    probes = ["pod probe in east", "pod probe in west", "VM legacy-0", "VM legacy-1"]
    for source in probes:
        others = {"east", "west"} - {source.rpartition(" ")[2]}
        assert {f"{source} → cluster {name}" for name in others} < subjects
    assert "outside → ingress public, route split" in subjects
    refused = {r.check.subject for r in report.results if isinstance(r.check.expectation, MustFail)}
    assert refused == {
        "pod outside-east in east → pod echo-e of east in plaintext",
        "pod outside-east in east → pod echo-e of east by TLS without identity",
        "pod outside-east in east → pod echo-w of west by its address",
        "pod outside-west in west → pod echo-w of west in plaintext",
        "pod outside-west in west → pod echo-w of west by TLS without identity",
        "pod outside-west in west → pod echo-e of east by its address",
        "pod outside in east → cluster east in plaintext",
        "pod outside in east → cluster east by TLS without identity",
        "pod outside in east → cluster west by its pod's address",
        "pod outside in east → VM legacy-0-entry in plaintext",
        "pod outside in east → VM legacy-0-entry by TLS without identity",
        "pod outside in east → VM legacy-1-entry in plaintext",
        "pod outside in east → VM legacy-1-entry by TLS without identity",
        "pod outside in west → cluster west in plaintext",
        "pod outside in west → cluster west by TLS without identity",
        "pod outside in west → cluster east by its pod's address",
        "pod outside in west → group legacy by the address of legacy-0-entry",
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
    verified(mesh_plan(ingress={"public": {**ingress, "listeners": listeners}}), shell)
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


def test_the_vms_of_a_group_without_the_demo_ask_and_are_asked() -> None:
    """They have no echo client and no echo server."""
    groups = raw_mesh()["workloadGroups"]
    billing = {**groups["legacy"], "serviceAccount": "billing", "machines": {"type": "local", "count": 1}}
    groups["billing"] = billing
    shell = FakeShell(running={"legacy": ["legacy-0", "legacy-1"], "billing": ["billing-0"]})
    report = run(shell, workloadGroups=groups)
    assert failed(report) == []
    assert report.holds
    asked = {r.check.destination for r in report.results if r.check.subject.startswith("VM billing-0")}
    called = {f"group {name}, port 9080" for name in ("billing", "legacy")}
    assert asked == {"service echo", "group legacy", "cluster east", "cluster west"} | called
    askers = {r.check.subject for r in report.results if r.check.destination == "group billing, port 9080"}
    assert askers == {
        f"{source} → group billing, port 9080"
        for source in ("pod probe in east", "pod probe in west", "VM billing-0")
    }
    assert report.gaps == ()


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


def test_a_cluster_that_does_not_answer_is_asked_nothing_else() -> None:
    """Every further question would take its whole time limit."""

    asked = []

    def kube(cluster: str, arguments: Sequence[str]) -> CommandResult | None:
        if cluster == "west":
            asked.append(arguments[:3])
            return CommandResult(1, "", "error: dial tcp 10.0.0.1:6443: i/o timeout\n")
        return None

    report = run(FakeShell(kube=kube), demo=None)
    assert {gap.subject: gap.reason for gap in report.gaps if not gap.by_design} == {
        "cluster west": "its API server does not answer: dial tcp 10.0.0.1:6443: i/o timeout"
    }
    assert len(asked) == 3, "whether it answers, the first object of the probes, and their removal"
    assert not report.holds
    assert failed(report) == []
    assert "pod probe in east → group legacy, port 9080" in {r.check.subject for r in report.results}


def test_a_mesh_that_is_not_there_is_said_at_once() -> None:
    def kube(cluster: str, _: Sequence[str]) -> CommandResult | None:
        return CommandResult(1, "", "error: You must be logged in to the server (Unauthorized)\n")

    report = run(FakeShell(kube=kube, foreign=True), ingress={}, demo=None)
    assert (report.results, report.holds) == ((), False)
    assert failures(report)[0] == "2 could not be run."


def test_machines_that_cannot_be_probed_by_design_are_said_and_hold_nothing_up() -> None:
    mesh = raw_mesh()
    mesh["workloadGroups"]["legacy"]["machines"] = {"type": "bundle"}
    del mesh["demo"]["group"]
    routes = mesh["ingress"]["public"]["routes"]
    routes[0]["backends"] = routes[0]["backends"][:1]
    routes[0]["backends"][0]["weight"] = 100
    shell = FakeShell(foreign=True)
    del shell.voices["legacy"]
    report = run(shell, workloadGroups=mesh["workloadGroups"], ingress=mesh["ingress"], demo=mesh["demo"])
    assert report.holds
    assert [(gap.subject, gap.by_design) for gap in report.gaps] == [
        ("requests of VMs of group legacy", True)
    ]


def test_the_demo_on_vms_that_cannot_be_probed_is_not_expected_to_answer() -> None:
    """They answer the ingress too, and nothing says by which host name."""
    mesh = raw_mesh()
    mesh["workloadGroups"]["legacy"]["machines"] = {"type": "bundle"}
    shell = FakeShell(foreign=True)
    del shell.voices["legacy"]
    report = run(shell, workloadGroups=mesh["workloadGroups"])
    assert report.holds
    assert all(gap.by_design for gap in report.gaps)
    assert {gap.subject for gap in report.gaps} == {"requests of VMs of group legacy"}
    assert "outside → ingress public, route split" in {each.check.subject for each in report.results}


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

    report = verified(mesh_plan(), FakeShell(respond=respond), first_sync=5)
    assert failed(report) == ["VM legacy-1 → service echo"]
    assert tries == {"early": 3, "wrong": 1}


def test_patience_looks_at_the_whole_mesh_again() -> None:
    shell = FakeShell(missing_pods={"echo/west"})
    seen: list[str] = []

    def progress(text: str) -> None:
        seen.append(text)
        if "still waiting" in text:
            shell.missing_pods.clear()

    assert verified(mesh_plan(), shell, patience=10, first_sync=0, progress=progress).holds
    assert "still waiting: cluster west: no pod of the demo is Ready" in seen


def test_patience_ends_early_when_nothing_will_change_automatically() -> None:
    shell = FakeShell()
    shell.voices["echo"][1] = Voice("echo-w", "west", LEGACY)
    seen: list[str] = []
    report = verified(mesh_plan(), shell, patience=600, first_sync=0, progress=seen.append)
    assert not report.holds
    assert len([text for text in seen if "still waiting" in text]) == 3


def test_a_mesh_without_a_demo_is_checked_by_probe_pods() -> None:
    shell = FakeShell(reply=lambda source, url, _: UNHEALTHY if (source, url[7:14]) == WEST_TO_VM else None)
    report = run(shell, demo=None)
    assert failed(report) == ["pod probe in west → group legacy, port 9080"]
    (bad,) = (each.verdict.detail for each in report.results if not each.verdict.holds)
    assert bad == "a proxy answered with status 503: no healthy upstream"
    assert report.gaps == ()
    shell.reply = lambda _source, _url, _options: None
    assert run(shell, demo=None).holds


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
    keys = {"subject", "source", "destination", "from", "to", "expected", "holds", "detail"}
    assert keys | {"tries", "seconds"} == set(document["checks"][0])
    assert {check["expected"] for check in document["checks"]} == {"answer", "refusal", "registration"}
