"""Derives the settings of a connection to an API server from a kubeconfig, by kubectl's rules.

Source: "Organizing Cluster Access Using kubeconfig Files" and "client-go credential plugins" of the
Kubernetes documentation; fields of client-go `tools/clientcmd/api/v1/types.go`. Credentials are never written
to a file.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from hybrid_mesh.model.derive.kubeconfigs import ambient_files, merge_kubeconfigs
from hybrid_mesh.plugins.framework.errors import ResourceError

_EXEC_SECONDS: Final = 60.0


class KubeconfigError(ResourceError):
    """A kubeconfig cannot be used. The text contains nothing of it."""


@dataclass(frozen=True)
class Access:
    """One API server and how to authenticate: `authorization` is the header, None with a client certificate.

    `tls` is None for plain HTTP. `server_name` is the name in its certificate, if that differs from the host.
    """

    server: str
    tls: ssl.SSLContext | None
    server_name: str | None
    proxy: str | None
    authorization: str | None


def load(kubeconfig: str | None, context: str | None) -> Access:
    """The access of `context` (default: the current one) in a kubeconfig: a text, the path of a file, or
    None for the default one. Runs its credential plug-in. Raises KubeconfigError."""
    try:
        merged = _merged(kubeconfig)
        where = _named(merged, "context", context or merged["current-context"])
        cluster = _named(merged, "cluster", where["cluster"])
        user = _named(merged, "user", where["user"]) if where.get("user") else {}
        return _access(cluster, _credentials(user, cluster))
    except KubeconfigError:
        raise
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        StopIteration,
        yaml.YAMLError,
    ) as failure:
        raise KubeconfigError(f"the kubeconfig cannot be used ({type(failure).__name__})") from None


def _merged(kubeconfig: str | None) -> Mapping[str, Any]:
    if kubeconfig is not None and ("{" in kubeconfig or "\n" in kubeconfig):
        return merge_kubeconfigs([(Path.cwd() / "kubeconfig", yaml.safe_load(kubeconfig))])
    files = ambient_files(os.environ, Path.home()) if kubeconfig is None else [Path(kubeconfig).expanduser()]
    there = [path for path in files if path.exists() or len(files) == 1]
    return merge_kubeconfigs(
        [(path, yaml.safe_load(path.read_text(encoding="utf-8")) or {}) for path in there]
    )


def _named(merged: Mapping[str, Any], kind: str, name: str) -> Mapping[str, Any]:
    """The entry `name` of the list of `kind`s."""
    return next(entry[kind] or {} for entry in merged[f"{kind}s"] if entry["name"] == name)


def _credentials(user: Mapping[str, Any], cluster: Mapping[str, Any]) -> Mapping[str, Any]:
    """`user`, or the output of its credential plug-in under the same keys."""
    if not user.get("exec"):
        return user
    answer = _run(user["exec"], cluster)["status"]
    certificate = {
        f"client-{kind}-data": base64.b64encode(answer[key].encode()).decode()
        for kind, key in (("certificate", "clientCertificateData"), ("key", "clientKeyData"))
        if answer.get(key)
    }
    return {**certificate, "token": answer.get("token")}


def _run(plugin: Mapping[str, Any], cluster: Mapping[str, Any]) -> Any:
    """The ExecCredential that a credential plug-in prints. Raises KubeconfigError with its last message."""
    command = plugin["command"]
    spec: dict[str, Any] = {"interactive": False}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = {"server": cluster.get("server")}
        if data := cluster.get("certificate-authority-data"):
            spec["cluster"]["certificate-authority-data"] = data
    asked = {"apiVersion": plugin["apiVersion"], "kind": "ExecCredential", "spec": spec}
    environment = os.environ | {each["name"]: each["value"] for each in plugin.get("env") or ()}
    try:
        done = subprocess.run(
            [command, *(plugin.get("args") or ())],
            env={**environment, "KUBERNETES_EXEC_INFO": json.dumps(asked)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_EXEC_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise KubeconfigError(
            f"the kubeconfig's credential plug-in {command} did not run ({type(failure).__name__})"
        ) from None
    if done.returncode != 0:
        message = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise KubeconfigError(
            f"the kubeconfig's credential plug-in {command} failed with code {done.returncode}: {message}"
        )
    return json.loads(done.stdout)


def _access(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> Access:
    server = cluster["server"].rstrip("/")
    tls = None
    if server.startswith("https://"):
        tls = _tls(cluster)
        if certificate := _content(user, "client-certificate"):
            _use_certificate(tls, certificate, _content(user, "client-key") or b"")
    authorization = _authorization(user)
    return Access(server, tls, cluster.get("tls-server-name"), cluster.get("proxy-url"), authorization)


def _tls(cluster: Mapping[str, Any]) -> ssl.SSLContext:
    authority = _content(cluster, "certificate-authority")
    made = ssl.create_default_context(cadata=None if authority is None else authority.decode())
    if cluster.get("insecure-skip-tls-verify"):
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def _content(entry: Mapping[str, Any], key: str) -> bytes | None:
    """The decoded value of `<key>-data`, else the contents of the file `key`."""
    if data := entry.get(f"{key}-data"):
        return base64.b64decode(data)
    path = entry.get(key)
    return Path(path).read_bytes() if path else None


def _authorization(user: Mapping[str, Any]) -> str | None:
    if token := user.get("token"):
        return f"Bearer {token}"
    if path := user.get("tokenFile"):
        return f"Bearer {Path(path).read_text(encoding='utf-8').strip()}"
    if name := user.get("username"):
        pair = f"{name}:{user.get('password', '')}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    return None


def _use_certificate(tls: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Loads a certificate. OpenSSL reads keys from files only: from one in memory, if the system supports
    it."""
    with _private_file(certificate + b"\n" + key) as path:
        tls.load_cert_chain(path)


@contextmanager
def _private_file(content: bytes) -> Iterator[str]:
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("client"), "wb", buffering=0) as file:
            file.write(content)
            yield f"/proc/self/fd/{file.fileno()}"
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        yield file.name
