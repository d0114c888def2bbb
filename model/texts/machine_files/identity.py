#!/usr/bin/env python3
"""Writes the token and the mesh's root certificates for Istio's agent on this VM.

The VM proves its cloud identity to the cluster's API server, which allows it two things: mint a short-lived
token (audience istio-ca) for its own service account, and read the ConfigMap with the mesh's root
certificates. The script retries until it succeeds, as the API server and the permissions may become available
later than the VM. If the agent has a valid certificate, it does not need the token: the script then gives up
after PATIENCE_SECONDS, and systemd runs it again.

Runs as istio-proxy, the only user whose traffic is not redirected to Envoy. Standard library only (Python
3.9).
"""

from __future__ import annotations

import http.client
import json
import os
import random
import ssl
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import cloud_identity  # type: ignore[import-not-found]

LIBRARY = Path("/usr/local/lib/hybrid-mesh")
API_CERTIFICATE_AUTHORITY = Path("/etc/hybrid-mesh/api-server-ca.pem")
TOKEN = Path("/var/run/secrets/tokens/istio-token")
ROOTS = Path("/etc/certs/root-cert.pem")
ADDRESS = Path("/run/hybrid-mesh/address.env")
PROBLEM = Path("/run/hybrid-mesh/problem")
PATIENCE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 2.0
REPEAT_LOG_SECONDS = 30.0
TRY_AGAIN_LATER = 75


# The API server refused, or its response lacked a field. The text is safe to log.
class NotYetError(Exception):
    pass


EXPECTED = (
    OSError,
    http.client.HTTPException,
    subprocess.SubprocessError,
    LookupError,
    ValueError,
    NotYetError,
)


def main() -> int:
    started = time.monotonic()
    pause = 0.1
    said: tuple[str, float] = ("", 0.0)
    while True:
        try:
            write(ADDRESS, f"ISTIO_SVC_IP={address()}\n", 0o644)
            renew()
        except EXPECTED as error:
            problem = f"{type(error).__name__}: {error}"
        else:
            PROBLEM.unlink(missing_ok=True)
            return 0
        now = time.monotonic()
        if problem != said[0] or now - said[1] > REPEAT_LOG_SECONDS:
            log(f"still waiting: {problem}")
            with suppress(OSError):
                write(PROBLEM, problem, 0o644)
            said = (problem, now)
        if now - started > PATIENCE_SECONDS and certificate_is_valid():
            log("the agent's certificate is still valid; retrying in a minute")
            return TRY_AGAIN_LATER
        time.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)


def renew() -> None:
    """Writes the root certificates, then the token. Raises EXPECTED."""
    credential = cloud_identity.credential()
    namespace = f"/api/v1/namespaces/{os.environ['NAMESPACE']}"
    roots = call("GET", f"{namespace}/configmaps/istio-ca-root-cert", credential)
    text = member(roots, "data", "root-cert.pem")
    if not ROOTS.exists() or ROOTS.read_text().split() != text.split():
        write(ROOTS, text, 0o644)
        log("wrote the mesh's root certificates")
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"audiences": ["istio-ca"], "expirationSeconds": 3600},
    }
    account = f"{namespace}/serviceaccounts/{os.environ['SERVICE_ACCOUNT']}/token"
    answer = call("POST", account, credential, request)
    write(TOKEN, member(answer, "status", "token"), 0o600)
    log(f"wrote a token that is valid until {member(answer, 'status', 'expirationTimestamp')}")


def call(method: str, path: str, credential: str, body: object = None) -> object:
    """One request to the API server, without proxies and redirects."""
    endpoint = urlsplit(os.environ["API_ENDPOINT"])
    context = ssl.create_default_context(cafile=str(API_CERTIFICATE_AUTHORITY))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # CAs of API servers often lack key identifiers
    host = endpoint.hostname or ""
    connection = http.client.HTTPSConnection(host, endpoint.port or 443, timeout=10, context=context)
    try:
        headers = {"Authorization": f"Bearer {credential}", "Accept": "application/json"}
        payload = None if body is None else json.dumps(body)
        if payload is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, endpoint.path.rstrip("/") + path, payload, headers)
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    if response.status not in (200, 201):
        raise NotYetError(f"{method} {path}: {response.status} {reason(text)}")
    return json.loads(text)


def reason(text: str) -> str:
    """The message of a Kubernetes Status, if the response is one."""
    try:
        return member(json.loads(text), "message")
    except (ValueError, NotYetError):
        return "(no reason given)"


def member(value: object, *keys: str) -> str:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str):
        raise NotYetError(f"the API server's response has no {'.'.join(keys)}")
    return value


def address() -> str:
    """This VM's address in the mesh, from the cloud's metadata, else from the default route."""
    try:
        return str(cloud_identity.address())
    except (OSError, http.client.HTTPException, ValueError):
        command = [str(LIBRARY / "address")]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def certificate_is_valid() -> bool:
    return subprocess.run([str(LIBRARY / "certificate-is-valid")], check=False).returncode == 0


def write(path: Path, text: str, mode: int) -> None:
    """Replaces a file atomically, so that no reader sees a part of it."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
    temporary.replace(path)


def log(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
