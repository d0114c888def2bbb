"""VMs whose files are not as planned: created from an older template, or changed since they were created."""

import hashlib
import shlex
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

import yaml

from hybrid_mesh.model.plan.boot import machine_boot
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.texts.cloud_init import MachineBoot, render_user_data
from hybrid_mesh.model.texts.machine_texts import LIBRARY, SETTINGS
from hybrid_mesh.operate.doctor.evidence import Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.machines import AGENT, BOOT_HOSTS_FILE, Absent, MachineEvidence
from hybrid_mesh.operate.doctor.repairs import MachineStep, Repair

ROLLOUT: Final = timedelta(seconds=300)
"""A VM that is younger shows that its group is being replaced."""
MOST_PATHS: Final = 3
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_AUTHORITY: Final = "/etc/hybrid-mesh/api-server-ca.pem"
_WRITE: Final = "cloud-init single --name write_files --frequency always"
"""Writes the files of the user-data again, as root; `install-package` gives them to the agent's user."""


def templates(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """Every VM that can be entered and knows what it was created from."""
    older = {each.name: files for each in evidence.running() if (files := older_files(plan, each))}
    for machine in evidence.running():
        if machine.name in older and not _is_being_replaced(evidence, machine, frozenset(older)):
            names = _listed(older[machine.name])
            problem = f"it was created from an older template than the configuration's: {names} differ"
            yield Finding(
                "vm-outdated",
                Severity.WARNING,
                f"VM {machine.name}",
                problem,
                ("hybrid-mesh up",),
                machine.up,
            )
        yield from _changed(machine)


def older_files(plan: MeshPlan, machine: MachineEvidence) -> tuple[str, ...]:
    """Paths of the files of the user-data that the plan has otherwise; `commands` for what it runs. ()
    for a VM of the current template."""
    had = _user_data(machine.user_data)
    if not had:
        return ()
    current = _user_data(_planned(plan, machine, had))
    if not current or current == had:
        return ()
    paths = (path for path in sorted(had.keys() | current.keys()) if had.get(path) != current.get(path))
    return tuple(paths)


def _planned(plan: MeshPlan, machine: MachineEvidence, had: Mapping[str, str]) -> str:
    """The user-data of the plan, with the values of the run that the VM was created with."""
    settings = dict(
        word.split("=", 1) for line in had.get(SETTINGS, "").splitlines() for word in shlex.split(line)
    )
    gateways = tuple(line.split()[0] for line in had.get(BOOT_HOSTS_FILE, "").splitlines() if line.strip())
    group = plan.groups[machine.group]
    try:
        boot = machine_boot(
            group, plan.istio, settings.get("API_ENDPOINT", ""), had.get(_AUTHORITY, ""), gateways
        )
        return _rendered(boot)
    except ValueError:
        return ""


def _is_being_replaced(evidence: Evidence, machine: MachineEvidence, older: frozenset[str]) -> bool:
    """Whether another VM of its group is being created or was just now, or this one is about to go."""
    others = [each for each in evidence.machines.values() if not _is(each, machine)]
    for each in others:
        if isinstance(each, Absent) and each.group == machine.group:
            return True
        if isinstance(each, MachineEvidence) and each.group == machine.group:
            leaving = each.name in older and not each.is_active(AGENT)
            if leaving or (each.name not in older and evidence.taken - each.up < ROLLOUT):
                return True
    return not machine.is_active(AGENT)


def _is(each: object, machine: MachineEvidence) -> bool:
    return isinstance(each, MachineEvidence) and each.name == machine.name


def _changed(machine: MachineEvidence) -> Iterator[Finding]:
    """Files that are not as the VM's own user-data wrote them."""
    written = _user_data(machine.user_data)
    changed = [
        path
        for path, digest in machine.hashes.items()
        if path in written and digest != hashlib.sha256(written[path].encode()).hexdigest()
    ]
    if not changed:
        return
    are = "is" if len(changed) == 1 else "are"
    problem = f"{_listed(tuple(sorted(changed)))} {are} not as the VM was created with"
    commands = (_WRITE, f"{LIBRARY}/install-package", "systemctl daemon-reload", f"systemctl restart {AGENT}")
    steps = tuple(MachineStep(machine.group, machine.name, tuple(each.split())) for each in commands)
    repair = Repair(f"Write the files of VM {machine.name} again and restart its agent?", steps)
    remedy = tuple(f"hybrid-mesh lab shell {machine.name} -- {each}" for each in commands)
    since = max((machine.written[path] for path in changed if path in machine.written), default=None)
    yield Finding("vm-file-changed", Severity.WARNING, f"VM {machine.name}", problem, remedy, since, repair)


@lru_cache(maxsize=64)
def _rendered(boot: MachineBoot) -> str:
    """The same for all VMs of a group."""
    return render_user_data(boot)


@lru_cache(maxsize=64)
def _user_data(text: str) -> Mapping[str, str]:
    """The contents of the files of a cloud-config, by path, and its `commands`; {} for anything else."""
    try:
        document: Any = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader
        files = {str(each["path"]): str(each.get("content", "")) for each in document["write_files"]}
        return {**files, "commands": str(document.get("runcmd"))}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        return {}


def _listed(paths: tuple[str, ...]) -> str:
    more = len(paths) - MOST_PATHS
    return ", ".join(paths[:MOST_PATHS]) + (f" and {more} more" if more > 0 else "")
