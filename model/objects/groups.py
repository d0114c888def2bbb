"""The Kubernetes objects of a workload group: its WorkloadGroup, service account, and Service or
ServiceEntry."""

from collections.abc import Mapping
from typing import Any

from hybrid_mesh.model.config.groups import ProbeConfig, WorkloadGroupConfig
from hybrid_mesh.model.config.machines import StaticMachinesConfig
from hybrid_mesh.model.config.services import PROTOCOLS
from hybrid_mesh.model.derive.object_names import service_name
from hybrid_mesh.model.istio_facts import GROUP_LABEL, NETWORKING_API, service_host
from hybrid_mesh.model.objects.manifest import Manifest, manifest


def namespace(name: str, labels: Mapping[str, str]) -> Manifest:
    """A namespace with the labels of `model.derive.namespaces`."""
    return manifest("v1", "Namespace", name, labels=labels)


def service_account(name: str, in_namespace: str) -> Manifest:
    """A service account without automatic token mounts, as no pod uses it."""
    return manifest("v1", "ServiceAccount", name, in_namespace, automountServiceAccountToken=False)


def group_labels(name: str, group: WorkloadGroupConfig) -> dict[str, str]:
    return {**group.labels, GROUP_LABEL: name}


def group_account(name: str, group: WorkloadGroupConfig) -> str:
    """Name of the group's service account: the configured one, else the group's own name."""
    return group.service_account or name


def workload_group(name: str, group: WorkloadGroupConfig, locality: str | None = None) -> Manifest:
    """The WorkloadGroup with which the VMs register. Without `locality`, they have their platform's.

    The service account is always set: without it, istiod turns mutual TLS off for the entries.
    """
    spec: dict[str, Any] = {
        "metadata": {"labels": group_labels(name, group)},
        "template": {
            "serviceAccount": group_account(name, group),
            "network": group.network,
            **({"ports": vm_port_names(group)} if group.ports else {}),
            **({"locality": locality} if locality else {}),
        },
    }
    if group.probe is not None:
        spec["probe"] = probe(group.probe)
    return manifest(NETWORKING_API, "WorkloadGroup", name, group.namespace, {GROUP_LABEL: name}, spec=spec)


LOOPBACK = "127.0.0.1"
"""Where the agent opens a connection by default. One to the VM's own address is redirected to Envoy, which
accepts it whether or not the application runs."""


def probe(config: ProbeConfig) -> dict[str, Any]:
    """Istio's ReadinessProbe with every number set, as the documented defaults and the agent's differ."""
    fields = config.model_dump(
        mode="json", by_alias=True, exclude_none=True, include={"http_get", "tcp_socket", "grpc", "exec"}
    )
    if not fields.get("httpGet", {}).get("httpHeaders", True):
        del fields["httpGet"]["httpHeaders"]
    if "tcpSocket" in fields:
        fields["tcpSocket"] = {"host": LOOPBACK, **fields["tcpSocket"]}
    return {
        **fields,
        "initialDelaySeconds": config.initial_delay_seconds,
        "timeoutSeconds": config.timeout_seconds,
        "periodSeconds": config.period_seconds,
        "successThreshold": config.success_threshold,
        "failureThreshold": config.failure_threshold,
    }


def group_hosts(name: str, group: WorkloadGroupConfig) -> tuple[str, ...]:
    """Host names of the group; () for VMs without ports."""
    if not group.ports:
        return ()
    return group.custom_hosts or (service_host(service_name(name, group), group.namespace),)


def entry_point(name: str, group: WorkloadGroupConfig) -> Manifest | None:
    """The object through which each cluster calls the group: a Service or, for custom hosts, a ServiceEntry.
    None for VMs without ports, and where the Service exists."""
    if not group.ports or group.service.ownership == "existing":
        return None
    return service_entry(name, group) if group.custom_hosts else service(name, group)


def service(name: str, group: WorkloadGroupConfig) -> Manifest:
    """A Service that selects the group's WorkloadEntries in all clusters, and pods with the same labels."""
    ports = [
        {
            "name": port.name,
            "port": port.port,
            "targetPort": port.target,
            "protocol": "TCP",
            **({"appProtocol": port.protocol} if port.protocol else {}),
        }
        for port in group.service_ports
    ]
    spec: dict[str, Any] = {"selector": group.service.selector or {GROUP_LABEL: name}, "ports": ports}
    if group.service.headless:
        spec["clusterIP"] = "None"
    named = service_name(name, group)
    return manifest("v1", "Service", named, group.namespace, {GROUP_LABEL: name}, spec=spec)


def service_entry(name: str, group: WorkloadGroupConfig) -> Manifest:
    """A ServiceEntry for the group's custom host names, the same in every cluster."""
    ports = [
        {
            "name": port.name,
            "number": port.port,
            "targetPort": port.target,
            "protocol": port.protocol.upper() if port.protocol else protocol(port.name),
        }
        for port in group.service_ports
    ]
    spec = {
        "hosts": list(group.custom_hosts),
        "location": "MESH_INTERNAL",
        "resolution": "STATIC",
        "ports": ports,
        "workloadSelector": {"labels": {GROUP_LABEL: name}},
    }
    return manifest(NETWORKING_API, "ServiceEntry", name, group.namespace, {GROUP_LABEL: name}, spec=spec)


def static_entries(
    name: str, group: WorkloadGroupConfig, locality: str | None = None
) -> tuple[Manifest, ...]:
    """A WorkloadEntry for each server without an agent.

    It has no service account: clients then send plain text (istio.io/istio, `getTLSModeFromWorkloadEntry`).
    """
    if not isinstance(group.machines, StaticMachinesConfig):
        return ()
    return tuple(
        manifest(
            NETWORKING_API,
            "WorkloadEntry",
            f"{name}-{address.replace('.', '-')}",
            group.namespace,
            group_labels(name, group),
            spec={
                "address": address,
                "labels": group_labels(name, group),
                "network": group.network,
                "ports": vm_port_names(group),
                **({"locality": locality} if locality else {}),
            },
        )
        for address in group.machines.addresses
    )


def vm_port_names(group: WorkloadGroupConfig) -> dict[str, int]:
    """The ports on which the VMs serve, by name, as a WorkloadEntry has them."""
    return {port.name: port.target for port in group.service_ports}


def protocol(port_name: str) -> str:
    """The protocol that a port's name declares (`http`, `http-admin`, `grpc` …), TCP when it declares none.

    Source: Istio's protocol selection, `<protocol>[-<suffix>]`.
    """
    if port_name == "grpc-web" or port_name.startswith("grpc-web-"):
        return "GRPC-WEB"
    prefix = port_name.split("-", 1)[0]
    return prefix.upper() if prefix in PROTOCOLS else "TCP"
