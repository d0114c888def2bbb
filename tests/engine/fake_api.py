"""API servers in the test's process: over TLS on loopback, they answer from the doubles' world what our own
plug-in asks for: WorkloadGroups and their entries, Services and namespaces.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.engine.doubles import balancers
from tests.engine.doubles.istiod import API, Istiod
from tests.engine.doubles.store import Thing, World

_NAMESPACE: Final = "kubernetes:core/v1:Namespace"
_NAMESPACES: Final = "/api/v1/namespaces/"
_ENTRY_POINTS: Final = {
    "services": balancers.SERVICE,
    "serviceentries": "kubernetes:networking.istio.io/v1:ServiceEntry",
}
TOKEN: Final = "the-token-of-the-credential-plug-in"


@dataclass
class FakeApi:
    """`servers` are URLs, each an API server of its own."""

    world: World
    authority: str
    servers: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """What was asked without the credential plug-in's token."""
    istiod: Istiod = field(init=False)

    def __post_init__(self) -> None:
        self.istiod = Istiod(self.world)

    def answer(self, method: str, server: str, path: str, body: Any) -> tuple[int, Any]:
        """The status and what is at `path`."""
        if path == "/apis":
            return 200, {"groups": []}
        if path == "/api/v1":
            verbs = ["delete", "list"]
            kind = {"kind": "ConfigMap", "name": "configmaps", "namespaced": True, "verbs": verbs}
            return 200, {"resources": [kind]}
        if path.startswith(_NAMESPACES) and "/" not in path.removeprefix(_NAMESPACES):
            return self._namespace(method, server, path.removeprefix(_NAMESPACES), body)
        if found := self._find_entry_point(server, path):
            return 200, self._label(found, body) if method == "PATCH" else found.outputs
        if path.startswith(API):
            return self.istiod.answer(method, server, path, body)
        items = self._items(server, path) if method == "GET" else None
        return (404, {}) if items is None else (200, {"items": items})

    def _namespace(self, method: str, server: str, name: str, body: Any) -> tuple[int, Any]:
        found = self.world.find("kubernetes", _NAMESPACE, name, server)
        if method == "PATCH":
            metadata = {"uid": f"{server}/{name}", **(found.outputs["metadata"] if found else {})}
            made = {"metadata": {**metadata, **body["metadata"]}}
            self.world.put(Thing("kubernetes", _NAMESPACE, name, name, body, made, server))
            return 200, made
        if found is None:
            return 404, {}
        if method == "DELETE":
            balancers.empty_namespace(self.world, server, name)
            self.world.drop("kubernetes", _NAMESPACE, name, server)
        return 200, found.outputs

    def _items(self, server: str, path: str) -> list[dict[str, Any]] | None:
        """The list at `path`; None for what there is not. ConfigMaps stand for all that is in a namespace."""
        balancers.settle(self.world)
        things = self.world.things("kubernetes", server)
        if path.startswith(_NAMESPACES) and path.endswith("/configmaps"):
            inside = f"{path.removeprefix(_NAMESPACES).partition('/')[0]}/"
            return [_metadata(each) for each in things if each.identity.startswith(inside)]
        if path == "/api/v1/services":
            return [thing.outputs for thing in things if thing.type == balancers.SERVICE]
        return None

    def _find_entry_point(self, server: str, path: str) -> Thing | None:
        """The Service or ServiceEntry at `path`."""
        kind, name = path.split("/")[-2:]
        if kind not in _ENTRY_POINTS:
            return None
        identity = f"{path.split('/')[-3]}/{name}"
        return self.world.find("kubernetes", _ENTRY_POINTS[kind], identity, server)

    def _label(self, found: Thing, body: Any) -> Any:
        """Server-side apply of labels: those of other managers stay."""
        metadata = found.outputs["metadata"]
        labels = {**metadata.get("labels", {}), **body["metadata"]["labels"]}
        outputs = {**found.outputs, "metadata": {**metadata, "labels": labels}}
        self.world.put(replace(found, outputs=outputs))
        return outputs


def _metadata(thing: Thing) -> dict[str, Any]:
    """What the program did not declare was made by a controller for something that it did."""
    owners = [] if thing.name else [{"uid": thing.owner}]
    return {"metadata": {"name": thing.identity.partition("/")[2], "ownerReferences": owners}}


@contextmanager
def fake_api(world: World, count: int) -> Iterator[FakeApi]:
    """`count` API servers, while the body runs."""
    folder = world.folder / "api"
    folder.mkdir(parents=True, exist_ok=True)
    fake = FakeApi(world, write_certificate(folder))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server-key.pem")
    listeners = [_listener(fake, context) for _ in range(count)]
    fake.servers = [f"https://127.0.0.1:{listener.server_address[1]}" for listener in listeners]
    threads = [threading.Thread(target=listener.serve_forever, daemon=True) for listener in listeners]
    for thread in threads:
        thread.start()
    try:
        yield fake
    finally:
        with ThreadPoolExecutor(count) as ending:  # each takes up to half a second to notice
            list(ending.map(_end, listeners))


def _end(listener: ThreadingHTTPServer) -> None:
    listener.shutdown()
    listener.server_close()


def _listener(fake: FakeApi, context: ssl.SSLContext) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            server = f"https://127.0.0.1:{self.connection.getsockname()[1]}"
            path = self.path.partition("?")[0]
            status: int
            answer: Any
            given = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if fake.world.dead(server):
                status, answer = 503, {}
            elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
                fake.refused.append(f"{server}{path}")
                status, answer = 401, {}
            else:
                status, answer = fake.answer(self.command, server, path, json.loads(given or "null"))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the base class' names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    return listener


def write_certificate(folder: Path) -> str:
    """Writes a self-signed certificate of 127.0.0.1 and its key; returns the certificate in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the fake API servers")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    (folder / "server.pem").write_text(pem)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server-key.pem").write_bytes(private)
    return pem
