"""The objects in a namespace that do not belong to the system."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hybrid_mesh.model.istio_facts import ROOT_CONFIG_MAP
from hybrid_mesh.plugins.framework.api_server import ApiServer, ApiServerError

_ANSWER_SECONDS: Final = 15.0
_OF_EVERY_NAMESPACE: Final = frozenset(
    {
        ("ConfigMap", "kube-root-ca.crt"),
        ("ConfigMap", ROOT_CONFIG_MAP),
        ("ConfigMap", "istio-ca-crl"),
        ("ServiceAccount", "default"),
    }
)
"""Objects that Kubernetes and istiod create in every namespace."""
_PASSING: Final = frozenset({"Event", "Endpoints", "EndpointSlice", "Lease"})
"""Kinds that derive from other objects or are used for leader election."""
_LEADER: Final = "control-plane.alpha.kubernetes.io/leader"
"""Annotation of a ConfigMap for leader election (client-go resourcelock), for example istiod's."""


def objects_of_others(server: ApiServer, namespace: str) -> list[str]:
    """`Kind/name` of each object in `namespace` that is not owned by another object and not in every
    namespace, and each API that does not respond, as its objects are unknown. Raises ApiServerError."""
    found: list[str] = []
    for api in _apis(server):
        try:
            kinds = list(_kinds(server, api))
            found += [each for kind in kinds for each in _names(server, api, kind, namespace)]
        except ApiServerError as failure:
            if failure.status != 404:
                found.append(f"unknown objects of {api.rpartition('apis/')[2]} ({failure})")
    return sorted(set(found))


def _apis(server: ApiServer) -> Iterator[str]:
    """The path of each API in its preferred version."""
    yield "/api/v1"
    for group in server.get("/apis", _ANSWER_SECONDS)["groups"]:
        yield f"/apis/{group['preferredVersion']['groupVersion']}"


def _kinds(server: ApiServer, api: str) -> Iterator[tuple[str, str]]:
    """Kind and plural of the resources of an API that can be created and deleted in a namespace."""
    for resource in server.get(api, _ANSWER_SECONDS)["resources"]:
        stored = {"list", "delete"} <= set(resource["verbs"])
        if resource["namespaced"] and stored and resource["kind"] not in _PASSING:
            yield resource["kind"], resource["name"]


def _names(server: ApiServer, api: str, kind: tuple[str, str], namespace: str) -> Iterator[str]:
    listed = server.get(f"{api}/namespaces/{namespace}/{kind[1]}", _ANSWER_SECONDS)
    for each in listed["items"]:
        if not _goes_along(kind[0], each["metadata"]):
            yield f"{kind[0]}/{each['metadata']['name']}"


def _goes_along(kind: str, metadata: Mapping[str, Any]) -> bool:
    return bool(
        (kind, metadata["name"]) in _OF_EVERY_NAMESPACE
        or metadata.get("ownerReferences")
        or metadata.get("deletionTimestamp")
        or _LEADER in (metadata.get("annotations") or {})
    )
