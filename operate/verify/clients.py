"""The clients that send requests: Istio's echo client in the demo's pods, curl on VMs and on this host."""

import re

from hybrid_mesh.operate.shell import CommandResult, Pod
from hybrid_mesh.operate.verify.answers import CURL_END, Answers, read_answers, read_curl_answers
from hybrid_mesh.operate.verify.checks import Source


def request_command(source: Source, url: str, seconds: int, count: int = 1, *options: str) -> tuple[str, ...]:
    """The command that sends `count` requests to `url` from `source`, each with a timeout of `seconds`.

    `options` must be options of the client at `source`. Both clients have `--header NAME:VALUE`.
    """
    if isinstance(source, Pod):
        return ("echo-client", url, "--timeout", f"{seconds}s", "--count", str(count), *options)
    # curl's globbing gives one URL per request, in the fragment, which is never sent. A route's path is not
    # a pattern.
    urls = re.sub(r"([\[\]{}])", r"\\\1", url) + f"#[1-{count}]"
    quiet = ("--disable", "--silent", "--show-error", "--fail-early", "--noproxy", "*")
    end = ("--write-out", rf"\n{CURL_END}%{{http_code}}\n")
    return ("curl", urls, *quiet, "--max-time", str(seconds), *end, *options)


def read_result(source: Source, result: CommandResult) -> Answers:
    """Parses the output of the client at `source`."""
    read = read_answers if isinstance(source, Pod) else read_curl_answers
    return read(result.stdout, result.stderr)
