"""Gateways and routes as their controller has accepted them, and the Services behind them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from hybrid_mesh.model.istio_facts import BUNDLE_VERSION, GATEWAY_API, GATEWAY_API_KINDS, SYSTEM_NAMESPACE
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.moments import moment
from hybrid_mesh.operate.doctor.types import Object

ROUTES: Final = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute")
_REQUIRED: Final = ("Gateway", "HTTPRoute", "TLSRoute")
_KIND_OF: Final = {f"{kind.lower()}s.{GATEWAY_API.partition('/')[0]}": kind for kind in GATEWAY_API_KINDS}
_NEGATIVE: Final = ("Conflicted", "OverlappingTLSConfig")
"""Conditions that are good when they are False (Gateway API, `ListenerConditionType`)."""


def gateways(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """The Gateways and routes that the plan declares, and the CRDs that they need."""
    for name, found in evidence.answering():
        spaces = {SYSTEM_NAMESPACE, *(i.namespace for i in plan.ingresses.values() if i.cluster == name)}
        yield from _definitions(name, found)
        for space in sorted(spaces):
            for gateway in found.of_kind("Gateway", space):
                yield from _gateway(name, gateway)
            for kind in ROUTES:
                for route in found.of_kind(kind, space):
                    yield from _route(name, kind, route)
            yield from _services(name, found, space)


def _definitions(cluster: str, found: ClusterEvidence) -> Iterator[Finding]:
    subject = f"cluster {cluster}"
    if missing := sorted(found.unserved & set(_REQUIRED)):
        problem = f"its API server does not serve {', '.join(missing)} of the Gateway API: the CRDs are gone"
        yield Finding("gateway-api-missing", Severity.BROKEN, subject, problem, ("hybrid-mesh up",))
    for each in found.of_kind("CustomResourceDefinition"):
        kind = _KIND_OF.get(each["metadata"]["name"])
        version = (each["metadata"].get("annotations") or {}).get(BUNDLE_VERSION)
        if kind is None or not version:
            continue
        release = tuple(int(part) for part in version.removeprefix("v").split(".")[:2] if part.isdigit())
        if release < GATEWAY_API_KINDS[kind]:
            oldest = ".".join(map(str, GATEWAY_API_KINDS[kind]))
            problem = f"its CRD {kind} is of release {version}; istiod ignores those before {oldest}"
            yield Finding("gateway-api-old", Severity.BROKEN, subject, problem, ("hybrid-mesh up",))


def _gateway(cluster: str, gateway: Object) -> Iterator[Finding]:
    metadata, status = gateway["metadata"], gateway.get("status") or {}
    subject = f"Gateway {metadata['namespace']}/{metadata['name']} of {cluster}"
    listeners = [(f"listener {each['name']}: ", each) for each in status.get("listeners") or ()]
    yield from _conditions("gateway-not-programmed", subject, gateway, [("", status), *listeners])


def _route(cluster: str, kind: str, route: Object) -> Iterator[Finding]:
    metadata, status = route["metadata"], route.get("status") or {}
    subject = f"{kind} {metadata['namespace']}/{metadata['name']} of {cluster}"
    parents = [("", each) for each in status.get("parents") or ()]
    if not parents:
        problem = "no gateway has accepted it: its parentRefs name none that exists"
        yield Finding("route-not-accepted", Severity.BROKEN, subject, problem, ("hybrid-mesh up",))
    yield from _conditions("route-not-accepted", subject, route, parents)


def _conditions(
    check: str, subject: str, owner: Object, parts: list[tuple[str, Mapping[str, Any]]]
) -> Iterator[Finding]:
    generation = owner["metadata"].get("generation")
    for prefix, part in parts:
        for each in part.get("conditions") or ():
            if each.get("observedGeneration", generation) != generation:
                continue  # the controller has not seen the change yet
            good = "False" if each["type"] in _NEGATIVE else "True"
            if each["status"] != good:
                said = str(each.get("message", "")).split("\n")[0]
                problem = f"{prefix}{each['type']} is {each['status']}: {each.get('reason', '')}: {said}"
                since: datetime | None = moment(each.get("lastTransitionTime"))
                yield Finding(check, Severity.BROKEN, subject, problem, ("hybrid-mesh up",), since)


def _services(cluster: str, found: ClusterEvidence, space: str) -> Iterator[Finding]:
    """Services of Istio's gateways and of istiod that have no ready endpoint."""
    if "EndpointSlice" not in found.listed:
        return
    for service in found.of_kind("Service", space):
        metadata = service["metadata"]
        slices = [
            each
            for each in found.of_kind("EndpointSlice", space)
            if (each["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == metadata["name"]
        ]
        ready = any(
            (endpoint.get("conditions") or {}).get("ready", True)
            for each in slices
            for endpoint in each.get("endpoints") or ()
        )
        subject = f"Service {space}/{metadata['name']} of {cluster}"
        look = f"hybrid-mesh kubectl {cluster} -- get pods --show-labels --namespace={space}"
        if service["spec"].get("selector") and not ready and not _is_down(found, service):
            problem = "no ready pod is behind it"
            yield Finding("service-empty", Severity.BROKEN, subject, problem, (look, "hybrid-mesh up"))
        balancer = (service.get("status") or {}).get("loadBalancer") or {}
        external = service["spec"].get("externalIPs") or balancer.get("ingress")
        if service["spec"].get("type") == "LoadBalancer" and not external:
            problem = "it has no address yet: nothing outside of the cluster reaches it"
            yield Finding("service-without-address", Severity.BROKEN, subject, problem, (look,))


def _is_down(found: ClusterEvidence, service: Object) -> bool:
    """Whether the Deployment behind a Service has no pod, which is a finding of its own."""
    selector = service["spec"]["selector"].items()
    return any(
        selector <= ((each["spec"].get("template") or {}).get("metadata", {}).get("labels") or {}).items()
        and not (each.get("status") or {}).get("availableReplicas")
        for each in found.of_kind("Deployment", service["metadata"]["namespace"])
    )
