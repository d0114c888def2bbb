"""Implements operate's `Shell`: pods through their API servers, local VMs through the lab, other VMs not at
all."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any, TypeVar

from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.kubeconfigs import read_kubeconfig
from hybrid_mesh.cli.kubectl import Kubectl
from hybrid_mesh.cli.pods import ClusterPods
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.specs import MachineInfo
from hybrid_mesh.local.patience import patient
from hybrid_mesh.model.config.clusters import LocalClusterConfig
from hybrid_mesh.model.config.machines import LocalMachinesConfig
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.shell import (
    CommandResult,
    Machine,
    NotProbedError,
    NotReachableError,
    Pod,
    Registration,
)

Answer = TypeVar("Answer")


class MeshShell:
    """The `Shell` of one stack's mesh. Connects to a cluster when it is first needed."""

    def __init__(self, plan: MeshPlan) -> None:
        self._plan = plan
        self._clusters: dict[str, ClusterPods] = {}
        self._lock = Lock()

    def pods(self, cluster: str, namespace: str, selector: str) -> Sequence[Pod]:
        return self._cluster(cluster).list(namespace, selector)

    def objects(
        self, cluster: str, kinds: str, *, timeout: float, namespace: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        return self._cluster(cluster).objects(kinds, timeout, namespace)

    def kubectl(self, cluster: str, arguments: Sequence[str], manifest: str, timeout: float) -> CommandResult:
        return self._cluster(cluster).kubectl(arguments, manifest, timeout)

    def machines(self, group: str) -> Sequence[Machine]:
        plan = self._plan.groups[group]
        if not isinstance(plan.config.machines, LocalMachinesConfig):
            raise NotProbedError(f"commands cannot be run in VMs of type {plan.config.machines.type}")
        return [found for machine in plan.machines if (found := self._machine(group, machine.name))]

    def machine_states(self, group: str) -> Mapping[str, str]:
        found = {machine.name: _found(machine.name) for machine in self._plan.groups[group].machines}
        return {name: info.state for name, info in found.items() if info}

    def registrations(self, group: str) -> Sequence[Registration]:
        plan = self._plan.groups[group]
        return self._cluster(plan.cluster).registrations(plan.namespace, group)

    def ingress_url(self, ingress: str, port: int) -> str:
        plan = self._plan.ingresses[ingress]
        service = f"{plan.namespace}/{ingress}-{plan.config.gateway_class}"
        if not isinstance(self._plan.clusters[plan.cluster].config, LocalClusterConfig):
            address = self._cluster(plan.cluster).gateway_address(plan.namespace, ingress)
            if address is None:
                raise NotReachableError("the Gateway has no address")
            return f"http://{address}:{port}"
        for forward in _lab(lambda lab: lab.status().forwards):
            if forward.cluster == plan.cluster and forward.subject == f"{service}:{port}":
                return f"http://127.0.0.1:{forward.port}"
        raise NotReachableError(f"the lab has no port for {service}:{port}")

    def run_in_pod(self, pod: Pod, command: Sequence[str], timeout: float) -> CommandResult:
        return self._cluster(pod.cluster).run(pod, command, timeout)

    def run_in_machine(self, machine: Machine, command: Sequence[str], timeout: float) -> CommandResult:
        done = _lab(lambda lab: lab.machine_shell(machine.name, list(command), timeout))
        return CommandResult(done.returncode, done.stdout, done.stderr)

    def run_outside(self, command: Sequence[str], timeout: float) -> CommandResult:
        try:
            done = subprocess.run(
                list(command),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=patient(timeout),
                check=False,
            )
        except FileNotFoundError:
            raise NotProbedError(f"{command[0]} is not installed on this host") from None
        except subprocess.TimeoutExpired:
            raise NotReachableError(
                f"the command on this host did not end within {patient(timeout):.0f} s"
            ) from None
        return CommandResult(done.returncode, done.stdout, done.stderr)

    def _cluster(self, name: str) -> ClusterPods:
        with self._lock:
            if name not in self._clusters:
                self._clusters[name] = self._connect(name)
            return self._clusters[name]

    def _connect(self, name: str) -> ClusterPods:
        try:
            kubeconfig = read_kubeconfig(self._plan.clusters[name], self._plan.stack)
        except CommandError as error:
            raise NotReachableError(error.message) from None
        except LabError as error:
            raise NotReachableError(str(error)) from None
        return ClusterPods(name, Kubectl(kubeconfig))

    def _machine(self, group: str, name: str) -> Machine | None:
        info = _found(name)
        return Machine(group, name, info.address) if info and info.state == "ready" else None


def _found(name: str) -> MachineInfo | None:
    return _lab(lambda lab: lab.machine(name))


def _lab(ask: Callable[[LabClient], Answer]) -> Answer:
    try:
        return ask(LabClient.connect(start=False))
    except LabError as error:
        raise NotReachableError(str(error)) from None
