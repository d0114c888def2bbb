"""Reads Helm's own record of a release: its status and the objects that it made.

Source: helm.sh/helm/v3, pkg/storage/driver: a Secret `sh.helm.release.v1.<name>.v<revision>` of type
`helm.sh/release.v1`, whose `release` is gzip'ed JSON in base64.
"""

import base64
import binascii
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from hybrid_mesh.operate.doctor.types import Object

RECORD_TYPE = "helm.sh/release.v1"
_CRDS = re.compile(r"^kind: CustomResourceDefinition\s*$", re.MULTILINE)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class HelmRelease:
    """The newest revision of a release. `objects` are those of its manifest without CRDs, whose text is long
    and which nobody changes; each is as Helm sent it."""

    name: str
    namespace: str
    revision: int
    status: str
    objects: tuple[Object, ...]


def read_releases(secrets: list[Object]) -> tuple[HelmRelease, ...]:
    """The newest revision of every release that has a readable record among `secrets`."""
    newest: dict[tuple[str, str], tuple[int, Object]] = {}
    for secret in secrets:
        labels = secret["metadata"].get("labels") or {}
        if secret.get("type") != RECORD_TYPE or not str(labels.get("version", "")).isdigit():
            continue
        key = (secret["metadata"]["namespace"], str(labels.get("name", "")))
        revision = int(labels["version"])
        if revision >= newest.get(key, (0, {}))[0]:
            newest[key] = (revision, secret)
    found = (_read(namespace, name, *each) for (namespace, name), each in newest.items())
    return tuple(release for release in found if release is not None)


def _read(namespace: str, name: str, revision: int, secret: Object) -> HelmRelease | None:
    text = (secret.get("data") or {}).get("release", "")
    try:
        packed = base64.b64decode(base64.b64decode(text))
        record = json.loads(gzip.decompress(packed))
        objects = tuple(_objects(record.get("manifest", "")))
    except (binascii.Error, OSError, EOFError, zlib.error, ValueError, yaml.YAMLError):
        return None
    status = str((record.get("info") or {}).get("status", ""))
    return HelmRelease(name, namespace, revision, status, objects)


def _objects(manifest: str) -> Iterator[Object]:
    for document in re.split(r"^---\s*$", manifest, flags=re.MULTILINE):
        if _CRDS.search(document):
            continue
        found: Any = yaml.load(document, Loader=_LOADER)  # noqa: S506 - a loader of plain values
        if isinstance(found, Mapping) and found.get("kind") and found.get("metadata"):
            yield found
