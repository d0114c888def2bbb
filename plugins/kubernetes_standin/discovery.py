"""Which resources a server has: one request per group and version, when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from plugins.framework.errors import ResourceError
from plugins.kubernetes_standin.api import Api, StatusError
from plugins.kubernetes_standin.kinds import Kind


class NoSuchKindError(ResourceError):
    """The server does not (yet) know the kind: its CustomResourceDefinition is not there."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(f'no matches for kind "{kind.name}" in version "{kind.api_version}"')


@dataclass(frozen=True)
class Served:
    """How a kind is served."""

    plural: str
    namespaced: bool
    api_version: str

    @property
    def root(self) -> str:
        """The path of its group and version."""
        return f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"

    def path(self, namespace: str, name: str = "", subresource: str = "") -> str:
        """The path of one object, or of all in the namespace; `namespace` counts only for namespaced
        kinds.
        """
        parts = [self.root]
        if self.namespaced and namespace:
            parts.append(f"namespaces/{quote(namespace)}")
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=""))
        if subresource:
            parts.append(subresource)
        return "/".join(parts)


class Discovery:
    """What one server serves, remembered; a kind that is missing is asked for again."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._known: dict[Kind, Served] = {}
        self._schemas: dict[str, Mapping[str, Any] | None] = {}

    def served(self, kind: Kind) -> Served:
        """Raises NoSuchKindError, UnreachableError, StatusError."""
        with self._lock:
            if kind not in self._known:
                self._load(kind.api_version)
            if kind not in self._known:
                raise NoSuchKindError(kind)
            return self._known[kind]

    def schema(self, kind: Kind) -> Mapping[str, Any] | None:
        """The OpenAPI v3 document of the kind's group and version, None when the server has none."""
        with self._lock:
            version = kind.api_version
            if self._schemas.get(version) is None:
                prefix = "apis" if "/" in version else "api"
                self._schemas[version] = self._api.find(f"/openapi/v3/{prefix}/{version}")
            return self._schemas[version]

    def forget_schema(self, api_version: str) -> None:
        """A CustomResourceDefinition of that group changed."""
        with self._lock:
            self._schemas.pop(api_version, None)

    def _load(self, api_version: str) -> None:
        root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            listed = self._api.get(root)
        except StatusError as failure:
            if failure.code in {404, 503}:
                return
            raise
        for resource in listed.get("resources", []):
            if "/" not in resource["name"]:
                kind = Kind(api_version, resource["kind"])
                self._known[kind] = Served(resource["name"], resource["namespaced"], api_version)
