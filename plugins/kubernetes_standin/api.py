"""Requests to one API server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import urllib3

from plugins.framework.errors import ResourceError
from plugins.kubernetes_standin.kubeconfig import Access, access
from plugins.kubernetes_standin.settings import Settings

APPLY: Final = "application/apply-patch+yaml"
JSON_PATCH: Final = "application/json-patch+json"
_CONNECT_SECONDS: Final = 10.0
_READ_SECONDS: Final = 60.0
_CONNECT_ATTEMPTS: Final = 3
_UNREACHABLE_MEMORY_SECONDS: Final = 15.0
"""Seventy resources of a dead cluster must not each wait for the connection to time out."""
_TOO_MANY_ATTEMPTS: Final = 5


class UnreachableError(ResourceError):
    """The API server does not answer."""

    def __init__(self, server: str, cause: str) -> None:
        super().__init__(
            f"configured Kubernetes cluster is unreachable: {server}: {cause}. If it is gone for good, "
            "set the provider's deleteUnreachable and refresh; if it is only away, skipUpdateUnreachable"
        )


class StatusError(ResourceError):
    """The API server refused: HTTP `code`, `reason` ("Conflict") and `details` of the Status object."""

    def __init__(self, code: int, status: Mapping[str, Any], complaints: tuple[str, ...] = ()) -> None:
        message = str(status.get("message") or status.get("reason") or f"HTTP {code}")
        if code in {401, 403} and complaints:
            message = f"{message} (login failed: {'; '.join(complaints)})"
        super().__init__(message)
        self.code = code
        self.reason = str(status.get("reason", ""))
        self.details: Mapping[str, Any] = status.get("details") or {}


@dataclass(frozen=True)
class Reply:
    """A decoded answer and the server's warnings that came with it."""

    body: Any
    warnings: tuple[str, ...]


class Api:
    """One server, connected to on first use; safe for many threads."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._lock = threading.Lock()
        self._connected: tuple[Access, urllib3.PoolManager] | None = None
        self._unreachable: tuple[float, str] | None = None

    def get(self, path: str, **query: str) -> Any:
        """The object at `path`. Raises StatusError, UnreachableError."""
        return self.request("GET", path, query=query).body

    def get_text(self, path: str, **query: str) -> str:
        """The text at `path` (logs)."""
        return str(self.request("GET", path, query=query, decode=False).body)

    def find(self, path: str, **query: str) -> Any | None:
        """The object at `path`, None when there is none."""
        try:
            return self.get(path, **query)
        except StatusError as failure:
            if failure.code == 404:
                return None
            raise

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        decode: bool = True,
    ) -> Reply:
        """One request; a connection that is refused and a server that is too busy are asked again a few
        times.
        """
        connected, pool = self._connect()
        url = f"{connected.server}{path}" + (f"?{urlencode(query)}" if query else "")
        payload = None if body is None else json.dumps(body).encode()
        for attempt in range(_TOO_MANY_ATTEMPTS):
            answer = self._send(connected, pool, (method, url, payload, content_type))
            if answer.status != 429 or attempt == _TOO_MANY_ATTEMPTS - 1:
                break
            threading.Event().wait(min(float(answer.headers.get("Retry-After", "1") or 1), 5.0))
        if answer.status >= 400:
            raise StatusError(answer.status, _status(answer.data), connected.complaints)
        warnings = tuple(_warning_text(value) for value in answer.headers.getlist("Warning"))
        return Reply(json.loads(answer.data) if decode else answer.data.decode(errors="replace"), warnings)

    def _connect(self) -> tuple[Access, urllib3.PoolManager]:
        with self._lock:
            if self._unreachable is not None:
                since, cause = self._unreachable
                if time.monotonic() - since < _UNREACHABLE_MEMORY_SECONDS:
                    raise UnreachableError(self._server(), cause)
                self._unreachable = None
            if self._connected is None:
                granted = access(self._settings, self._folder)
                self._connected = granted, _pool(granted)
            return self._connected

    def _server(self) -> str:
        return self._connected[0].server if self._connected else "the server"

    def _send(
        self,
        connected: Access,
        pool: urllib3.PoolManager,
        request: tuple[str, str, bytes | None, str],
    ) -> urllib3.BaseHTTPResponse:
        method, url, payload, content_type = request
        headers = {"Accept": "application/json", "User-Agent": "hybrid-mesh-kubernetes-standin"}
        if payload is not None:
            headers["Content-Type"] = content_type
        token = connected.authorization()
        if token:
            headers["Authorization"] = token
        try:
            return pool.request(method, url, body=payload, headers=headers)
        except urllib3.exceptions.HTTPError as failure:
            cause = _cause(failure)
            with self._lock:
                self._unreachable = time.monotonic(), cause
            raise UnreachableError(connected.server, cause) from None


def _pool(granted: Access) -> urllib3.PoolManager:
    # Requests here may be repeated: reads, deletes and server-side apply have no second effect.
    retries = urllib3.Retry(
        total=_CONNECT_ATTEMPTS, backoff_factor=0.2, allowed_methods=None, redirect=False, status=0
    )
    options: dict[str, Any] = {
        "maxsize": 64,
        "retries": retries,
        "timeout": urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
        "ssl_context": granted.tls,
    }
    if granted.configuration.tls_server_name:
        options["server_hostname"] = granted.configuration.tls_server_name
    if granted.configuration.proxy:
        return urllib3.ProxyManager(granted.configuration.proxy, **options)
    return urllib3.PoolManager(**options)


def _status(data: bytes) -> Mapping[str, Any]:
    try:
        status = json.loads(data)
    except ValueError:
        return {"message": data.decode(errors="replace").strip()[:500]}
    return status if isinstance(status, dict) else {}


def _warning_text(header: str) -> str:
    """`299 - "text"` -> text (RFC 7234, as the API server writes it)."""
    return header.partition('"')[2].rpartition('"')[0] or header


def _cause(failure: BaseException) -> str:
    while isinstance(failure, urllib3.exceptions.MaxRetryError) and failure.reason is not None:
        failure = failure.reason
    text = str(failure)
    return text.rpartition(">: ")[2] or text
