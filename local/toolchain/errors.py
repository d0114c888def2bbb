"""Errors while the toolchain is built, each with its remedy."""

import re
from pathlib import Path
from typing import Final

_TAIL_LINES: Final = 15
_NETWORK_REFUSAL: Final = re.compile(
    r"dial tcp|no such host|proxyconnect|connection refused|network is unreachable|i/o timeout"
    r"|TLS handshake timeout|Temporary failure (in name resolution|resolving)|Could not (resolve|connect)"
    r"|Failed to establish a new connection"
    r"|ProxyError|ReadTimeoutError|Name or service not known|Couldn't download|Failed getting release file"
    r"|Invalid Release file|(403|407) Forbidden|Failed to fetch",
    re.IGNORECASE,
)


class ToolchainError(Exception):
    """The toolchain cannot be built. The text is for users: the problem, then the remedy."""


class ToolchainMissing(ToolchainError):  # noqa: N818 - a state that callers ask for by name
    """The toolchain was not built in this checkout, or parts of it are missing."""


class BuildInterrupted(ToolchainError):  # noqa: N818 - not a fault
    """The build was interrupted. Finished parts are kept."""


class RecipeError(ToolchainError):
    """One component could not be built."""

    def __init__(self, component: str, reason: str, log: Path) -> None:
        super().__init__(describe_failure(component, reason, log))
        self.component = component


def describe_failure(component: str, reason: str, log: Path) -> str:
    """What a person needs to know of a failed component: for a refused network one line with the remedy, else
    the end of its log."""
    text = log.read_text(errors="replace") if log.exists() else ""
    lines = [line for line in text.splitlines() if line.strip()]
    for line in reversed(lines):
        if _NETWORK_REFUSAL.search(line):
            return (
                f"{component}: the network refused a download ({line.strip()[:200]}). Check the connection, "
                f"GOPROXY, pip's index and HTTPS_PROXY, then run `make toolchain` again: it resumes."
            )
    tail = "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:])
    return f"{component}: {reason}. The end of {log}:\n{tail}"
