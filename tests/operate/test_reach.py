"""Which members call which, and what the names of the command line select."""

from collections.abc import Sequence
from typing import Any

import pytest

from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.probes.pods import Probe
from hybrid_mesh.operate.shell import Machine, Pod, Registration
from hybrid_mesh.operate.verify.checks import Gap, MustFail, RequestCheck
from hybrid_mesh.operate.verify.reach import Reach
from hybrid_mesh.operate.verify.run import Report
from hybrid_mesh.operate.verify.selection import Selection
from hybrid_mesh.operate.verify.watch import changes
from tests.operate.fake_curl import RESET, UNHEALTHY, Reply
from tests.operate.mesh import FakeShell, mesh_plan, raw_mesh, verified

PROBES = ["pod probe in east", "pod probe in west"]
SITES = {"east": "amsterdam", "west": "boston", "north": "chicago"}


def plan_of(*groups: dict[str, Any]) -> MeshPlan:
    """Three clusters in networks of their own, and a group of one VM in each."""
    networks = {
        name: {"type": "local", "cidr": f"10.{10 + n}.0.0/16"} for n, name in enumerate(SITES.values())
    }
    networks["denver"] = {"type": "local", "cidr": "10.13.0.0/16", "gateway": "10.13.0.1"}
    clusters = {name: {"type": "local", "network": network} for name, network in SITES.items()}
    base = raw_mesh()["workloadGroups"]["legacy"]
    made = {
        f"g-{cluster}": {
            **base,
            "cluster": cluster,
            "network": network,
            "serviceAccount": f"g-{cluster}",
            "machines": {"type": "local", "count": 1},
            **group,
        }
        for (cluster, network), group in zip(SITES.items(), [*groups, {}, {}, {}][:3], strict=True)
    }
    made = {name: {key: each for key, each in one.items() if each is not None} for name, one in made.items()}
    return mesh_plan(networks=networks, clusters=clusters, workloadGroups=made, demo=None, ingress={})


def reach_of(plan: MeshPlan, entered: Sequence[str] = ("g-east", "g-west", "g-north")) -> Reach:
    probes = {}
    for number, name in enumerate(SITES):
        pod = Pod(name, "ns", "probe", f"10.{10 + number}.16.4", "probe", "probe")
        outside = Pod(name, "ns", "outside", f"10.{10 + number}.16.5", "default", "probe")
        probes[name] = Probe(name, pod, outside, f"probe-{name}.ns.svc", "spiffe://p")
    addresses = {f"g-{name}": f"10.{10 + number}.0.100" for number, name in enumerate(SITES)}
    machines = {name: [Machine(name, f"{name}-0", addresses[name])] for name in entered}
    known = {name: [Registration(name, address, True, True, "")] for name, address in addresses.items()}
    return Reach(plan, probes, machines, known)


def ends(checks: Sequence[RequestCheck]) -> list[str]:
    return [check.subject for check in checks if not isinstance(check.expectation, MustFail)]


def test_the_pairs_grow_with_clusters_and_groups_not_with_vms() -> None:
    found = ends(reach_of(plan_of()).checks())
    per_cluster, per_vm = 2 + 3, 3 + 3
    assert len(found) == 3 * per_cluster + 3 * per_vm
    assert len(set(found)) == len(found)


def test_groups_whose_vms_cannot_be_entered_are_called_from_the_clusters() -> None:
    found = ends(reach_of(plan_of(), entered=()).checks())
    assert [each for each in found if each.startswith("VM")] == []
    assert len([each for each in found if each.endswith("group g-west, port 9080")]) == 3


@pytest.mark.parametrize(
    ("ports", "asked", "silent"),
    [
        ({"http": 80, "http-admin": 81}, ["http://{}:80/", "http://{}:81/"], []),
        ({"http2-x": 80, "grpc": 81}, ["http://{}:80/", "http://{}:81/"], []),
        ({"https": 443, "tls-x": 444}, ["https://{}:443/", "https://{}:444/"], []),
        ({"mysql": 3306, "web": 80, "redis": 81}, ["ftp://{}:80/", "ftp://{}:81/"], ["mysql"]),
        ({"web": {"port": 80, "protocol": "http"}}, ["http://{}:80/"], []),
    ],
)
def test_a_port_is_asked_by_its_protocol(ports: dict[str, Any], asked: list[str], silent: list[str]) -> None:
    first = next(iter(ports.values()))
    probe = {"tcpSocket": {"port": first["port"] if isinstance(first, dict) else first}}
    reach = reach_of(plan_of({"ports": ports, "probe": probe}), entered=())
    host = "g-east.demo.svc.cluster.local"
    checks = [each for each in reach.checks() if each.source.name == "probe" and host in each.request.url]
    urls = [
        each.request.url for each in checks if isinstance(each.source, Pod) and each.source.cluster == "west"
    ]
    assert urls == [each.format(host) for each in asked]
    assert [gap.reason.rpartition(" ")[2] for gap in reach.gaps] == silent


