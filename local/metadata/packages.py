"""The lab's package server: files of one folder over plain HTTP, as a release site serves them."""

import socket
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

from hybrid_mesh.local.metadata.listening import NamespacedServer, listen_in


class PackageServer:
    """Serves the files of `folder` and follows links in it; it does not list folders."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: NamespacedServer | None = None

    def start(self, namespace: Path, address: str, port: int) -> None:
        """Listens in a network namespace. Raises OSError."""
        folder = str(self._folder)

        class Handler(SimpleHTTPRequestHandler):
            timeout = 60
            connection: socket.socket

            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments, directory=folder)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002
                return

            def list_directory(self, path: Any) -> None:  # noqa: ARG002
                self.send_error(404, "no listing")

            def copyfile(self, source: Any, outputfile: Any) -> None:
                outputfile.flush()
                self.connection.sendfile(source)

        self._server = NamespacedServer(listen_in(namespace, address, port), Handler)
        self._server.serve_in_thread("packages")

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
