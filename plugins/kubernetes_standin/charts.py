"""What a Release names as its chart, its values, and what the chart makes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from plugins.framework.errors import ResourceError
from plugins.framework.values import Properties
from plugins.kubernetes_standin.kinds import Kind, namespaced


def local_chart(chart: str, folder: Path) -> Path | None:
    """The chart's folder or archive when `chart` is a path (relative to the program's folder), else None."""
    path = folder / chart
    return path.resolve() if not chart.startswith("oci://") and path.exists() else None


def checksum(path: Path) -> str:
    """A hash of all files of a chart: a change of one is a change of the release."""
    digest = hashlib.sha256()
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    for file in files:
        digest.update(str(file.relative_to(path) if path.is_dir() else file.name).encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def values(inputs: Properties, folder: Path) -> Properties:
    """The values of the release: those of the files, overridden by those of the program."""
    merged: Properties = {}
    for asset in inputs.get("valueYamlFiles", []):
        merged = _merge(merged, _asset_values(asset, folder))
    own = inputs.get("values", {})
    return _merge(merged, own if inputs.get("allowNullValues") else _without_nulls(own))


def resource_names(manifest: str, namespace: str) -> dict[str, list[str]]:
    """What a rendered manifest holds, as the official plug-in writes it: `Kind.group/group/version` to
    `ns/name`.
    """
    found: dict[str, set[str]] = {}
    for document in yaml.load_all(manifest, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if not isinstance(document, dict) or "kind" not in document:
            continue
        kind = Kind(str(document.get("apiVersion", "")), str(document["kind"]))
        metadata = document.get("metadata", {})
        name = str(metadata.get("name", ""))
        if namespaced(kind) or (namespaced(kind) is None and metadata.get("namespace")):
            name = f"{metadata.get('namespace', namespace)}/{name}"
        dotted = f"{kind.name}.{kind.group}" if kind.group else kind.name
        found.setdefault(f"{dotted}/{kind.api_version}", set()).add(name)
    return {kind: sorted(names) for kind, names in sorted(found.items())}


def places(names: Mapping[str, list[str]]) -> list[tuple[Kind, str, str]]:
    """The kinds, namespaces ("" where there is none) and names of what `resource_names` lists."""
    found = []
    for key, objects in names.items():
        head, _, api_version = key.partition("/")
        kind = Kind(api_version, head.partition(".")[0])
        for one in objects:
            namespace, _, name = one.rpartition("/")
            found.append((kind, namespace, name))
    return found


def workloads(names: Mapping[str, list[str]]) -> list[tuple[Kind, str, str]]:
    """The workloads among `places`, for finding causes."""
    kinds = [Kind("apps/v1", name) for name in ("Deployment", "DaemonSet", "StatefulSet")]
    return [place for place in places(names) if place[0] in kinds]


def _asset_values(asset: Any, folder: Path) -> Properties:
    if isinstance(asset, Mapping) and "text" in asset:
        text = str(asset["text"])
    elif isinstance(asset, Mapping) and "path" in asset:
        text = (folder / str(asset["path"])).read_text()
    else:
        raise ResourceError("valueYamlFiles: only files and texts can be read")
    loaded = yaml.safe_load(text)
    return loaded if isinstance(loaded, dict) else {}


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> Properties:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(old, value) if both and old is not None else value
    return merged


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
