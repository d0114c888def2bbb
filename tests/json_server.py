"""HTTP servers on loopback, in the test's process, that answer with JSON: what stands for API servers."""

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hybrid_mesh.local import pki


@dataclass(frozen=True)
class Request:
    """`port` is the server's; `body` as it came."""

    method: str
    path: str
    query: str
    authorization: str
    body: bytes
    port: int

    @property
    def content(self) -> Any:
        """The JSON in the body, None for none."""
        return json.loads(self.body or "null")


Answer = Callable[[Request], tuple[int, Any]]
"""The status and the JSON for a request."""


@contextmanager
def json_server(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of a server, while the body runs."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            url, port = urlsplit(self.path), self.connection.getsockname()[1]
            given = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            authorization = self.headers.get("Authorization", "")
            status, content = answer(Request(self.command, url.path, url.query, authorization, given, port))
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the base class' names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def certified(folder: Path) -> tuple[ssl.SSLContext, str]:
    """What serves as 127.0.0.1, and the certificate (PEM) of the authority to trust. `folder` gets a file."""
    authority = pki.Authority.create("the API servers of a test")
    pair = authority.issue(pki.subject("127.0.0.1"), [pki.SERVER], names=["127.0.0.1"])
    file = folder / "server.pem"
    file.write_bytes(pair.key + pair.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, authority.pair.certificate.decode()


def kubeconfig(server: str, token: str | None = None, authority: str | None = None) -> dict[str, Any]:
    """A kubeconfig with one context for the API server at the URL `server`."""
    cluster = {"server": server}
    if authority is not None:
        cluster["certificate-authority-data"] = base64.b64encode(authority.encode()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "main",
        "contexts": [{"name": "main", "context": {"cluster": "main", "user": "main"}}],
        "clusters": [{"name": "main", "cluster": cluster}],
        "users": [{"name": "main", "user": {"token": token} if token else {}}],
    }
