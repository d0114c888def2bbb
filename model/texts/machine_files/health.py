#!/usr/bin/env python3
"""Answers on port 15029 whether this VM is in service: status 200, or 503 and what is missing, in one line.

The VM is in service if Istio's agent is ready and the group's probe succeeds, by the thresholds of the probe:
the check that the agent reports to istiod (istio.io/istio, pkg/istio-agent/health). It runs as root until
Istio's package has created the user istio-proxy, then as that user, as the agent does. Standard library only
(Python 3.9).
"""

from __future__ import annotations

import http.client
import importlib
import json
import os
import pwd
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

PORT = 15029
AGENT = {"host": "127.0.0.1", "port": 15021, "path": "/healthz/ready"}
USER = "istio-proxy"
CERTIFICATE = Path("/etc/certs/cert-chain.pem")
PROBLEM = Path("/run/hybrid-mesh/problem")
PERIOD_SECONDS = 5
BOOT_PERIOD_SECONDS = 1
LONGEST_REASON = 300

EXPECTED = (OSError, http.client.HTTPException, subprocess.SubprocessError, ValueError)


class Health:
    """Whether the VM is in service, after `success` and `failure` consecutive checks."""

    def __init__(self, success: int = 1, failure: int = 1) -> None:
        self.reason = "booting"
        self._success, self._failure = success, failure
        self._count = 0

    @property
    def in_service(self) -> bool:
        return not self.reason

    def update(self, problem: str) -> None:
        """Takes the result of one check: "", or what is missing."""
        if self.in_service == (not problem):
            self._count = 0
            self.reason = problem
            return
        self._count += 1
        if self._count >= (self._failure if problem else self._success):
            self._count = 0
            self.reason = problem


def main() -> int:
    probe = json.loads(os.environ.get("PROBE") or "{}")
    health = Health(probe.get("successThreshold", 1), probe.get("failureThreshold", 1))
    threading.Thread(target=listen(health).serve_forever, daemon=True).start()
    while True:
        health.update(find_problem(probe))
        time.sleep(probe.get("periodSeconds", PERIOD_SECONDS) if health.in_service else BOOT_PERIOD_SECONDS)


class Server(socketserver.ThreadingTCPServer):
    """Not an HTTPServer, which looks its own name up before it listens: a VM that boots may have no DNS."""

    allow_reuse_address = True
    daemon_threads = True


def listen(health: Health) -> Server:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            reason = " ".join(health.reason.split())[:LONGEST_REASON]
            body = f"{reason or 'in service'}\n".encode()
            self.send_response(503 if reason else 200)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    return Server(("", PORT), Handler)


def find_problem(probe: dict[str, Any]) -> str:
    """What keeps this VM out of service; "" if nothing does."""
    if not become_agent():
        return "booting: Istio's package is not installed"
    try:
        http_get(AGENT, 1)
    except EXPECTED as error:
        return agent_problem(error)
    try:
        run_probe(probe)
    except EXPECTED as error:
        return f"application: {error}"
    return ""


def become_agent() -> bool:
    """Takes the agent's user, so that no request is redirected to Envoy. False if it does not exist yet."""
    if os.geteuid() != 0:
        return True
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        return False
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    return True


def agent_problem(error: BaseException) -> str:
    """What the agent, which answered with `error`, waits for."""
    try:
        return f"booting: waiting for the API server: {PROBLEM.read_text()}"
    except OSError:
        if not CERTIFICATE.exists():
            return "booting: waiting for istiod to issue a certificate"
    return f"Istio's agent is not ready: {error}"


def run_probe(probe: dict[str, Any]) -> None:
    """One check of the application. Raises EXPECTED if it fails."""
    timeout = probe.get("timeoutSeconds", 1)
    if "httpGet" in probe:
        http_get(probe["httpGet"], timeout)
    elif "tcpSocket" in probe:
        wanted = probe["tcpSocket"]
        with socket.create_connection((wanted.get("host", "localhost"), wanted["port"]), timeout):
            pass
    elif "grpc" in probe:
        importlib.import_module("grpc_health").check(probe["grpc"], timeout)
    elif "exec" in probe:
        quiet = subprocess.DEVNULL
        command = probe["exec"]["command"]
        subprocess.run(command, check=True, timeout=timeout, stdin=quiet, stdout=quiet, stderr=quiet)


def http_get(wanted: dict[str, Any], timeout: float) -> None:
    """Raises EXPECTED unless the status of the response is below 400. The certificate is not verified, as in
    the agent's probes."""
    host, port, path = wanted.get("host", "localhost"), wanted["port"], wanted.get("path", "/")
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    if wanted.get("scheme") == "HTTPS":
        context = ssl._create_unverified_context()  # noqa: S323
        connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    where = f"GET {host}:{port}{path}"
    try:
        headers = {"User-Agent": "istio-probe/1.0"}
        headers.update({each["name"]: each["value"] for each in wanted.get("httpHeaders", ())})
        connection.request("GET", path, headers=headers)
        status = connection.getresponse().status
    except EXPECTED as error:
        raise ValueError(f"{where}: {error or type(error).__name__}") from error
    finally:
        connection.close()
    if not 200 <= status < 400:
        raise ValueError(f"{where}: status {status}")


if __name__ == "__main__":
    sys.exit(main())
