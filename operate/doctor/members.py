"""Collects the evidence of VMs and of pods' proxies, in one call each."""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

from hybrid_mesh.model.config.machines import StaticMachinesConfig
from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE
from hybrid_mesh.model.plan.types import GroupPlan, MeshPlan
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Unreachable
from hybrid_mesh.operate.doctor.machines import Absent, MachineEvidence, command, read_machine
from hybrid_mesh.operate.doctor.proxies import PAGE, ProxyEvidence, read_proxy
from hybrid_mesh.operate.doctor.types import Object
from hybrid_mesh.operate.shell import Machine, NotProbedError, NotReachableError, Pod, Shell

MOST_PROXIES: Final = 50
"""Of each cluster; each costs a tenth of a second of this host's processor."""
MACHINE_SECONDS: Final = 6.0
PROXY_SECONDS: Final = 5.0
_WORKERS: Final = 16
_CONTAINER: Final = "istio-proxy"

MachineAnswer = MachineEvidence | Absent | Unreachable


def collect_machines(plan: MeshPlan, shell: Shell) -> tuple[dict[str, MachineAnswer], dict[str, Unreachable]]:
    """Every VM that can be entered, by name, and the groups whose VMs cannot be asked at all."""
    groups = [
        group
        for group in plan.groups.values()
        if plan.clusters[group.cluster].active and not isinstance(group.config.machines, StaticMachinesConfig)
    ]
    found: dict[str, MachineAnswer] = {}
    closed: dict[str, Unreachable] = {}
    with ThreadPoolExecutor(max_workers=_WORKERS) as pool:
        listed = {group.name: pool.submit(_running, group, shell) for group in groups}
        asked = {}
        for group in groups:
            running = listed[group.name].result()
            if isinstance(running, Unreachable):
                closed[group.name] = running
                continue
            for name, each in running.items():
                if isinstance(each, Machine):
                    asked[name] = pool.submit(_ask_machine, group, each, shell)
                else:
                    found[name] = each
        found.update({name: future.result() for name, future in asked.items()})
    return found, closed


def _running(group: GroupPlan, shell: Shell) -> Mapping[str, Machine | Absent] | Unreachable:
    try:
        running: dict[str, Machine | Absent] = {each.name: each for each in shell.machines(group.name)}
        missing = [each.name for each in group.machines if each.name not in running]
        states = shell.machine_states(group.name) if missing else {}
        return running | {name: Absent(group.name, states.get(name, "absent")) for name in missing}
    except NotReachableError as reason:
        return Unreachable(str(reason), isinstance(reason, NotProbedError))


def _ask_machine(group: GroupPlan, machine: Machine, shell: Shell) -> MachineEvidence | Unreachable:
    asked = datetime.now(UTC)
    try:
        done = shell.run_in_machine(machine, command(group), MACHINE_SECONDS)
        answered = datetime.now(UTC)
        if done.returncode != 0:
            said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            return Unreachable(f"the commands of doctor failed in it: {said}")
        return read_machine(machine, done.stdout, asked, answered)
    except NotReachableError as reason:
        return Unreachable(str(reason), isinstance(reason, NotProbedError))
    except ValueError as error:
        return Unreachable(str(error))


def collect_proxies(
    cluster: str, found: ClusterEvidence, shell: Shell, clusters: int
) -> dict[str, ProxyEvidence | str]:
    """What each running proxy of the cluster serves, or why it does not say, by `namespace/pod`; of many the
    gateways and one of each workload first, up to MOST_PROXIES. `clusters` are asked at the same time."""
    pods = _in_order(found)[:MOST_PROXIES]
    with ThreadPoolExecutor(max_workers=max(1, _WORKERS // clusters)) as pool:
        answers = pool.map(lambda pod: _ask_proxy(cluster, pod, shell), pods)
        return {pod_name(pod): answer for pod, answer in zip(pods, answers, strict=True)}


def proxies_beyond(found: ClusterEvidence) -> int:
    """How many proxies were not asked, as there are too many."""
    return max(0, sum(1 for _ in _proxied(found)) - MOST_PROXIES)


def pod_name(pod: Object) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _proxied(found: ClusterEvidence) -> Iterator[Object]:
    """Pods whose proxy is ready. One that starts or ends has nothing to say yet or any more."""
    for pod in found.of_kind("Pod"):
        status: Any = pod.get("status") or {}
        states = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
        proxy = next((each for each in states if each.get("name") == _CONTAINER), None)
        if proxy and proxy.get("ready") and not pod["metadata"].get("deletionTimestamp"):
            yield pod


def _in_order(found: ClusterEvidence) -> list[Object]:
    """Those of Istio's own namespace first, then the first pod of each workload, then the second of each."""
    pods, seen = [], Counter[str]()
    for pod in sorted(_proxied(found), key=pod_name):
        owners = pod["metadata"].get("ownerReferences") or ()
        owner = f"{pod['metadata']['namespace']}/{owners[0]['name']}" if owners else pod_name(pod)
        seen[owner] += 1
        pods.append((pod["metadata"]["namespace"] != SYSTEM_NAMESPACE, seen[owner], pod))
    return [pod for *_, pod in sorted(pods, key=lambda each: each[:2])]


def _ask_proxy(cluster: str, pod: Object, shell: Shell) -> ProxyEvidence | str:
    metadata = pod["metadata"]
    asked = Pod(cluster, metadata["namespace"], metadata["name"], "", "", _CONTAINER)
    try:
        done = shell.run_in_pod(asked, ["pilot-agent", "request", "GET", PAGE], PROXY_SECONDS)
        return read_proxy(done.stdout)
    except (NotReachableError, ValueError) as reason:
        return str(reason)
