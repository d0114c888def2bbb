"""What doctor says of VMs."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hybrid_mesh.operate.doctor.checks.machines import machines
from hybrid_mesh.operate.doctor.checks.templates import templates
from hybrid_mesh.operate.doctor.evidence import Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.machine_script import own_line
from hybrid_mesh.operate.doctor.machines import (
    AGENT,
    HEALTH,
    HOSTS_FILE,
    Absent,
    MachineEvidence,
    command,
    read_machine,
)
from hybrid_mesh.operate.doctor.repairs import MachineStep
from hybrid_mesh.operate.shell import Machine
from tests.operate.evidence import NOW, spoiled
from tests.operate.machine_evidence import GATEWAY, machine, mesh, unit, with_object, with_unit
from tests.operate.mesh import mesh_plan

PLAN = mesh_plan()
VM = machine(PLAN)
DEMO = "hybrid-mesh-demo.service"
SECONDS = timedelta(seconds=1)


def found(*changed: MachineEvidence, evidence: Evidence | None = None) -> list[Finding]:
    looked = evidence or mesh(PLAN, *changed)
    return [*machines(PLAN, looked), *templates(PLAN, looked)]


def checks(*changed: MachineEvidence) -> list[tuple[str, str]]:
    return [(each.check, each.subject) for each in found(*changed)]


def test_a_healthy_vm_has_no_finding() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("spoilt", "check"),
    [
        (with_unit(VM, unit("failed", "failed", line="no space")), "agent-stopped"),
        (with_unit(VM, unit("inactive", "dead")), "agent-stopped"),
        (with_unit(VM, unit("activating", "start-pre")), "agent-stopped"),
        (with_unit(VM, unit("activating", "auto-restart", NOW, restarts=5)), "agent-stopped"),
        (with_unit(VM, unit(load="not-found", active="inactive")), "agent-stopped"),
        (replace(VM, state="PRE_INITIALIZING"), "agent-stopped"),
        (replace(VM, rules=False), "rules-missing"),
        (replace(VM, dns_rules=False), "rules-missing"),
        (replace(VM, texts={**VM.texts, HOSTS_FILE: "127.0.0.1 localhost\n"}), "hosts-changed"),
        (
            replace(VM, texts={**VM.texts, HOSTS_FILE: "192.0.2.1 istiod.istio-system.svc\n"}),
            "hosts-changed",
        ),
        (replace(VM, reached=False, reached_reason="connect:errno=113"), "istiod-unreachable"),
        (replace(VM, ports=frozenset({15000})), "port-not-listening"),
        (replace(VM, health=(False, "application: GET localhost:9080/: status 500")), "vm-unhealthy"),
        (
            with_unit(VM, unit("failed", "failed", line="bad"), "hybrid-mesh-demo.service"),
            "application-stopped",
        ),
    ],
)
def test_a_fault_of_a_vm_is_named_once(spoilt: MachineEvidence, check: str) -> None:
    assert checks(spoilt) == [(check, "VM legacy-0")]
    assert found(spoilt)[0].severity is Severity.BROKEN
    assert all(found(spoilt)[0].remedy)


def test_a_port_without_a_listener_is_a_warning_where_no_probe_says_that_it_must_answer() -> None:
    plan = mesh_plan(workloadGroups={"legacy": {**_raw_group(), "ports": {"http": 9080}, "probe": None}})
    silent = replace(machine(plan), ports=frozenset())
    [one] = machines(plan, mesh(plan, silent))
    assert (one.check, one.severity) == ("port-not-listening", Severity.WARNING)


def test_the_words_of_the_vm_are_in_the_finding() -> None:
    one = found(with_unit(VM, unit("failed", "failed", line="no space left")))[0]
    assert one.problem == "Istio's agent (istio.service) has failed: no space left"
    assert one.since == NOW - timedelta(hours=1)
    assert one.remedy == ("hybrid-mesh lab shell legacy-0 -- systemctl restart istio.service",)
    assert one.repair is not None
    assert one.repair.steps == (MachineStep("legacy", "legacy-0", ("systemctl", "restart", AGENT)),)


def test_a_probe_that_fails_says_so_in_its_own_words() -> None:
    one = found(replace(VM, health=(False, "application: GET localhost:9080/: status 500")))[0]
    assert "status 500" in one.problem


def test_a_stopped_health_endpoint_is_a_warning() -> None:
    one = found(with_unit(VM, unit("inactive", "dead"), HEALTH))
    assert [(each.check, each.severity) for each in one] == [("unit-stopped", Severity.WARNING)]


def test_a_vm_that_boots_or_whose_agent_just_started_is_not_judged() -> None:
    booting = replace(VM, up=NOW - 30 * SECONDS, chain=(), proxy=None)
    assert checks(with_unit(booting, unit("inactive", "dead", NOW - 30 * SECONDS))) == []
    unwritten = replace(booting, texts={**VM.texts, HOSTS_FILE: "127.0.0.1 localhost\n"})
    assert checks(with_unit(unwritten, unit("inactive", "dead", NOW - 30 * SECONDS))) == []
    started = with_unit(VM, unit(since=NOW - 5 * SECONDS))
    assert checks(replace(started, state="", reached=False, rules=False, health=(False, "booting"))) == []
    assert checks(with_unit(VM, unit("activating", "start-pre", NOW - 5 * SECONDS))) == []
    assert checks(replace(started, rules=False)) == [("rules-missing", "VM legacy-0")]


def test_a_vm_that_does_not_run() -> None:
    whole = mesh(PLAN)
    for state, expected in (("failed", ["vm-not-running"]), ("absent", ["vm-not-running"]), ("starting", [])):
        looked = replace(whole, machines={**whole.machines, "legacy-1": Absent("legacy", state)})
        assert [each.check for each in found(evidence=looked)] == expected


def test_istiod_that_is_down_is_not_a_fault_of_the_vm() -> None:
    lost = replace(VM, reached=False, reached_reason="no answer in time")
    down = spoiled(
        mesh(PLAN, lost), "east", "Deployment", "istiod", lambda each: each["status"].pop("availableReplicas")
    )
    assert found(evidence=down) == []


def test_addresses_that_the_gateway_does_not_have() -> None:
    service = {
        "kind": "Service",
        "metadata": {"name": "istio-eastwestgateway", "namespace": "istio-system"},
        "status": {"loadBalancer": {"ingress": [{"ip": "172.30.9.9"}]}},
    }
    looked = with_object(mesh(PLAN), "east", service)
    faults = found(evidence=looked)
    assert {each.check for each in faults} == {"gateway-address-differs"}
    assert GATEWAY in faults[0].problem
    assert "172.30.9.9" in faults[0].problem


def test_a_file_that_was_edited_in_the_vm() -> None:
    path = "/var/lib/istio/config/mesh"
    one = found(replace(VM, hashes={**VM.hashes, path: "0" * 64}))
    assert [(each.check, each.subject) for each in one] == [("vm-file-changed", "VM legacy-0")]
    assert path in one[0].problem
    assert one[0].repair is not None
    gone = found(replace(VM, hashes={**VM.hashes, path: None}))
    assert [each.check for each in gone] == ["vm-file-changed"]


def test_a_vm_of_an_older_template_is_a_warning_unless_its_group_is_being_replaced() -> None:
    older = mesh_plan(workloadGroups={"legacy": {**_raw_group(), "ports": {"http": 9080, "more": 9081}}})
    old = replace(machine(older), name="legacy-0", ports=frozenset({9080}))
    one = found(old)
    assert [(each.check, each.severity) for each in one] == [("vm-outdated", Severity.WARNING)]
    assert "/var/lib/istio/config/mesh" in one[0].problem
    young = replace(machine(PLAN, 1), up=NOW - 60 * SECONDS)
    assert found(old, young) == []
    starting = mesh(PLAN, old)
    starting = replace(starting, machines={**starting.machines, "legacy-1": Absent("legacy", "starting")})
    assert found(evidence=starting) == []
    leaving = with_unit(old, unit("inactive", "dead", NOW - 5 * SECONDS))
    assert found(leaving) == []


def test_the_script_runs_on_a_host_without_agent_and_its_answer_can_be_read() -> None:
    asked = datetime.now(UTC)
    done = subprocess.run(
        [sys.executable, *command(PLAN.groups["legacy"])[1:]], capture_output=True, text=True, check=True
    )
    answered = datetime.now(UTC)
    read = read_machine(Machine("legacy", "legacy-0", "10.10.0.100"), done.stdout, asked, answered)
    assert read.ahead[0] <= 0 <= read.ahead[1]
    assert read.user_data == "" or read.user_data.startswith("#cloud-config")
    assert any(disk.path == "/" for disk in read.disks)
    assert "istio-token" not in json.dumps(done.stdout)


JOURNAL = """\
Starting istio.service - istio-sidecar: The Istio sidecar...
waiting for a token eyJhbGciOi.eyJpc3MiOi.sig
istio.service: Control process exited, code=exited, status=1/FAILURE
# Completed on Fri Nov 27 15:53:06 2026
istio.service: Failed with result 'exit-code'.
Failed to start istio.service - istio-sidecar: The Istio sidecar.
"""


@pytest.mark.parametrize(
    ("journal", "line"),
    [
        (JOURNAL, "waiting for a token [secret]"),
        (JOURNAL.replace("waiting for a token", "a") + JOURNAL, "waiting for a token [secret]"),
        (
            "Started x.\nthe last words\nx.service: Main process exited, code=killed, status=9/KILL\n",
            "the last words",
        ),
        ("only words\n", "only words"),
        ("x.service: Scheduled restart job.\n", "x.service: Scheduled restart job."),
        ("", ""),
    ],
)
def test_the_line_that_says_why_a_unit_ended(journal: str, line: str) -> None:
    assert own_line(journal) == line


@pytest.mark.parametrize("answer", ["", "[]", "{}", '{"units": 1}', "Traceback"])
def test_an_answer_that_cannot_be_read_is_an_error(answer: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read_machine(Machine("legacy", "legacy-0", "10.10.0.100"), answer, NOW, NOW)


def _raw_group() -> dict[str, object]:
    return {
        "namespace": "demo",
        "cluster": "east",
        "network": "amsterdam",
        "serviceAccount": "legacy",
        "probe": {"httpGet": {"port": 9080}},
        "machines": {"type": "local", "count": 2},
    }
