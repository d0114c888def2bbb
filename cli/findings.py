"""What `hybrid-mesh check` finds out about this host, Pulumi and the stack, and what `up` listens on."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from hybrid_mesh.cli import official
from hybrid_mesh.cli.environment import pulumi_environment
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabNotRunning
from hybrid_mesh.local.packages import BUILD, is_there
from hybrid_mesh.local.paths import project_folder, state_folder
from hybrid_mesh.local.patience import patient
from hybrid_mesh.local.toolchain.errors import ToolchainMissing
from hybrid_mesh.local.toolchain.profile import Profile
from hybrid_mesh.model.config.clusters import LocalClusterConfig
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.problems import format_value
from hybrid_mesh.model.reading.stack_file import stack_file

_PLUGINS = {official.PYTHON: "Python host", official.KUBERNETES: "Kubernetes plug-in"}
_INSTEAD = {official.PYTHON: "the built-in stand-in", official.KUBERNETES: "the toolchain's build"}


class State(Enum):
    """A `NOTE` is worth knowing and stops nothing."""

    OK = "ok"
    FAILED = "failed"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One line of the check; `remedy` is what to do, empty where nothing is to be done."""

    section: str
    name: str
    state: State
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class Listener:
    """A port that `up` opens on this host."""

    port: int
    what: str
    address: str = "127.0.0.1"


def examine_stack(plan: MeshPlan) -> Iterator[Finding]:
    """What the stack's file declares."""
    counts = (
        (len(plan.networks), "network"),
        (len(plan.clusters), "cluster"),
        (len(plan.groups), "workload group"),
        (len(plan.ingresses), "ingress"),
    )
    detail = ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts if count)
    name = stack_file(project_folder(), plan.stack).name
    yield Finding("Stack", name, State.OK, detail.replace("ingresss", "ingresses"))
    for problem in plan.warnings:
        detail = f"{format_value(problem.value)}: {problem.message}"
        yield Finding("Stack", problem.path, State.FAILED, detail, problem.remedy)


def examine_lab() -> Iterator[Finding]:
    """What the local site needs of this host; less where the lab runs, which has what it needs."""
    section = "Host"
    try:
        status = LabClient.connect(start=False).status()
    except LabNotRunning:
        for finding in LabClient.examine_host():
            if not finding.problems:
                yield Finding(section, finding.subject, State.OK, finding.found)
            for problem in finding.problems:
                detail, _, remedy = problem.partition(": ")
                yield Finding(section, finding.subject, State.FAILED, detail, _sentence(remedy))
    else:
        running = f"runs (process {status.process_id}), so the host has what it needs"
        yield Finding(section, "lab", State.OK, running)
        yield _toolchain(section)


def examine_engine() -> Iterator[Finding]:
    """`pulumi`, the plug-ins that every stack needs, and where the state is kept."""
    section = "Pulumi"
    settings = pulumi_environment(os.environ)
    program = shutil.which("pulumi", path=settings.variables["PATH"])
    if program is None:
        remedy = "Install Pulumi, or run `make toolchain`, which builds it."
        yield Finding(section, "pulumi", State.FAILED, "not found", remedy)
    else:
        yield Finding(section, "pulumi", State.OK, f"{_version(program)}, {program}")
    for name, label in _PLUGINS.items():
        if name in settings.replaced:
            yield Finding(section, label, State.OK, f"not installed; using {_INSTEAD[name]}")
        elif _is_installed(name, program):
            yield Finding(section, label, State.OK, "installed")
        else:
            yield Finding(section, label, State.NOTE, "not installed; `up` downloads it")
    backend = settings.variables.get("PULUMI_BACKEND_URL") or os.environ.get("PULUMI_BACKEND_URL")
    yield Finding(section, "state", State.OK, backend or "the backend of your `pulumi login`")


def listeners(plan: MeshPlan) -> list[Listener]:
    """The ports on 127.0.0.1 that `up` opens for local clusters, unless other programs hold them."""
    subjects = [
        (name, "api", f"API server of cluster {name}")
        for name, cluster in plan.clusters.items()
        if isinstance(cluster.config, LocalClusterConfig) and cluster.active
    ]
    local = {name for name, _, _ in subjects}
    for name, ingress in plan.ingresses.items():
        service = f"{ingress.namespace}/{name}-{ingress.config.gateway_class}"
        subjects += [
            (ingress.cluster, f"{service}:{listener.port}", f"ingress {name}, port {listener.port}")
            for listener in ingress.config.listeners
            if ingress.cluster in local
        ]
    held = _forwarded()
    return [
        Listener(held.get((at, subject)) or LabClient.preferred_port(plan.stack, at, subject), what)
        for at, subject, what in subjects
    ]


def intention(plan: MeshPlan) -> str:
    """One sentence about what `up` of a local mesh opens and writes on this host."""
    ports = ", ".join(str(each.port) for each in sorted(listeners(plan), key=lambda each: each.port))
    listening = f"It will listen on 127.0.0.1 at {ports}, and write" if ports else "It will write"
    return f"{listening} below {state_folder()}."


def packages_to_install() -> list[str]:
    """Debian packages that the build of the toolchain installs, where it is not built yet."""
    if _toolchain("").state is State.OK:
        return []
    return [name for name, proofs in BUILD.items() if not all(map(is_there, proofs))]


def _toolchain(section: str) -> Finding:
    try:
        return Finding(section, "toolchain", State.OK, str(Profile.current().folder))
    except ToolchainMissing as error:
        detail, _, remedy = str(error).partition(": ")
        return Finding(section, "toolchain", State.FAILED, detail, _sentence(remedy))


def _forwarded() -> dict[tuple[str, str], int]:
    """The ports that the running lab has open, by cluster and subject."""
    try:
        forwards = LabClient.connect(start=False).status().forwards
    except LabNotRunning:
        return {}
    return {(each.cluster, each.subject): each.port for each in forwards}


def _is_installed(name: str, program: str | None) -> bool:
    if name == official.KUBERNETES:
        return official.has_kubernetes(os.environ, ())
    return official.has_python(os.environ, (), None if program is None else project_folder() / program)


def _version(program: str) -> str:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    command = [program, "version"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=patient(20), env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return "does not answer"
    return done.stdout.strip() or "does not answer"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