def test_a_tcp_port_is_proved_by_the_callers_proxy() -> None:
    """It accepts every connection itself, and only it knows of the server's."""
    groups = {"legacy": {**raw_mesh()["workloadGroups"]["legacy"], "ports": {"tcp": 9080}}}
    plan = mesh_plan(workloadGroups=groups, demo=None, ingress={})
    held = Reply(0, code=28, error="Operation timed out after 1001 milliseconds")
    shell = FakeShell(reply=lambda _source, url, _options: held if url.startswith("ftp:") else None)

    def verdicts() -> set[tuple[bool, str]]:
        report = verified(plan, shell)
        found = [each for each in report.results if each.check.destination == "group legacy, port 9080"]
        assert [each.check.subject.partition(" →")[0] for each in found] == PROBES
        return {(each.verdict.holds, each.verdict.detail) for each in found}

    line = "outbound|9080||legacy.demo.svc.cluster.local::10.10.0.100:9080::{}::{}\n"
    shell.connections = line.format("cx_total", 1) + line.format("rq_total", 1)
    assert verdicts() == {(True, "connection accepted")}
    shell.connections = line.format("cx_total", 1) + line.format("rq_total", 0)
    assert verdicts() == {(False, "no server accepted the connection")}
    shell.reply = lambda _source, url, _options: RESET if url.startswith("ftp:") else None
    assert verdicts() == {(False, "curl: (56) Recv failure: Connection reset by peer")}
    greeting = Reply(0, code=8, error="Weird server reply")
    shell.reply = lambda _source, url, _options: greeting if url.startswith("ftp:") else None
    assert verdicts() == {(True, "the server sent a greeting")}


def test_a_group_without_ports_is_said_and_only_calls() -> None:
    reach = reach_of(plan_of({"ports": {}, "probe": None}))
    found = ends(reach.checks())
    assert not [each for each in found if "group g-east" in each]
    assert "VM g-east-0 → cluster west" in found
    assert Gap("group g-east", "it has no ports to call", True, frozenset({"group g-east"})) in reach.gaps


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        (
            {
                "machines": {"type": "static", "addresses": ["10.10.0.9"]},
                "probe": None,
                "serviceAccount": None,
            },
            "its servers have no proxy",
        ),
        ({"network": "denver"}, "no probe is in its network denver"),
    ],
)
def test_an_identity_that_cannot_be_seen_is_said(group: dict[str, Any], reason: str) -> None:
    reach = reach_of(plan_of(group), entered=())
    found = [each.subject for each in reach.checks()]
    assert [(gap.subject, gap.reason) for gap in reach.gaps] == [("identity of group g-east", reason)]
    assert "pod probe in west → group g-east, port 9080" in found
    assert not [each for each in found if "VM g-east" in each]


def test_vms_that_do_not_resolve_names_of_the_mesh_do_not_call() -> None:
    reach = reach_of(plan_of({"dnsCapture": False}))
    assert not [each for each in ends(reach.checks()) if each.startswith("VM g-east-0")]
    assert [gap.subject for gap in reach.gaps] == ["requests of VMs of group g-east"]


def test_refusals_cover_every_network_and_group() -> None:
    found = [each.subject for each in reach_of(plan_of()).checks() if isinstance(each.expectation, MustFail)]
    for cluster in SITES:
        others = [name for name in SITES if name != cluster]
        assert f"pod outside in {cluster} → cluster {cluster} in plaintext" in found
        assert f"pod outside in {cluster} → cluster {cluster} by TLS without identity" in found
        assert f"pod outside in {cluster} → VM g-{cluster} in plaintext" in found
        assert f"pod outside in {cluster} → VM g-{cluster} by TLS without identity" in found
        for other in others:
            assert f"pod outside in {cluster} → cluster {other} by its pod's address" in found
            assert f"pod outside in {cluster} → group g-{other} by the address of g-{other}" in found


@pytest.mark.parametrize(
    ("sources", "destinations", "kept"),
    [
        ({"east"}, set(), {"pod probe in east", "pod outside in east"}),
        ({"cluster east"}, {"group g-west"}, {"pod probe in east", "pod outside in east"}),
        ({"g-east"}, set(), {"VM g-east-0"}),
        (
            {"g-east-0", "west"},
            {"cluster north"},
            {"VM g-east-0", "pod probe in west", "pod outside in west"},
        ),
    ],
)
def test_names_select(sources: set[str], destinations: set[str], kept: set[str]) -> None:
    selection = Selection(frozenset(sources), frozenset(destinations))
    found = selection.checks(reach_of(plan_of()).checks())
    assert {each.subject.partition(" → ")[0] for each in found} == kept


def test_unknown_names_are_found_with_those_that_there_are() -> None:
    selection = Selection(frozenset({"east", "outside", "public"}), frozenset({"public", "outside"}))
    unknown = selection.unknown(mesh_plan())
    assert list(unknown) == ["public", "outside"]
    assert "outside" in unknown["public"]
    assert "ingress public" in unknown["outside"]


def test_only_changes_are_shown() -> None:
    shell = FakeShell()
    good = verified(mesh_plan(demo=None), shell)
    shell.reply = lambda source, url, _: UNHEALTHY if source == "probe west" and "legacy" in url else None
    shell.missing_pods = set()
    bad = verified(mesh_plan(demo=None), shell)
    line = "pod probe in west → group legacy, port 9080"
    assert list(changes(good, good)) == []
    assert list(changes(good, bad)) == [f"✗ {line}: a proxy answered with status 503: no healthy upstream"]
    assert list(changes(bad, good)) == [f"✓ {line}: status 200"]
    gone = Report(good.results, (Gap("VM a", "not running", False),), 1.0)
    assert list(changes(good, gone)) == ["✗ VM a: not running"]
    assert list(changes(gone, good)) == ["- VM a: not checked any more"]
