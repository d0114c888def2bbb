"""A server on loopback that publishes a folder, and can fail as servers and networks do."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Publisher:
    """What is served, how, and what was asked for. `cut` ends every answer after that many bytes."""

    folder: Path
    cut: int | None = None
    knows_ranges: bool = True
    url: str = ""
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """File and Range header of each request."""


@contextmanager
def publishing(folder: Path) -> Iterator[Publisher]:
    publisher = Publisher(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name, wanted = self.path.lstrip("/"), self.headers.get("Range")
            publisher.asked.append((name, wanted))
            file = publisher.folder / name
            if not file.is_file():
                self.send_error(404)
                return
            content = file.read_bytes()
            found = re.fullmatch(r"bytes=(\d+)-", wanted or "")
            first = int(found[1]) if found and publisher.knows_ranges else 0
            self.send_response(206 if first else 200)
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - first))
            self.end_headers()
            self.wfile.write(content[first:][: publisher.cut])

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    publisher.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield publisher
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
