"""The WorkloadEntries of every workload group against its VMs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from hybrid_mesh.model.config.machines import StaticMachinesConfig
from hybrid_mesh.model.istio_facts import (
    TEMPLATE_LABEL,
)
from hybrid_mesh.model.objects.planned import PlannedObject
from hybrid_mesh.model.plan.types import GroupPlan, MeshPlan
from hybrid_mesh.operate.doctor.checks.machines import JOINING, REPLACING, machine_findings, settled
from hybrid_mesh.operate.doctor.checks.templates import older_files
from hybrid_mesh.operate.doctor.entries import Entry, read_entry
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.machines import AGENT, MachineEvidence
from hybrid_mesh.operate.doctor.repairs import MachineStep, Repair
from hybrid_mesh.operate.doctor.vm_findings import enter

LOST: Final = timedelta(seconds=60)
"""An agent whose istiod restarts connects again within this time; its pauses grow."""
STALE: Final = timedelta(minutes=3)
"""istiod deletes the entry of a VM that has left after 10 s, or when it next looks, every 100 s (Istio:
PILOT_WORKLOAD_ENTRY_GRACE_PERIOD, pilot/pkg/autoregistration)."""
MIXED: Final = timedelta(minutes=30)
"""VMs of two templates side by side for this long are no rollout."""


def registrations(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """Every group, in the cluster that its VMs register with, if that answered."""
    for name, found in evidence.answering():
        if "WorkloadEntry" not in found.listed:
            continue
        entries = [read_entry(name, each) for each in found.of_kind("WorkloadEntry")]
        twice = [*_duplicates(plan, name, entries)]
        yield from twice
        for group in plan.groups.values():
            static = isinstance(group.config.machines, StaticMachinesConfig)
            if group.cluster == name and not static and _is_declared(found, group):
                own = [e for e in entries if e.group == group.name and e.namespace == group.namespace]
                yield from _group(plan, evidence, group, own)


def _is_declared(found: ClusterEvidence, group: GroupPlan) -> bool:
    """Without its WorkloadGroup no VM can register, and another check says so."""
    known = found.get("WorkloadGroup", group.namespace, group.workload_group["metadata"]["name"])
    return known is not None or "WorkloadGroup" not in found.listed


def _group(
    plan: MeshPlan, evidence: Evidence, group: GroupPlan, entries: Sequence[Entry]
) -> Iterator[Finding]:
    machines = {each.address: each for each in evidence.running() if each.group == group.name}
    open_to_us = group.name not in evidence.closed and bool(group.machines)
    of_address = {each.address: each for each in entries}
    for address, machine in machines.items():
        if _is_judged(plan, evidence, machine):
            yield from _registered(evidence, group, machine, of_address.get(address))
    for entry in entries:
        if entry.address not in machines:
            yield from _stranger(evidence, entry, known=open_to_us)
            if not open_to_us:
                yield from _health(evidence, group, entry, f"VM {entry.name} of group {group.name}")
    if not open_to_us:
        yield from _minimum(group, entries)
        yield from _templates(evidence, group, entries)


def _is_judged(plan: MeshPlan, evidence: Evidence, machine: MachineEvidence) -> bool:
    """Whether the machine itself is sound, so that its entry is what is wrong; not one that is replaced."""
    broken = [f for f in machine_findings(plan, evidence, machine) if f.severity is Severity.BROKEN]
    runs = machine.is_active(AGENT) and settled(evidence, machine)
    return runs and not broken and machine.reached is not False and not older_files(plan, machine)


def _registered(
    evidence: Evidence, group: GroupPlan, machine: MachineEvidence, entry: Entry | None
) -> Iterator[Finding]:
    subject = f"VM {machine.name}"
    restart = MachineStep(machine.group, machine.name, ("systemctl", "restart", AGENT))
    remedy = enter(machine, f"systemctl restart {AGENT}")
    if entry is None:
        problem = f"{group.cluster} has no WorkloadEntry for {machine.address}: nobody calls it"
        repair = Repair(
            f"Restart Istio's agent of VM {machine.name}, so that it registers again?", (restart,)
        )
        yield Finding("entry-missing", Severity.BROKEN, subject, problem, (remedy,), None, repair)
        return
    if entry.disconnected is not None and evidence.taken - entry.disconnected > LOST:
        problem = f"its agent runs, but istiod of {group.cluster} has lost the connection to it"
        repair = Repair(f"Restart Istio's agent of VM {machine.name}?", (restart,))
        yield Finding("entry-stale", Severity.BROKEN, subject, problem, (remedy,), entry.disconnected, repair)
        return
    wrong = [*_differences(group, entry)]
    if wrong:
        problem = f"its WorkloadEntry {entry.name} is not as planned: {'; '.join(wrong)}"
        repair = Repair(f"Let VM {machine.name} register again?", (entry.delete(), restart))
        yield Finding(
            "entry-differs", Severity.BROKEN, subject, problem, (entry.typed("delete"), remedy), None, repair
        )
        return
    yield from _health(evidence, group, entry, subject)


def _differences(group: GroupPlan, entry: Entry) -> Iterator[str]:
    wanted = {"network": group.network, "serviceAccount": group.service_account}
    for key, value in {"network": entry.network, "serviceAccount": entry.account}.items():
        if value != wanted[key]:
            yield f"{key} is {value or 'missing'}, and should be {wanted[key]}"
    locality = group.workload_group["spec"]["template"].get("locality")
    if locality and entry.locality != locality:
        yield f"locality is {entry.locality or 'missing'}, and should be {locality}"
    for key, label in group.labels.items():
        if entry.labels.get(key) != label:
            yield f"label {key} is {entry.labels.get(key, 'missing')}, and should be {label}"


def _health(evidence: Evidence, group: GroupPlan, entry: Entry, subject: str) -> Iterator[Finding]:
    """What istiod knows of the probe."""
    if group.config.probe is None or entry.connected is None or entry.disconnected is not None:
        return
    look = (entry.typed("get") + " --output=yaml",)
    if entry.healthy is False:
        problem = f"its probe fails: {entry.message or 'without a message'}"
        yield Finding("vm-unhealthy", Severity.BROKEN, subject, problem, look, entry.since)
    elif entry.healthy is None and evidence.taken - entry.connected > JOINING:
        problem = "its probe has not reported since it connected"
        yield Finding("vm-unhealthy", Severity.BROKEN, subject, problem, look, entry.connected)


def _stranger(evidence: Evidence, entry: Entry, *, known: bool) -> Iterator[Finding]:
    """An entry of no VM that runs. `known`: all VMs of its group are."""
    now = evidence.taken
    left = entry.disconnected is not None and now - entry.disconnected > STALE
    settling = any(now - each.up < JOINING for each in evidence.running() if each.group == entry.group)
    whole = all(isinstance(each, MachineEvidence) for each in evidence.machines.values())
    gone = known and whole and not settling and (entry.connected is None or now - entry.connected > REPLACING)
    if not left and not (gone and entry.disconnected is None):
        return
    subject = f"WorkloadEntry {entry.namespace}/{entry.name} of {entry.cluster}"
    what = "its VM has left the mesh" if left else f"no VM of group {entry.group} has {entry.address}"
    problem = f"{what}, and callers may still be sent to it"
    repair = Repair(f"Delete {subject}?", (entry.delete(),))
    since = entry.disconnected
    yield Finding("entry-stale", Severity.WARNING, subject, problem, (entry.typed("delete"),), since, repair)


def _minimum(group: GroupPlan, entries: Sequence[Entry]) -> Iterator[Finding]:
    """Of VMs that cannot be entered: whether there are enough."""
    connected = [each for each in entries if each.disconnected is None and each.connected is not None]
    if len(connected) < group.minimum:
        problem = f"{len(connected)} of {group.minimum} VMs are registered"
        remedy = ("Look into a VM that is missing: journalctl -u istio.service -n 50",)
        yield Finding("vms-missing", Severity.BROKEN, f"group {group.name}", problem, remedy)


def _templates(evidence: Evidence, group: GroupPlan, entries: Sequence[Entry]) -> Iterator[Finding]:
    """VMs of two templates, when nothing has changed for long."""
    newest: dict[str, datetime] = {}
    for each in entries:
        template = each.labels.get(TEMPLATE_LABEL)
        if template and each.connected:
            newest[template] = max(each.connected, newest.get(template, each.connected))
    if len(newest) > 1 and evidence.taken - max(newest.values()) > MIXED:
        count = sum(
            1 for each in entries if each.labels.get(TEMPLATE_LABEL) != max(newest, key=newest.__getitem__)
        )
        problem = f"{count} of its {len(entries)} VMs were created from an older template"
        yield Finding("vm-outdated", Severity.WARNING, f"group {group.name}", problem, ("hybrid-mesh up",))


def _duplicates(plan: MeshPlan, cluster: str, entries: Sequence[Entry]) -> Iterator[Finding]:
    """Addresses that several entries of a network have: callers of each are sent to the same VM."""
    declared = {
        (each.manifest["metadata"]["namespace"], each.manifest["metadata"]["name"])
        for each in plan.clusters[cluster].objects
        if isinstance(each, PlannedObject) and each.manifest["kind"] == "WorkloadEntry"
    }
    same: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for each in entries:
        if each.disconnected is None:
            same[each.network, each.address].append(each)
    for (network, address), some in same.items():
        if len(some) == 1:
            continue
        kept = max(some, key=lambda e: ((e.namespace, e.name) in declared, _time(e.connected), e.name))
        for each in some:
            if each is kept or (each.namespace, each.name) in declared:
                continue
            subject = f"WorkloadEntry {each.namespace}/{each.name} of {cluster}"
            problem = f"{kept.namespace}/{kept.name} has the same address {address} of network {network}"
            copied = bool(each.labels) and each.labels.items() <= kept.labels.items()
            ours = bool(each.group) or copied
            repair = Repair(f"Delete {subject}?", (each.delete(),)) if ours else None
            remedy = (each.typed("delete"),)
            yield Finding("entry-duplicate", Severity.BROKEN, subject, problem, remedy, None, repair)


def _time(moment_: datetime | None) -> float:
    return moment_.timestamp() if moment_ else 0.0
