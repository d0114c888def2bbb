"""Objects of the mesh that the stack file does not express, and those that the program's own replace."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hybrid_mesh.model.istio_facts import CROSS_NETWORK_PORT, ISTIOD_PORT, SYSTEM_NAMESPACE
from hybrid_mesh.model.objects.helm_values import GATEWAY_NAME
from hybrid_mesh.operate.adopt.found import Find, Finding

_NETWORKING: Final = "/apis/networking.istio.io/v1"
_GATEWAY_API: Final = "/apis/gateway.networking.k8s.io/v1"
_UNMANAGED: Final = {
    f"{_NETWORKING}/serviceentries": ("ServiceEntry", "Leave it; it works as before"),
    f"{_GATEWAY_API}/gateways": ("Gateway", "Leave it, or write it below `ingress` with another name"),
    f"{_GATEWAY_API}/httproutes": ("HTTPRoute", "Leave it, or write it below `ingress` with another name"),
    "/apis/security.istio.io/v1/peerauthentications": ("PeerAuthentication", "Leave it; it works as before"),
    "/apis/security.istio.io/v1/authorizationpolicies": (
        "AuthorizationPolicy",
        "Leave it; it works as before",
    ),
}
"""Path of a kind -> its name, and what to do with its objects."""
_OWN_GATEWAY: Final = (SYSTEM_NAMESPACE, GATEWAY_NAME)
_PORTS: Final = {CROSS_NETWORK_PORT, ISTIOD_PORT}


def left_as_it_is(context: str, find: Find) -> Iterator[Finding]:
    """What the program neither declares nor changes."""
    for path, (kind, remedy) in _UNMANAGED.items():
        for each in (find(path) or {}).get("items") or ():
            metadata = each["metadata"]
            if kind == "Gateway" and (metadata["namespace"], metadata["name"]) == _OWN_GATEWAY:
                continue  # of a stack that has been applied
            place = f"context {context}, {kind} {metadata['namespace']}/{metadata['name']}"
            yield Finding(place, "the stack file does not have it", remedy)


def replaced_objects(find: Find) -> Iterator[str]:
    """Gateways of Istio's own API for the east-west gateway, and the VirtualServices of these alone (samples/
    multicluster: expose-services.yaml, expose-istiod.yaml)."""
    space = f"{_NETWORKING}/namespaces/{SYSTEM_NAMESPACE}"
    replaced = set()
    for each in (find(f"{space}/gateways") or {}).get("items") or ():
        if _is_east_west(each["spec"]):
            replaced.add(each["metadata"]["name"])
            yield f"gateways.networking.istio.io/{each['metadata']['name']}"
    for each in (find(f"{space}/virtualservices") or {}).get("items") or ():
        gateways = set(each["spec"].get("gateways") or ())
        if gateways and gateways <= replaced:
            yield f"virtualservices.networking.istio.io/{each['metadata']['name']}"


def _is_east_west(spec: Mapping[str, Any]) -> bool:
    selected = (spec.get("selector") or {}).get("istio") == "eastwestgateway"
    ports = {each["port"]["number"] for each in spec.get("servers") or ()}
    return selected and bool(ports & _PORTS)
