"""Requests to a Kubernetes API server with the credentials of a kubeconfig."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from hybrid_mesh.local.patience import patient
from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.kubeconfig import Access, load

APPLY: Final = "application/apply-patch+yaml"
MANAGER: Final = "hybrid-mesh"
"""The field manager of the plug-in's server-side apply."""


class ApiServerError(ResourceError):
    """The API server did not respond (`status` 0), or refused. The text contains no credential."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class ApiServer:
    """The API server of a kubeconfig: a text, the path of a file, or None for the default one.

    `context` defaults to the current one. Credentials are loaded at the first request, and again if the
    server no longer accepts them. Raises KubeconfigError if the kubeconfig cannot be used. Thread-safe.
    """

    def __init__(self, kubeconfig: str | None, context: str | None) -> None:
        self._given = kubeconfig, context
        self._lock = threading.Lock()
        self._access: Access | None = None

    def get(self, path: str, timeout: float, **query: str) -> Any:
        """The JSON at `path`. Raises ApiServerError."""
        return self.request("GET", path, timeout, query=query)

    def find(self, path: str, timeout: float) -> Any | None:
        """The object at `path`; None if it does not exist. Raises ApiServerError."""
        try:
            return self.get(path, timeout)
        except ApiServerError as failure:
            if failure.status == 404:
                return None
            raise

    def apply(self, path: str, manifest: Mapping[str, Any], timeout: float) -> Any:
        """Applies `manifest` server-side, and takes its fields over from other managers."""
        query = {"fieldManager": MANAGER, "force": "true"}
        return self.request("PATCH", path, timeout, query=query, body=manifest, content_type=APPLY)

    def request(
        self,
        method: str,
        path: str,
        timeout: float,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Any:
        """The JSON that the server returns. Raises ApiServerError."""
        url = f"{quote(path)}{f'?{urlencode(query)}' if query else ''}"
        payload = None if body is None else json.dumps(body).encode()
        access = self._granted(None)
        status, content = _send(access, (method, url, payload, content_type), timeout)
        if status == 401:
            access = self._granted(access)
            status, content = _send(access, (method, url, payload, content_type), timeout)
        if status >= 300:
            raise ApiServerError(f"the API server returned {status} {_message(content, status)}", status)
        return json.loads(content)

    def _granted(self, refused: Access | None) -> Access:
        """The credentials; new ones if the server has `refused` the last ones (a short-lived token)."""
        with self._lock:
            if self._access is None or self._access is refused:
                self._access = load(*self._given)
            return self._access


def _send(access: Access, request: tuple[str, str, bytes | None, str], timeout: float) -> tuple[int, bytes]:
    method, url, payload, content_type = request
    timeout = patient(timeout)
    headers = {"Accept": "application/json", "User-Agent": MANAGER}
    if payload is not None:
        headers["Content-Type"] = content_type
    if access.authorization:
        headers["Authorization"] = access.authorization
    try:
        connection, base = _connect(access, timeout)
        try:
            connection.request(method, f"{base}{url}", body=payload, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as failure:
        raise ApiServerError(f"the API server does not respond ({type(failure).__name__})") from None


def _connect(access: Access, timeout: float) -> tuple[http.client.HTTPConnection, str]:
    """A connection, and the prefix of the path in its requests."""
    server = urlsplit(access.server)
    host = server.hostname or ""
    port = server.port or (443 if access.tls else 80)
    through = urlsplit(access.proxy) if access.proxy else None
    first, first_port = (through.hostname or "", through.port or 80) if through else (host, port)
    if access.tls is None:
        base = access.server if through else server.path
        return http.client.HTTPConnection(first, first_port, timeout=timeout), base
    connection = _Https(first, first_port, timeout=timeout, context=access.tls)
    connection.server_name = access.server_name or host
    if through:
        connection.set_tunnel(host, port)
    return connection, server.path


class _Https(http.client.HTTPSConnection):
    """HTTPS to a server whose certificate is for `server_name`, independent of the URL's host."""

    server_name: str
    _context: ssl.SSLContext

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self.server_name)


def _message(content: bytes, status: int) -> str:
    """The message of the Status object, else the name of the status code."""
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return http.client.responses.get(status, "")
