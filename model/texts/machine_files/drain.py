#!/usr/bin/env python3
"""Takes this VM out of service without losing a request: drain SECONDS.

Envoy asks callers to close their connections and keeps serving them (POST /drain of Istio's agent:
`drain_listeners` with `inboundonly` and `graceful` in pkg/envoy/admin.go). The script returns when no caller
has been connected for a moment, or after SECONDS. Callers come back unless istiod has taken the VM out of
their endpoints. Standard library only (Python 3.9).
"""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Iterator
from pathlib import Path

AGENT_PORT = 15020
INBOUND = "3A9E"
"""Port 15006, to which inbound traffic is redirected, as /proc/net/tcp writes it."""
ESTABLISHED = "01"
QUIET_SECONDS = 1.0
POLL_SECONDS = 0.1


def main(seconds: float) -> int:
    deadline = time.monotonic() + seconds
    try:
        ask_to_close()
    except (OSError, http.client.HTTPException) as error:
        print(f"nothing to drain: Istio's agent does not answer ({error})")
        return 0
    quiet_since = time.monotonic()
    while (now := time.monotonic()) < deadline:
        if any(callers()):
            quiet_since = now
        elif now - quiet_since >= QUIET_SECONDS:
            return 0
        time.sleep(POLL_SECONDS)
    print(f"{len(list(callers()))} connections are still open")
    return 1


def ask_to_close() -> None:
    connection = http.client.HTTPConnection("127.0.0.1", AGENT_PORT, timeout=5)
    connection.request("POST", "/drain")
    connection.getresponse().read()


def callers() -> Iterator[str]:
    """The addresses of callers; the agent's own probes come from this VM's address."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            _, local, remote, state, *_ = line.split()
            address, port = local.split(":")
            if state == ESTABLISHED and port == INBOUND and remote.split(":")[0] != address:
                yield remote


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
