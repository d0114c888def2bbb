"""Pins what the real curl prints, on which the verdicts of requests rest, and the double that tests use."""

import shutil
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hybrid_mesh.operate.shell import CommandResult
from hybrid_mesh.operate.verify.curl import Outcome, Request, many, one, read_many, read_one
from tests.commands import run
from tests.operate.fake_curl import Reply, alert, curl

SPIFFE = "spiffe://mesh.example.com/ns/demo/sa/legacy"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503 if self.path == "/busy" else 200)
        self.send_header("x-place", "east")
        self.end_headers()
        self.wfile.write(b"no healthy upstream")

    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class Servers:
    """The ports of a server by HTTP, and of one that requires a certificate of its clients."""

    plain: int
    mutual: int


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    san = f"subjectAltName=critical,URI:{SPIFFE}"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    files = ("-keyout", str(key), "-out", str(certificate))
    run(["openssl", "req", "-x509", *curve, *files, "-days", "2", "-subj", "/", "-addext", san], seconds=20)
    plain, mutual = (ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2))
    mutual.socket = _context(key, certificate).wrap_socket(mutual.socket, server_side=True)
    for server in (plain, mutual):
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield Servers(plain.server_address[1], mutual.server_address[1])
    for server in (plain, mutual):
        server.shutdown()
        server.server_close()


def _context(key: Path, certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def requests(servers: Servers) -> list[Request]:
    anonymous = ("--insecure", "--http1.1")
    return [
        Request(f"http://127.0.0.1:{servers.plain}/", 5, headers=("x-place", "x-none")),
        Request(f"https://127.0.0.1:{servers.mutual}/", 5, anonymous),
        Request(f"http://127.0.0.1:{servers.plain}/busy", 5, headers=("x-place",)),
        Request("http://127.0.0.1:1/", 5),
    ]


def ended(command: tuple[str, ...]) -> CommandResult:
    done = run(list(command), seconds=20, check=False)
    return CommandResult(done.returncode, done.stdout, done.stderr)


def test_many_requests_are_told_apart(servers: Servers) -> None:
    asked = requests(servers)
    done = ended(many(asked))
    good, mutual, busy, refused = read_many(asked, done.stdout, done.stderr)
    assert (good.code, good.status, good.headers) == (0, 200, {"x-place": "east", "x-none": ""})
    assert (mutual.status, mutual.identity, mutual.tls) == (0, SPIFFE, True)
    assert (busy.status, busy.headers, busy.body) == (503, {"x-place": "east"}, None)
    assert (refused.code, refused.status, refused.tls) == (7, 0, False)


def test_one_request_has_its_whole_response(servers: Servers) -> None:
    asked = requests(servers)[2]
    done = ended(one(asked))
    found = read_one(done.stdout, done.stderr)
    assert (found.code, found.status, found.body) == (0, 503, "no healthy upstream")
    assert found.headers["x-place"] == "east"


def test_the_double_prints_what_curl_prints(servers: Servers) -> None:
    asked = requests(servers)
    replies = [Reply(headers={"x-place": "east"}), alert(SPIFFE), Reply(503, {"x-place": "east"})]
    replies.append(Reply(0, code=7, error="Couldn't connect to server"))
    by_url = {request.url: reply for request, reply in zip(asked, replies, strict=True)}
    real, double = ended(many(asked)), curl(many(asked), lambda url, _: by_url[url])
    for theirs, ours in zip(read_many(asked, real.stdout), read_many(asked, double.stdout), strict=True):
        same = ("status", "headers", "identity", "body")
        assert [getattr(theirs, name) for name in same] == [getattr(ours, name) for name in same]


@pytest.mark.parametrize("errors", ["curl: option --parallel: is unknown\nmore", ""])
def test_a_curl_that_fails_says_so_for_each_request(errors: str) -> None:
    asked = [Request("http://a/", 1), Request("http://b/", 1)]
    said = errors.partition("\n")[0] or "curl printed nothing"
    assert read_many(asked, "", errors) == [Outcome(-1, 0, said)] * 2
    assert read_one("", errors) == Outcome(-1, 0, said)


def test_a_body_cannot_pretend_to_be_the_end() -> None:
    end = "\nhybrid-mesh-request\t0\t0\t{}\t0\t\n"
    assert read_one(f"HTTP/1.1 200 OK\r\n\r\n{end.format(500)}{end.format(200)}").status == 200
