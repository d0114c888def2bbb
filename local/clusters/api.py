"""A small client of one API server. It runs inside the lab with the administrator's certificate."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from hybrid_mesh.local.clusters.pki import ADMIN, AUTHORITY, ClusterPki
from hybrid_mesh.local.linux import namespaces
from hybrid_mesh.local.patience import patient


class ApiError(Exception):
    """The API server refused (`status` is its HTTP code) or could not be reached (`status` 0)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ApiClient:
    """Requests to https://127.0.0.1:6443 of a node's network namespace."""

    def __init__(self, namespace: Path, pki: ClusterPki) -> None:
        self._namespace = namespace
        self._context = ssl.create_default_context(cafile=str(pki.certificate(AUTHORITY)))
        self._context.load_cert_chain(pki.certificate(ADMIN), pki.key(ADMIN))

    def request(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        content_type: str = "application/json",
        timeout: float = 10,
    ) -> dict[str, Any]:
        connection = self._connect(timeout)
        try:
            connection.request(
                method, path, json.dumps(body) if body is not None else None, {"Content-Type": content_type}
            )
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(0, str(error)) from error
        finally:
            connection.close()
        if response.status >= 300:
            raise ApiError(response.status, f"{method} {path}: {response.status} {content[:500]!r}")
        try:
            answer: dict[str, Any] = json.loads(content)
        except ValueError:
            answer = {}
        return answer

    def watch(self, path: str, resource_version: str, timeout: float) -> Iterator[dict[str, Any]]:
        """Yields watch events of `path` until the server ends the watch after `timeout` seconds."""
        query = urlencode(
            {"watch": "1", "resourceVersion": resource_version, "timeoutSeconds": str(int(timeout))}
        )
        connection = self._connect(timeout + 10)
        try:
            connection.request("GET", f"{path}?{query}")
            response = connection.getresponse()
            if response.status >= 300:
                raise ApiError(response.status, f"watch {path}: {response.status}")
            while line := response.readline():
                yield json.loads(line)
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(0, str(error)) from error
        finally:
            connection.close()

    def _connect(self, timeout: float) -> http.client.HTTPSConnection:
        timeout = patient(timeout)
        connection = http.client.HTTPSConnection("127.0.0.1", 6443, timeout=timeout, context=self._context)
        try:
            with namespaces.inside(self._namespace):
                plain = socket.socket()
            plain.settimeout(timeout)
            plain.connect(("127.0.0.1", 6443))
            connection.sock = self._context.wrap_socket(plain, server_hostname="127.0.0.1")
        except OSError as error:
            raise ApiError(0, str(error)) from error
        return connection
