"""What a preview can say of an object: what the program says, what a dry run adds, and what is not known
yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from plugins.framework.errors import ResourceError
from plugins.framework.values import UNKNOWN, Properties
from plugins.kubernetes_standin.api import StatusError, UnreachableError
from plugins.kubernetes_standin.cluster import Cluster, Place
from plugins.kubernetes_standin.discovery import NoSuchKindError
from plugins.kubernetes_standin.kinds import Kind, namespaced
from plugins.kubernetes_standin.normalise import SECRET, outputs_of

_SERVER_METADATA: Final = ("uid", "resourceVersion", "generation", "creationTimestamp")
_TOKEN: Final = "kubernetes.io/service-account-token"  # noqa: S105 a type, no secret
_NO_DRY_RUN: Final = frozenset({401, 403, 404, 405, 415, 500, 502, 503, 504})
"""Answers after which the preview goes on without the server: no rights to write (a pipeline's reader),
a namespace that the same program makes, a webhook that does not take part in dry runs.
"""


def dry_run(
    cluster: Cluster, place: Place, inputs: Properties, manager: str, *, creating: bool
) -> Properties | None:
    """The object as the server would make it, None when the server cannot say.

    That is also so for the creation of what exists: it will be replaced, or taken over, only by `up`.
    Raises ResourceError for what the server would refuse: conflicts, invalid values, admission policies.
    """
    try:
        if creating and cluster.find(place) is not None:
            return None
        path = cluster.discovery.served(place.kind).path(place.namespace, place.name)
        sent = {key: value for key, value in inputs.items() if not key.startswith("__")}
        if place.namespace:
            sent["metadata"] = {**sent.get("metadata", {}), "namespace": place.namespace}
        forced = cluster.forced(inputs)
        return outputs_of(
            cluster.apply(path, sent, manager=manager, force=forced, dry_run=True).body, manager
        )
    except (NoSuchKindError, UnreachableError):
        return None
    except StatusError as failure:
        if failure.code in _NO_DRY_RUN or "dry" in str(failure).lower():
            return None
        raise ResourceError(f"the server would refuse it: {failure}") from None


def with_unknowns(
    kind: Kind, outputs: Properties, old_outputs: Properties, default_namespace: str
) -> Properties:
    """`outputs` with all that only the server knows as UNKNOWN (on an update: what stays the same is
    kept).
    """
    metadata = outputs.get("metadata", {})
    if isinstance(metadata, dict):
        if namespaced(kind):
            metadata = {"namespace": default_namespace, **metadata}
        old = _mapping(old_outputs.get("metadata"))
        metadata = metadata | dict.fromkeys(_SERVER_METADATA, UNKNOWN)
        metadata |= {name: old[name] for name in ("uid", "creationTimestamp") if name in old}
    status = outputs.get("status") or old_outputs.get("status") if old_outputs else UNKNOWN
    result = {**outputs, "metadata": metadata}
    if status is not None:
        result["status"] = status
    if kind == SECRET and outputs.get("type") == _TOKEN:
        result["data"] = _mapping(old_outputs.get("data")) or UNKNOWN
    if kind == Kind("v1", "Service") and isinstance(outputs.get("spec"), dict):
        result["spec"] = _service_spec(outputs["spec"], _mapping(old_outputs.get("spec")))
    return result


def _service_spec(spec: dict[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    addresses = {name: old.get(name, UNKNOWN) for name in ("clusterIP", "clusterIPs")}
    if spec.get("clusterIP") == "None":
        return spec
    return {**spec, **addresses}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
