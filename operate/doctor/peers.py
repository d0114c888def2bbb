"""What a cluster holds of its peers, and whether it reaches them from inside."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from hybrid_mesh.model.istio_facts import MULTI_CLUSTER_LABEL
from hybrid_mesh.operate.doctor.types import Object
from hybrid_mesh.operate.shell import CommandResult, NotReachableError, Pod, Shell

CONNECT_SECONDS: Final = 3
_ANSWER: Final = r"%{url}\t%{num_connects}\t%{http_code}\n"
_TOKEN_TYPE: Final = "kubernetes.io/service-account-token"  # noqa: S105 - a type, not a token


@dataclass(frozen=True)
class PeerAccess:
    """What a remote Secret says of one peer: its API server, the CA (PEM, "" for that of the system) and the
    fingerprint of the token. `secret` is the Secret's name."""

    secret: str
    server: str
    authority: str
    token: str


@dataclass(frozen=True)
class Reach:
    """Whether a connection from inside was accepted, and the HTTP status, 0 without one."""

    connected: bool
    status: int


def read_peers(secrets: list[Object]) -> dict[str, PeerAccess]:
    """The peers in all remote Secrets (istiod: pkg/kube/multicluster/secretcontroller.go). A key without a
    valid kubeconfig has an access without a server."""
    found = {}
    for secret in secrets:
        if (secret["metadata"].get("labels") or {}).get(MULTI_CLUSTER_LABEL) == "true":
            for peer, value in (secret.get("data") or {}).items():
                found[peer] = _access(secret["metadata"]["name"], _decoded(value))
    return found


def read_tokens(secrets: list[Object]) -> frozenset[str]:
    """Fingerprints of the service accounts' tokens in Secrets."""
    tokens = (_decoded((each.get("data") or {}).get("token", "")) for each in secrets if _is_token(each))
    return frozenset(fingerprint(token) for token in tokens if token)


def fingerprint(text: str) -> str:
    """The SHA-256 of a secret, which can be compared and not be used."""
    return hashlib.sha256(text.encode()).hexdigest()


def reach(shell: Shell, pod: Pod, urls: list[str]) -> dict[str, Reach]:
    """Connects to `urls` from the container of `pod`, all at once. Raises NotReachableError when that cannot
    be tried."""
    if not urls:
        return {}
    options = ("--silent", "--insecure", "--parallel", "--parallel-immediate", "--disable")
    limits = ("--connect-timeout", str(CONNECT_SECONDS), "--max-time", str(CONNECT_SECONDS + 1))
    each = [part for url in urls for part in ("--output", "/dev/null", url)]
    done = shell.run_in_pod(
        pod, ["curl", *options, *limits, "--write-out", _ANSWER, *each], CONNECT_SECONDS + 4
    )
    return _read(done)


def _read(done: CommandResult) -> dict[str, Reach]:
    found = {}
    for line in done.stdout.splitlines():
        url, _, rest = line.partition("\t")
        connected, _, status = rest.partition("\t")
        if status.isdigit():
            found[url.rstrip("/")] = Reach(connected != "0", int(status))
    if not found:
        said = done.stderr.strip().splitlines() or ["curl printed nothing"]
        raise NotReachableError(said[-1])
    return found


def _access(secret: str, text: str) -> PeerAccess:
    try:
        document: Any = yaml.safe_load(text)
        cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
        authority = _decoded(cluster.get("certificate-authority-data", ""))
        return PeerAccess(secret, str(cluster["server"]), authority, fingerprint(str(user.get("token", ""))))
    except (yaml.YAMLError, KeyError, IndexError, TypeError, AttributeError):
        return PeerAccess(secret, "", "", "")


def _is_token(secret: Mapping[str, Any]) -> bool:
    return secret.get("type") == _TOKEN_TYPE


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
