"""An API server that knows WorkloadEntries only, over plain HTTP on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "the-bearer-token-of-the-kubeconfig"


@dataclass
class FakeApiServer:
    """`entries` are what a list answers; `failure` is a status to answer instead."""

    port: int
    entries: list[dict[str, Any]] = field(default_factory=list)
    failure: int = 0
    asked: list[str] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)

    @property
    def kubeconfig(self) -> str:
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "c",
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
                "users": [{"name": "u", "user": {"token": TOKEN}}],
            }
        )

    def register(
        self,
        group: str,
        address: str,
        *,
        healthy: bool | None = None,
        message: str = "",
        connected: bool = True,
    ) -> None:
        annotations = {
            "istio.io/autoRegistrationGroup": group,
            "istio.io/connectedAt": "2026-01-01T00:00:00Z",
        }
        if not connected:
            annotations["istio.io/disconnectedAt"] = "2026-01-01T00:01:00Z"
        status: dict[str, Any] = {}
        if healthy is not None:
            status = {"conditions": [{"type": "Healthy", "status": str(healthy), "message": message}]}
        name = f"{group}-{address}-amsterdam"
        self.entries.append(
            {
                "metadata": {"name": name, "annotations": annotations},
                "spec": {"address": address},
                "status": status,
            }
        )


@contextmanager
def api_server() -> Iterator[FakeApiServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.asked.append(self.path)
            fake.authorizations.add(self.headers.get("Authorization", ""))
            body = json.dumps({"items": fake.entries}).encode()
            self.send_response(fake.failure or 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake = FakeApiServer(server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield fake
    server.shutdown()
    server.server_close()
