"""How VMs get their tokens and the mesh's roots: the unit that fetches them, and its timer."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.checks.machines import JOINING
from hybrid_mesh.operate.doctor.evidence import Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.machines import IDENTITY, IDENTITY_TIMER, MachineEvidence
from hybrid_mesh.operate.doctor.repairs import MachineStep, Repair
from hybrid_mesh.operate.doctor.vm_findings import enter, restart

PASSING: Final = timedelta(seconds=60)
"""A problem that is younger and that the unit is still trying to get over may pass."""
_RENEW: Final = ("timeout", "20", "systemctl", "restart", IDENTITY)
"""The unit tries until it succeeds, so it gets a limit."""
_APPLY: Final = ("hybrid-mesh up",)
_CAUSES: Final = (
    (re.compile(r"\b403\b"), "the API server refuses it: its Role or RoleBinding is not as planned", _APPLY),
    (re.compile(r"\b404\b"), "its ServiceAccount or the ConfigMap of the roots does not exist", _APPLY),
    (
        re.compile(r"\b401\b"),
        "the API server does not accept its cloud identity",
        ("See whether the VM has the service account of its group in its cloud.", *_APPLY),
    ),
    (
        re.compile(r"CERTIFICATE_VERIFY_FAILED|SSLCert"),
        "the API server has another CA than the VM was created with",
        ("hybrid-mesh up",),
    ),
    (
        re.compile(r"metadata (server|service)"),
        "its cloud does not give it an identity",
        ("See whether the VM has a service account or an instance profile in its cloud.",),
    ),
    (
        re.compile(r"refused|timed out|unreachable|Name or service|getaddrinfo|Errno 11[0-3]"),
        "the API server or the metadata server does not answer it",
        ("Let the network of the VM reach the API server (`apiAccess`), and see whether it runs.",),
    ),
)
"""What the unit's words mean, and what to do; the first that matches."""


def identities(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """Every VM that gets its token itself, at most one finding each."""
    del plan
    for machine in evidence.running():
        unit = machine.units.get(IDENTITY)
        if unit is not None and unit.load == "loaded":
            yield from _identity(evidence, machine)


def _identity(evidence: Evidence, machine: MachineEvidence) -> Iterator[Finding]:
    now, unit, timer = evidence.taken, machine.units[IDENTITY], machine.units.get(IDENTITY_TIMER)
    valid = bool(machine.chain) and machine.chain[0].not_valid_after_utc > now
    severity = Severity.WARNING if valid else Severity.BROKEN
    subject, until = f"VM {machine.name}", _until(machine)
    step = MachineStep(machine.group, machine.name, _RENEW)
    renew = Repair(f"Renew the token of VM {machine.name}?", (step,))
    again = (enter(machine, f"systemctl restart {IDENTITY}"),)
    if machine.identity or unit.active == "failed":
        since = machine.identity_since or unit.since
        passing = unit.active == "activating" and (since is None or now - since < PASSING)
        if not passing:
            cause, remedy = _cause(machine.identity or unit.line)
            problem = f"{IDENTITY} cannot renew its token and the roots: {cause}{until}"
            remedy = (*remedy, *again)
            yield Finding("identity-failing", severity, subject, problem, remedy, since, renew)
    elif timer is not None and timer.active != "active" and now - machine.up > JOINING:
        problem = f"{IDENTITY_TIMER} is stopped: its token and the roots are not renewed automatically{until}"
        remedy = (enter(machine, f"systemctl restart {IDENTITY_TIMER}"),)
        repair = restart(machine, IDENTITY_TIMER, "the timer of the identity")
        yield Finding("identity-timer-stopped", severity, subject, problem, remedy, timer.since, repair)
    elif machine.token_ends is None or machine.token_ends < now:
        if unit.active == "activating" or now - machine.up < JOINING:
            return
        ends = machine.token_ends
        ended = f"it ended on {ends:%Y-%m-%d %H:%M} UTC" if ends else "there is none"
        problem = f"it has no valid token: {ended}{until}"
        yield Finding("token-expired", severity, subject, problem, again, ends, renew)


def _cause(words: str) -> tuple[str, tuple[str, ...]]:
    """What the words of the unit mean, with the words, and what to do before it is tried again."""
    for pattern, meaning, remedy in _CAUSES:
        if pattern.search(words):
            return f"{meaning} ({words})", remedy
    return words or "its journal says why", ()


def _until(machine: MachineEvidence) -> str:
    """Until when its certificate does without a token."""
    if not machine.chain:
        return ""
    return f"; its certificate is valid until {machine.chain[0].not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
