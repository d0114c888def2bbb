"""The Kubernetes objects of a workload group: its WorkloadGroup, service account, and Service or
ServiceEntry."""

from typing import Any

from hybrid_mesh.model.config.groups import ProbeConfig, WorkloadGroupConfig
from hybrid_mesh.model.istio_facts import GROUP_LABEL, INJECTION_LABEL, NETWORKING_API, service_host
from hybrid_mesh.model.objects.manifest import Manifest, manifest


def namespace(name: str, *, injected: bool = True) -> Manifest:
    """A namespace whose pods get a sidecar, unless `injected` is False."""
    return manifest("v1", "Namespace", name, labels={INJECTION_LABEL: "enabled" if injected else "disabled"})


def service_account(name: str, in_namespace: str) -> Manifest:
    """A service account without automatic token mounts, as no pod uses it."""
    return manifest("v1", "ServiceAccount", name, in_namespace, automountServiceAccountToken=False)


def group_labels(name: str, group: WorkloadGroupConfig) -> dict[str, str]:
    return {**group.labels, GROUP_LABEL: name}


def group_account(name: str, group: WorkloadGroupConfig) -> str:
    """Name of the group's service account: the configured one, else the group's own name."""
    return group.service_account or name


def workload_group(name: str, group: WorkloadGroupConfig) -> Manifest:
    """The WorkloadGroup with which the VMs register.

    The service account is always set: without it, istiod turns mutual TLS off for the entries.
    """
    spec: dict[str, Any] = {
        "metadata": {"labels": group_labels(name, group)},
        "template": {
            "serviceAccount": group_account(name, group),
            "network": group.network,
            "ports": dict(group.ports),
        },
    }
    if group.probe is not None:
        spec["probe"] = probe(group.probe)
    return manifest(NETWORKING_API, "WorkloadGroup", name, group.namespace, {GROUP_LABEL: name}, spec=spec)


def probe(config: ProbeConfig) -> dict[str, Any]:
    """Istio's ReadinessProbe with every number set, as the documented defaults and the agent's differ."""
    fields = config.model_dump(
        mode="json", by_alias=True, exclude_none=True, include={"http_get", "tcp_socket", "exec"}
    )
    return {
        **fields,
        "initialDelaySeconds": config.initial_delay_seconds,
        "timeoutSeconds": config.timeout_seconds,
        "periodSeconds": config.period_seconds,
        "successThreshold": config.success_threshold,
        "failureThreshold": config.failure_threshold,
    }


def group_hosts(name: str, group: WorkloadGroupConfig) -> tuple[str, ...]:
    """Host names of the group."""
    return (group.host,) if group.host else (service_host(name, group.namespace),)


def entry_point(name: str, group: WorkloadGroupConfig) -> Manifest:
    """The object through which each cluster calls the group: a Service or, for a custom host, a
    ServiceEntry."""
    return service_entry(name, group) if group.host else service(name, group)


def service(name: str, group: WorkloadGroupConfig) -> Manifest:
    """A Service that selects the group's WorkloadEntries in all clusters."""
    ports = [
        {"name": port, "port": number, "targetPort": number, "protocol": "TCP"}
        for port, number in group.ports.items()
    ]
    spec = {"selector": {GROUP_LABEL: name}, "ports": ports}
    return manifest("v1", "Service", name, group.namespace, {GROUP_LABEL: name}, spec=spec)


def service_entry(name: str, group: WorkloadGroupConfig) -> Manifest:
    """A ServiceEntry for the group's custom host name, the same in every cluster."""
    ports = [
        {"name": port, "number": number, "targetPort": number, "protocol": protocol(port)}
        for port, number in group.ports.items()
    ]
    spec = {
        "hosts": list(group_hosts(name, group)),
        "location": "MESH_INTERNAL",
        "resolution": "STATIC",
        "ports": ports,
        "workloadSelector": {"labels": {GROUP_LABEL: name}},
    }
    return manifest(NETWORKING_API, "ServiceEntry", name, group.namespace, {GROUP_LABEL: name}, spec=spec)


def protocol(port_name: str) -> str:
    """The protocol that a port's name declares (`http`, `http-admin`, `grpc` …), TCP when it declares none.

    Source: Istio's protocol selection, `<protocol>[-<suffix>]`.
    """
    prefix = port_name.split("-", 1)[0].upper()
    known = {"HTTP", "HTTPS", "HTTP2", "GRPC", "TLS", "TCP", "MONGO", "MYSQL", "REDIS"}
    return prefix if prefix in known else "TCP"
