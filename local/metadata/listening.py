"""HTTP servers whose sockets are in a network namespace of the lab, served by threads of its process."""

import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from hybrid_mesh.local.linux import namespaces
from hybrid_mesh.local.linux.guard import describe, log, start_guarded


class QuietHandler(BaseHTTPRequestHandler):
    """Logs nothing: requests and answers here carry tokens."""

    timeout = 30

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002
        return

    def answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class NamespacedServer(ThreadingHTTPServer):
    """An HTTP server on a socket that was opened elsewhere."""

    daemon_threads = True
    name = ""

    def __init__(self, listener: socket.socket, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(listener.getsockname()[:2], handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """Logs only the type and the place of an exception: requests carry tokens. A client that hangs up is
        ignored."""
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError | TimeoutError):
            log(f"{self.name}: {describe(error)}")

    def serve_in_thread(self, name: str) -> None:
        self.name = name
        start_guarded(name, lambda: self.serve_forever(poll_interval=0.5))

    def close(self) -> None:
        self.shutdown()
        self.server_close()


def listen_in(namespace: Path, address: str, port: int) -> socket.socket:
    """A listening TCP socket at `address`:`port` of the network namespace `namespace`. A socket stays in the
    namespace that it was created in, so only a short-lived thread enters it. Raises OSError."""
    made: list[socket.socket] = []
    failed: list[OSError] = []

    def listen() -> None:
        try:
            with namespaces.inside(namespace):
                made.append(socket.create_server((address, port), backlog=128))
        except OSError as error:
            failed.append(error)

    thread = Thread(target=listen)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return made[0]
