"""A support bundle of the lab, as `kind export logs` writes one, without secrets.

Logs come from disk, so that they are there for a stopped lab, too; everything else is asked of what runs.
What does not answer leaves a file `NAME.failed` with the reason.
"""

import json
import platform
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from hybrid_mesh.cli.console import out, say
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.kubeconfigs import Kubeconfig
from hybrid_mesh.cli.kubectl import Kubectl, KubectlError
from hybrid_mesh.cli.lab_names import lab_status, stacks
from hybrid_mesh.cli.lab_status import status_document
from hybrid_mesh.cli.plans import stack_plan
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.specs import LabStatus
from hybrid_mesh.local.redaction import without_secrets
from hybrid_mesh.local.toolchain.pins import ISTIO_VERSION, KUBERNETES_VERSION
from hybrid_mesh.model.plan.describe import describe
from hybrid_mesh.model.reading.problems import ConfigurationError

SECONDS: Final = 20.0
"""For one question to a cluster, or one file of a VM."""
_CONFIG_DUMP: Final = ("pilot-agent", "request", "GET", "config_dump")
_VM_CONFIG_DUMP: Final = [
    "curl",
    "--silent",
    "--fail",
    "--max-time",
    "5",
    "http://127.0.0.1:15000/config_dump",
]
_DUMPS: Final = {
    "nodes.yaml": "get nodes -o yaml",
    "namespaces.yaml": "get namespaces -o yaml",
    "pods.txt": "get pods -A -o wide",
    "pods.yaml": "get pods -A -o yaml",
    "workloads.yaml": "get deployments,daemonsets,statefulsets,replicasets -A -o yaml",
    "services.yaml": "get services,endpointslices -A -o yaml",
    "events.txt": "get events -A --sort-by=.lastTimestamp",
    "istio.yaml": "get istio-io -A -o yaml",
    "gateway-api.yaml": "get gateway-api -A -o yaml",
    "mesh-config.yaml": "get configmaps -n istio-system -o yaml",
    "webhooks.yaml": "get mutatingwebhookconfigurations,validatingwebhookconfigurations -o yaml",
    "secrets.txt": "get secrets -A",
    "istiod.json": "exec -n istio-system deploy/istiod -- pilot-discovery request GET /debug/syncz",
}
"""Of each cluster: file -> kubectl's arguments. Of Secrets: names, types and the number of values."""
_PROGRAMS: Final = ("containerd", "runc", "systemd-nspawn", "iptables", "ip")
Part = tuple[Path, Callable[[], str]]


def write_bundle(folder: Path) -> None:
    """Writes the support bundle of the lab into `folder`. Raises CommandError."""
    status = lab_status()
    try:
        logs = LabClient.export_logs(folder)
        say(f"    logs: {len(logs)} files")
        for name, parts in _parts(status):
            failed = _write(folder, parts)
            files = "1 file" if len(parts) == 1 else f"{len(parts)} files"
            say(f"    {name}: {files}" + (f", {failed} of them failed" if failed else ""))
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(
            f"{folder} cannot be written: {reason}.", "What is there is incomplete."
        ) from error
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    size = sum(sizes)
    out.print(f"{folder}: {len(sizes)} files, {size / 2**20:.1f} MiB, without secrets.", markup=False)


def _parts(status: LabStatus) -> Iterator[tuple[str, list[Part]]]:
    if status.running:
        lab = LabClient.connect(start=False)
        for cluster in status.clusters:
            yield f"cluster {cluster.name}", list(_cluster(lab, cluster.name))
        for machine in status.machines:
            path = Path("machines", machine.name, "config_dump.json")
            yield f"VM {machine.name}", [(path, _machine_dump(lab, machine.name))]
    for stack in stacks(status):
        yield f"plan of stack {stack}", [(Path(f"plan-{stack}.json"), _plan(stack))]
    yield "status", [(Path("status.json"), lambda: json.dumps(status_document(status), indent=2))]
    yield "versions", [(Path("versions.json"), _versions)]


def _write(folder: Path, parts: list[Part]) -> int:
    """Writes the files, and says how many of them have only the reason of a failure. Raises OSError."""

    def write(part: Part) -> bool:
        path, content = part
        try:
            text, good = content(), True
        except (KubectlError, LabError, ConfigurationError, subprocess.TimeoutExpired) as error:
            text, good, path = str(error), False, path.with_name(f"{path.name}.failed")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(without_secrets(text.encode()))
        return good

    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(write, parts)).count(False)


def _cluster(lab: LabClient, name: str) -> Iterator[Part]:
    info = lab.cluster(name)
    if info is None or not info.kubeconfig:
        return
    kubectl = Kubectl(Kubeconfig(json.loads(info.kubeconfig), text=info.kubeconfig))
    folder = Path("clusters", name)
    for file, arguments in _DUMPS.items():
        yield folder / "kubernetes" / file, _asked(kubectl, *arguments.split())
    try:
        pods = kubectl.get("/api/v1/pods")["items"]
    except KubectlError:
        return
    for pod in pods:
        if "istio-proxy" in _containers(pod):
            namespace, own = pod["metadata"]["namespace"], pod["metadata"]["name"]
            where = ("exec", "-n", namespace, own, "-c", "istio-proxy", "--")
            yield folder / "proxies" / f"{namespace}_{own}.json", _asked(kubectl, *where, *_CONFIG_DUMP)


def _containers(pod: dict[str, Any]) -> set[str]:
    """With the init containers, as which sidecars run where Kubernetes has native ones."""
    return {each["name"] for key in ("containers", "initContainers") for each in pod["spec"].get(key) or ()}


def _asked(kubectl: Kubectl, *arguments: str) -> Callable[[], str]:
    def ask() -> str:
        done = kubectl.run(arguments, SECONDS)
        if done.returncode != 0:
            raise KubectlError(kubectl.reason(done))
        return done.stdout

    return ask


def _machine_dump(lab: LabClient, name: str) -> Callable[[], str]:
    def ask() -> str:
        done = lab.machine_shell(name, _VM_CONFIG_DUMP, SECONDS)
        if done.returncode != 0:
            raise LabError(f"the proxy of VM {name} does not answer (curl ended with {done.returncode})")
        return done.stdout

    return ask


def _plan(stack: str) -> Callable[[], str]:
    return lambda: json.dumps(describe(stack_plan(stack)), indent=2)


def _versions() -> str:
    pinned = {"istio": ISTIO_VERSION, "kubernetes": KUBERNETES_VERSION}
    packages = {name: version(name) for name in ("hybrid-mesh", "pulumi", "pulumi-kubernetes")}
    programs = {name: _first_line(name) for name in _PROGRAMS}
    host = {"kernel": platform.release(), "python": platform.python_version(), "os": _os()}
    return json.dumps(
        {"packages": packages, "toolchain": pinned, "programs": programs, "host": host}, indent=2
    )


def _first_line(program: str) -> str:
    words = [program, "-V" if program == "ip" else "--version"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=SECONDS)
    except FileNotFoundError:
        return "not installed"
    return next(iter(done.stdout.splitlines()), "")


def _os() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return ""
