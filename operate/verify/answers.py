"""Parses the responses of Istio's echo server, as printed by Istio's echo client and by curl.

Source of the formats: istio.io/istio/pkg/test/echo/server/endpoint/http.go (the body: lines `Key=Value`,
headers `RequestHeader=<name>:<value>`) and pkg/test/echo/server/forwarder/http.go (the client prints a line
as `[<request>] Key=Value` or `[<request> body] Key=Value`; if one request of a call fails, it prints no
response but one line `fatal Error <n>/<m> requests had errors; first error: <text>`). curl prints the bodies
unchanged; its option `--write-out` ends each with `CURL_END`.
"""

import re
from dataclasses import dataclass

CURL_END = "[end of answer] "
"""Text before the status code on the line after each response that curl prints."""

_LINE = re.compile(r"^\[(?P<request>\d+)(?P<body> body)?\] (?P<key>[A-Za-z0-9]+)=(?P<value>.*)$")
_ERROR = re.compile(r"^(?:.*?first error: |.*?\bError:? )(?P<text>.*)$")
_XFCC = "x-forwarded-client-cert"


@dataclass(frozen=True)
class Answer:
    """One response. `peer` and `server` are the SPIFFE identities that the server's proxy saw, or empty."""

    status: int
    hostname: str
    cluster: str
    peer: str
    server: str


@dataclass(frozen=True)
class Answers:
    """All responses of one call, or the first error."""

    answers: tuple[Answer, ...]
    error: str


def read_answers(output: str, errors: str = "") -> Answers:
    """Parses the client's standard output and error. Without responses and errors, it returns an error
    that says so."""
    requests: dict[int, dict[str, str]] = {}
    error = ""
    for line in (*output.splitlines(), *errors.splitlines()):
        if match := _LINE.match(line):
            _note(requests.setdefault(int(match["request"]), {}), match["key"], match["value"])
        elif ("fatal" in line or line.startswith("Error")) and not error:
            error = _error_text(line)
    answers = tuple(_answer(fields) for _, fields in sorted(requests.items()))
    if not answers and not error:
        error = "the echo client printed no response"
    return Answers(answers, error)


def read_curl_answers(output: str, errors: str = "") -> Answers:
    """Parses curl's standard output and error. An error drops earlier responses, as in the echo client."""
    answers: list[Answer] = []
    fields: dict[str, str] = {}
    for line in output.splitlines():
        if line.startswith(CURL_END):
            answers.append(_answer({**fields, "StatusCode": line.removeprefix(CURL_END)}))
            fields = {}
        else:
            key, _, value = line.partition("=")
            _note(fields, key, value)
    if error := errors.strip().partition("\n")[0]:
        return Answers((), error)
    return Answers(tuple(answers), "" if answers else "curl printed no response")


def _note(fields: dict[str, str], key: str, value: str) -> None:
    if key == "RequestHeader":
        name, _, text = value.partition(":")
        if name.lower() == _XFCC:
            fields[_XFCC] = text
    elif key != "ResponseHeader":
        fields[key] = value


def _answer(fields: dict[str, str]) -> Answer:
    certificate = read_client_certificate(fields.get(_XFCC, ""))
    status = fields.get("StatusCode", "0")
    return Answer(
        status=int(status) if status.isdigit() else 0,
        hostname=fields.get("Hostname", ""),
        cluster=fields.get("Cluster", ""),
        peer=certificate.get("URI", ""),
        server=certificate.get("By", ""),
    )


def _error_text(line: str) -> str:
    match = _ERROR.search(line)
    return (match["text"] if match else line).strip()


def read_client_certificate(header: str) -> dict[str, str]:
    """The last element of an `x-forwarded-client-cert` header as key → value: the hop next to the server.

    Source: Envoy's documentation, HTTP header manipulation, x-forwarded-client-cert: elements are
    separated by commas, pairs by semicolons, and values with either in them are in double quotes.
    """
    elements = _split(header, ",")
    pairs = _split(elements[-1], ";") if elements else []
    found: dict[str, str] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if separator:
            found.setdefault(key.strip(), value.strip().strip('"'))
    return found


def _split(text: str, separator: str) -> list[str]:
    parts, part, quoted, escaped = [], "", False, False
    for character in text:
        if character == '"' and not escaped:
            quoted = not quoted
        if character == separator and not quoted:
            parts.append(part)
            part = ""
        else:
            part += character
        escaped = character == "\\" and not escaped
    return [found for found in (*parts, part) if found.strip()]
