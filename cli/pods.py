"""Lists pods and registered VMs, and runs commands in pods."""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hybrid_mesh.cli.kubectl import Kubectl, KubectlError
from hybrid_mesh.local.patience import patient
from hybrid_mesh.model.istio_facts import (
    CONNECTED_ANNOTATION,
    DISCONNECTED_ANNOTATION,
    GROUP_ANNOTATION,
    NETWORKING_API,
)
from hybrid_mesh.operate.shell import CommandResult, NotReachableError, NotServedError, Pod, Registration

PROXY = "istio-proxy"
_NOT_SERVED = re.compile(r"""the server doesn't have a resource type "([^"]+)\"""")


@dataclass(frozen=True)
class Entry:
    """A WorkloadEntry: `group` is that of the VM that registered itself, or empty."""

    namespace: str
    network: str
    group: str
    registration: Registration


class ClusterPods:
    """One cluster's pods, and the VMs that are registered with it. Safe for many threads."""

    def __init__(self, name: str, kubectl: Kubectl) -> None:
        self._name = name
        self._kubectl = kubectl

    def list(self, namespace: str, selector: str) -> list[Pod]:
        """The Ready pods that `selector` selects. Raises NotReachableError."""
        try:
            found = self._kubectl.get(f"/api/v1/namespaces/{namespace}/pods?labelSelector={quote(selector)}")
        except KubectlError as error:
            raise NotReachableError(f"the pods cannot be listed: {error}") from None
        return [self._pod(pod) for pod in found["items"] if _is_ready(pod)]

    def objects(
        self, kinds: str, timeout: float, namespace: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """Raises NotServedError, NotReachableError."""
        where = f"--namespace={namespace}" if namespace else "--all-namespaces"
        limit = f"--request-timeout={patient(timeout):.0f}s"
        done = self._run(["get", kinds, where, "--output=json", limit], timeout)
        if done.returncode == 0:
            found: Sequence[Mapping[str, Any]] = json.loads(done.stdout)["items"]
            return found
        if missing := _NOT_SERVED.search(done.stderr):
            raise NotServedError(missing[1])
        raise NotReachableError(self._kubectl.reason(done))

    def kubectl(self, arguments: Sequence[str], manifest: str, timeout: float) -> CommandResult:
        """Runs `kubectl ARGUMENTS`. Raises NotReachableError."""
        done = self._run(arguments, timeout, manifest)
        return CommandResult(done.returncode, done.stdout, done.stderr)

    def _run(
        self, arguments: Sequence[str], timeout: float, manifest: str = ""
    ) -> subprocess.CompletedProcess[str]:
        try:
            return self._kubectl.run(arguments, timeout, manifest)
        except KubectlError as error:
            raise NotReachableError(str(error)) from None
        except subprocess.TimeoutExpired:
            raise NotReachableError(
                f"cluster {self._name} did not answer within {patient(timeout):.0f} s"
            ) from None

    def registrations(self, namespace: str, group: str) -> Sequence[Registration]:
        """The VMs of a workload group. Raises NotReachableError."""
        entries = self._entries(f"namespaces/{namespace}/workloadentries")
        return [entry.registration for entry in entries if entry.group == group]

    def entries(self) -> Sequence[Entry]:
        """All WorkloadEntries of the cluster. Raises NotReachableError."""
        return self._entries("workloadentries")

    def gateway_address(self, namespace: str, name: str) -> str | None:
        """The first address of a Gateway of the Gateway API. Raises NotReachableError."""
        try:
            found = self._kubectl.get(
                f"/apis/gateway.networking.k8s.io/v1/namespaces/{namespace}/gateways/{name}"
            )
        except KubectlError as error:
            raise NotReachableError(f"the Gateway cannot be read: {error}") from None
        addresses = found.get("status", {}).get("addresses", [])
        return str(addresses[0]["value"]) if addresses else None

    def run(self, pod: Pod, command: Sequence[str], timeout: float) -> CommandResult:
        """Runs `command` in the pod's application container. Raises NotReachableError."""
        where = [f"--namespace={pod.namespace}", f"pod/{pod.name}", f"--container={pod.container}"]
        try:
            done = self._kubectl.run(["exec", *where, "--", *command], timeout)
        except KubectlError as error:
            raise NotReachableError(str(error)) from None
        except subprocess.TimeoutExpired:
            limit = patient(timeout)
            raise NotReachableError(f"the command in {pod.name} did not end within {limit:.0f} s") from None
        # kubectl also exits with 1 when it did not reach the command: only of one that ended it prints this
        ended = f"command terminated with exit code {done.returncode}"
        if "executable file not found" in done.stderr:
            raise NotReachableError(f"the image of {pod.name} has no {command[0]}")
        if done.returncode != 0 and not done.stderr.rstrip().endswith(ended):
            raise NotReachableError(f"commands cannot be run in {pod.name}: {self._kubectl.reason(done)}")
        said = done.stderr if done.returncode == 0 else done.stderr.rstrip().removesuffix(ended)
        return CommandResult(done.returncode, done.stdout, said)

    def _entries(self, path: str) -> Sequence[Entry]:
        try:
            found = self._kubectl.get(f"/apis/{NETWORKING_API}/{path}")
        except KubectlError as error:
            raise NotReachableError(f"the WorkloadEntries cannot be listed: {error}") from None
        entries = [
            Entry(
                namespace=each["metadata"]["namespace"],
                network=each["spec"].get("network", ""),
                group=_annotations(each).get(GROUP_ANNOTATION, ""),
                registration=_registration(each),
            )
            for each in found["items"]
        ]
        return sorted(entries, key=lambda entry: entry.registration.name)

    def _pod(self, pod: Mapping[str, Any]) -> Pod:
        spec = pod["spec"]
        containers = [container["name"] for container in spec["containers"] if container["name"] != PROXY]
        return Pod(
            cluster=self._name,
            namespace=pod["metadata"]["namespace"],
            name=pod["metadata"]["name"],
            address=pod["status"]["podIP"],
            service_account=spec.get("serviceAccountName") or "default",
            container=containers[0] if containers else PROXY,
        )


def _registration(entry: Mapping[str, Any]) -> Registration:
    annotations = _annotations(entry)
    conditions = entry.get("status", {}).get("conditions") or ()
    health = next((each for each in conditions if each.get("type") == "Healthy"), None)
    return Registration(
        name=entry["metadata"]["name"],
        address=entry["spec"].get("address", ""),
        connected=CONNECTED_ANNOTATION in annotations and DISCONNECTED_ANNOTATION not in annotations,
        healthy=None if health is None else health.get("status") == "True",
        message="" if health is None else str(health.get("message", "")),
    )


def _annotations(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return entry["metadata"].get("annotations") or {}


def _is_ready(pod: Mapping[str, Any]) -> bool:
    status = pod.get("status", {})
    if pod["metadata"].get("deletionTimestamp") or not status.get("podIP"):
        return False
    return any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in status.get("conditions") or ()
    )
