"""What curl prints for the commands of `operate.verify.curl`, in the format that test_curl.py pins."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hybrid_mesh.operate.shell import CommandResult


@dataclass(frozen=True)
class Reply:
    """What a server does: it answers with `status`, or the request fails with curl's exit `code`."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    code: int = 0
    error: str = ""
    identity: str = ""
    body: str = ""


REACHED = Reply(headers={"x-envoy-upstream-service-time": "3"})
RESET = Reply(0, code=56, error="Recv failure: Connection reset by peer")
SILENT = Reply(0, code=28, error="Connection timed out after 1001 milliseconds")
UNHEALTHY = Reply(503, body="no healthy upstream")


def alert(identity: str) -> Reply:
    text = "OpenSSL SSL_read: OpenSSL/3.0.19: error:0A00045C:SSL routines::tlsv13 alert certificate required"
    return Reply(0, code=56, error=f"{text}, errno 0", identity=identity)


def curl(command: Sequence[str], answer: Callable[[str, Sequence[str]], Reply]) -> CommandResult:
    """`answer` gets the URL and the options of each request."""
    assert command[0] == "curl"
    several = "--parallel" in command
    parts: list[list[str]] = [[]]
    for word in command[1:]:
        if word == "--next":
            parts.append([])
        else:
            parts[-1].append(word)
    replies = [answer(part[-1], part) for part in parts]
    printed = "".join(
        _printed(part, reply, whole=not several) for part, reply in zip(parts, replies, strict=True)
    )
    return CommandResult(max(reply.code for reply in replies), printed, "")


def _printed(part: Sequence[str], reply: Reply, *, whole: bool) -> str:
    line = part[part.index("--write-out") + 1].replace("\\t", "\t").replace("\\n", "\n")
    values = {
        "%{exitcode}": str(reply.code),
        "%{http_code}": f"{reply.status:03}",
        "%{time_appconnect}": "0.004" if part[-1].startswith("https:") and reply.status else "0.000000",
        "%{errormsg}": reply.error,
        "%{certs}": _certificates(reply),
    }
    for name, value in values.items():
        line = line.replace(name, value)
    for name in [each.partition("}")[0] for each in line.split("%header{")[1:]]:
        line = line.replace(f"%header{{{name}}}", reply.headers.get(name, ""))
    if not whole or not reply.status:
        return line
    head = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
    return f"HTTP/1.1 {reply.status} Something\r\n{head}\r\n{reply.body}{line}"


def _certificates(reply: Reply) -> str:
    if not reply.identity:
        return ""
    return f"Subject:\nX509v3 Subject Alternative Name:URI:{reply.identity}\n-----BEGIN CERTIFICATE-----\n"
