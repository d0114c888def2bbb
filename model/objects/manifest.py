"""The type of all manifests."""

from collections.abc import Mapping
from typing import Any

Manifest = dict[str, Any]
"""A Kubernetes object as plain data: apiVersion, kind, metadata and the other fields of its kind."""


def manifest(
    api_version: str,
    kind: str,
    name: str,
    namespace: str | None = None,
    labels: Mapping[str, str] | None = None,
    **fields: Any,
) -> Manifest:
    """An object of `kind`. `fields` are its top-level fields other than metadata."""
    metadata: dict[str, Any] = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = dict(labels)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def annotated(made: Manifest, annotations: Mapping[str, str]) -> Manifest:
    """`made` with additional `annotations`."""
    metadata = made["metadata"]
    together = {**metadata.get("annotations", {}), **annotations}
    return {**made, "metadata": {**metadata, "annotations": together}}
