"""Requests by curl, many by one command, and what came of each.

Source of the variables of `--write-out`: curl(1) of 7.84, the first that prints headers, and of 7.88, the
first that prints certificates. One command runs all requests in parallel, as each start of a command in a pod
or on a VM costs a tenth of a second of CPU.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_RECORD = "hybrid-mesh-request"
_FIELDS = ("%{exitcode}", "%{http_code}", "%{time_appconnect}", "%{errormsg}")
_QUIET = ("--no-progress-meter", "--noproxy", "*", "--path-as-is", "--globoff")
_SPIFFE = re.compile(r"^X509v3 Subject Alternative Name:.*?URI:(spiffe://[^\s,]+)", re.MULTILINE)
_LONGEST_BODY = 2000
MOST_AT_ONCE = 20
"""Requests of one command: kubectl sends a command in the URL of its request, and proxies before an API
server often limit that to 16 KiB."""


@dataclass(frozen=True)
class Request:
    """One request of curl. `headers` are those of its response that matter, in lower case."""

    url: str
    seconds: float
    options: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()

    @property
    def certificates(self) -> bool:
        """Whether the server's certificate matters."""
        return self.url.startswith("https:") and "--insecure" in self.options


@dataclass(frozen=True)
class Outcome:
    """What came of a request: curl's exit `code` and `error`, the `status` of the response or 0, its headers,
    the SPIFFE `identity` in the server's certificate, whether TLS was established, and the beginning of the
    body, which is None if it was not asked for."""

    code: int
    status: int
    error: str
    headers: Mapping[str, str] = field(default_factory=dict)
    identity: str = ""
    tls: bool = False
    body: str | None = None
    connected: bool | None = None
    """For a connection that was held open: whether the sidecar proxy of the client has one to a server. None
    if it was not asked."""


def many(requests: Sequence[Request]) -> tuple[str, ...]:
    """The command that makes all `requests` at once, whose bodies are dropped."""
    command = ["curl", "--disable", "--parallel", "--parallel-immediate"]
    for number, request in enumerate(requests):
        line = _record(number, *(f"%header{{{name}}}" for name in request.headers))
        line += "%{certs}\\n" if request.certificates else ""
        command += ["--next"] if number else []
        command += [*_QUIET, "--output", "/dev/null", "--write-out", line, *_common(request)]
    return tuple(command)


def read_many(requests: Sequence[Request], output: str, errors: str = "") -> list[Outcome]:
    """What came of each of `requests`, from what `many` printed."""
    found: dict[int, Outcome] = {}
    for record in f"\n{output}".split(f"\n{_RECORD}\t")[1:]:
        line, _, rest = record.partition("\n")
        number, code, status, handshake, error, *values = line.split("\t")
        request = requests[int(number)]
        found[int(number)] = Outcome(
            int(code),
            int(status),
            error,
            dict(zip(request.headers, values, strict=True)),
            _identity(rest),
            float(handshake) > 0,
        )
    missing = Outcome(-1, 0, _first_line(errors) or "curl printed nothing")
    return [found.get(number, missing) for number in range(len(requests))]


def one(request: Request) -> tuple[str, ...]:
    """The command that makes one request and prints the whole response."""
    line = f"\\n{_record(0)}"
    return ("curl", "--disable", *_QUIET, "--include", "--write-out", line, *_common(request))


def read_one(output: str, errors: str = "") -> Outcome:
    """What came of a request, from what `one` printed."""
    response, separator, record = output.rpartition(f"\n{_RECORD}\t")
    if not separator:
        return Outcome(-1, 0, _first_line(errors) or "curl printed nothing")
    _, code, status, handshake, error = record.rstrip("\n").split("\t")
    head, _, body = response.replace("\r\n", "\n").partition("\n\n")
    lines = (line.partition(":") for line in head.splitlines()[1:])
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    return Outcome(int(code), int(status), error, headers, "", float(handshake) > 0, body[:_LONGEST_BODY])


def _record(number: int, *variables: str) -> str:
    return "\\t".join((_RECORD, str(number), *_FIELDS, *variables)) + "\\n"


def _common(request: Request) -> Iterable[str]:
    return ("--max-time", f"{request.seconds:g}", *request.options, request.url)


def _identity(certificates: str) -> str:
    """The first certificate is the server's own."""
    match = _SPIFFE.search(certificates)
    return match[1] if match else ""


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
