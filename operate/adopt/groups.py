"""WorkloadGroups of a mesh that was made by hand, as groups of the stack file.

The program takes the WorkloadGroup and the Service over as they are, uses the service account, and waits for
no VM: those that have joined stay members.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from hybrid_mesh.model.istio_facts import GROUP_LABEL, INJECTION_LABEL
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.operate.adopt.found import Find, Finding, FoundCluster, FoundGroup

_NETWORKING: Final = "/apis/networking.istio.io/v1"
_PROBE_KEYS: Final = (
    "httpGet",
    "tcpSocket",
    "grpc",
    "exec",
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
)


def read_groups(context: str, find: Find) -> Iterator[FoundGroup]:
    """Each WorkloadGroup with the Service that selects its VMs, if there is one."""
    for each in (find(f"{_NETWORKING}/workloadgroups") or {}).get("items") or ():
        metadata = each["metadata"]
        name, space = metadata["name"], metadata["namespace"]
        labels = ((find(f"/api/v1/namespaces/{space}") or {}).get("metadata") or {}).get("labels") or {}
        services = find(f"/api/v1/namespaces/{space}/services") or {}
        injection = labels.get(INJECTION_LABEL, "")
        yield FoundGroup(context, name, space, injection, _section(each, services))


def _section(group: Mapping[str, Any], services: Mapping[str, Any]) -> dict[str, Any]:
    spec = group.get("spec") or {}
    template = spec.get("template") or {}
    given = {**((spec.get("metadata") or {}).get("labels") or {}), **(template.get("labels") or {})}
    labels = {key: value for key, value in given.items() if key != GROUP_LABEL}
    ports = dict(template.get("ports") or {})
    section: dict[str, Any] = {
        "namespace": group["metadata"]["namespace"],
        "network": template.get("network") or "",
        "ownership": "adopt",
        "serviceAccount": template.get("serviceAccount") or "default",
        "serviceAccountOwnership": "existing",
        "machines": {"type": "bundle"},
    }
    if labels:
        section["labels"] = labels
    if service := _service(services, given, ports):
        of_service = {port["name"]: port["port"] for port in service["spec"]["ports"] if port.get("name")}
        ports = {
            name: number if of_service.get(name, number) == number else _port(of_service[name], number)
            for name, number in ports.items()
        }
        selector = dict(service["spec"]["selector"])
        section["service"] = {
            "name": service["metadata"]["name"],
            "ownership": "adopt",
            "selector": selector,
        }
    if ports:
        section["ports"] = ports
    if probe := spec.get("probe"):
        section["probe"] = {key: probe[key] for key in _PROBE_KEYS if key in probe}
    return section


def _port(port: int, target: int) -> dict[str, int]:
    return {"port": port, "targetPort": target}


def _service(
    services: Mapping[str, Any], labels: Mapping[str, str], ports: Mapping[str, int]
) -> Mapping[str, Any] | None:
    """The first Service that selects the VMs and has one of their ports."""
    for each in services.get("items") or ():
        spec = each["spec"]
        selector = spec.get("selector") or {}
        names = {port.get("name") for port in spec.get("ports") or ()}
        if selector and selector.items() <= labels.items() and names & ports.keys():
            found: Mapping[str, Any] = each
            return found
    return None


def with_groups(
    clusters: Sequence[FoundCluster], mesh: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Finding]]:
    """`mesh`, that of a stack file, with every group that it can have, and why it cannot have the others."""
    written, left = dict(mesh), []
    for cluster in clusters:
        for group in cluster.groups:
            groups = dict(written.get("workloadGroups") or {})
            place = f"context {group.context}, WorkloadGroup {group.namespace}/{group.name}"
            if group.name in groups:
                left.append(Finding(place, f"another group is called {group.name}", _LEAVE))
                continue
            if group.injection not in ("enabled", "disabled"):
                left.append(Finding(place, f"its namespace has no label {INJECTION_LABEL}", _LABEL))
                continue
            tried = {
                **written,
                "namespaces": {**(written.get("namespaces") or {}), **_space(group)},
                "workloadGroups": {**groups, group.name: _homed(group, cluster.name)},
            }
            try:
                plan_from(tried, "adopted")
            except ConfigurationError as error:
                problem = error.problems[0]
                left.append(Finding(place, f"{problem.path}: {problem.message}", _LEAVE))
            else:
                written = tried
    return written, left


_LEAVE: Final = "It works as before; write it below `workloadGroups` with what differs to adopt it"


_LABEL: Final = "Set it to `enabled` or `disabled` as the namespace's pods need it, and try again"


def _space(group: FoundGroup) -> dict[str, Any]:
    """The namespace as it is; the program does not change `default`."""
    if group.namespace == "default":
        return {}
    return {group.namespace: {"injection": group.injection}}


def _homed(group: FoundGroup, cluster: str) -> dict[str, Any]:
    return {"namespace": group.namespace, "cluster": cluster, **group.section}
