"""The script that holds Istio's agent back until istiod can be reached, against TLS servers on loopback."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hybrid_mesh.model.texts.machine_texts import source_text


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the self-signed certificates `istiod.pem` and `stranger.pem`, each with its key."""
    folder = tmp_path_factory.mktemp("roots")
    for name in ("istiod", "stranger"):
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-subj",
                "/O=test",
                "-addext",
                "subjectAltName=DNS:localhost",
                "-keyout",
                folder / f"{name}.key",
                "-out",
                folder / f"{name}.pem",
            ],
            check=True,
            capture_output=True,
        )
    return folder


@contextmanager
def istiod(roots: Path, name: str, port: int = 0, *, delay: float = 0) -> Iterator[int]:
    """A TLS server with the certificate `name` that takes `delay` seconds to answer a client; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(roots / f"{name}.pem", roots / f"{name}.key")
    context.set_alpn_protocols(["h2"])
    with socket.create_server(("127.0.0.1", port)) as listener:
        threading.Thread(target=_accept, args=(listener, context, delay), daemon=True).start()
        yield int(listener.getsockname()[1])


def _accept(listener: socket.socket, context: ssl.SSLContext, delay: float) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Timer(delay, _answer, (connection, context)).start()


def _answer(connection: socket.socket, context: ssl.SSLContext) -> None:
    try:
        context.wrap_socket(connection, server_side=True).close()
    except OSError:
        connection.close()


def start(folder: Path, roots: Path, port: int, seconds: int) -> subprocess.Popen[str]:
    """The script, on a host that has no user istio-proxy."""
    (folder / "runuser").write_text(
        '#!/bin/sh\n[ "$1 $2 $3" = "-u istio-proxy --" ] && shift 3 && exec "$@"\n'
    )
    (folder / "runuser").chmod(0o755)
    (folder / "await-istiod").write_text(source_text("await-istiod.sh"))
    return subprocess.Popen(
        ["sh", folder / "await-istiod", "localhost", str(port), roots / "istiod.pem", str(seconds)],
        env={"PATH": f"{folder}:/usr/sbin:/usr/bin:/sbin:/bin"},
        stderr=subprocess.PIPE,
        text=True,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_ends_at_once_where_istiod_answers(tmp_path: Path, roots: Path) -> None:
    with istiod(roots, "istiod") as port:
        assert start(tmp_path, roots, port, 30).wait(20) == 0


def test_waits_until_istiod_answers(tmp_path: Path, roots: Path) -> None:
    port = free_port()
    waiting = start(tmp_path, roots, port, 60)
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(1)
    with istiod(roots, "istiod", port):
        assert waiting.wait(30) == 0


def test_waits_longer_for_one_that_answers_late(tmp_path: Path, roots: Path) -> None:
    """It gives up a connection after a second, for a gateway that is not ready can swallow one for good."""
    with istiod(roots, "istiod", delay=1.5) as port:
        assert start(tmp_path, roots, port, 60).wait(60) == 0


@pytest.mark.parametrize("name", ["nobody", "stranger"])
def test_gives_up_in_time_and_says_where(tmp_path: Path, roots: Path, name: str) -> None:
    """A gateway may answer before istiod is behind it; a server that the mesh's roots do not vouch for is not
    istiod."""
    begin = time.monotonic()
    port = free_port()
    if name == "nobody":
        waiting = start(tmp_path, roots, port, 2)
        _, error = waiting.communicate(timeout=20)
    else:
        with istiod(roots, name, port):
            waiting = start(tmp_path, roots, port, 2)
            _, error = waiting.communicate(timeout=20)
    assert waiting.returncode == 1
    assert f"no trusted certificate from localhost:{port}" in error
    assert time.monotonic() - begin >= 1
