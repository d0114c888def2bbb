"""From a kubeconfig to what a connection to its API server needs, by the rules of kubectl.

Source: "Organizing Cluster Access Using kubeconfig Files" and "client-go credential plugins" of the
Kubernetes documentation; fields of client-go `tools/clientcmd/api/v1/types.go`. No credential is left in a
file.
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

from plugins.framework.errors import ResourceError

_EXEC_SECONDS: Final = 60.0


class KubeconfigError(ResourceError):
    """A kubeconfig cannot be used; the text holds nothing of it."""


@dataclass(frozen=True)
class Access:
    """One API server and how to authenticate: `authorization` is the header, None with a client certificate.

    `tls` is None for plain HTTP. `server_name` is the name in its certificate, where that is not the host.
    """

    server: str
    tls: ssl.SSLContext | None
    server_name: str | None
    proxy: str | None
    authorization: str | None


def load(kubeconfig: str | None, context: str | None) -> Access:
    """The access of `context` (the current one by default) in a kubeconfig: a text, the path of a file, or
    None for the ambient one. Runs its credential plug-in. Raises KubeconfigError.
    """
    try:
        documents = list(_documents(kubeconfig))
        chosen = context or _first(documents, "current-context")
        where = _named(documents, "context", chosen)
        cluster, folder = _with_folder(documents, "cluster", where["cluster"])
        user, user_folder = _with_folder(documents, "user", where.get("user"))
        return _access(cluster, folder, _credentials(user, user_folder, cluster), user_folder)
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


def _documents(kubeconfig: str | None) -> Iterator[tuple[Mapping[str, Any], Path]]:
    """Each kubeconfig with the folder that its relative paths start from. Of several, the first that has a
    name wins.
    """
    if kubeconfig is not None and ("{" in kubeconfig or "\n" in kubeconfig):
        yield yaml.safe_load(kubeconfig), Path.cwd()
        return
    ambient = os.environ.get("KUBECONFIG") or "~/.kube/config"
    paths = [kubeconfig] if kubeconfig is not None else [each for each in ambient.split(os.pathsep) if each]
    for path in (Path(each).expanduser() for each in paths):
        if path.exists() or len(paths) == 1:
            yield yaml.safe_load(path.read_text(encoding="utf-8")) or {}, path.parent


def _first(documents: list[tuple[Mapping[str, Any], Path]], key: str) -> Any:
    return next(document[key] for document, _ in documents if document.get(key))


def _with_folder(
    documents: list[tuple[Mapping[str, Any], Path]], kind: str, name: str | None
) -> tuple[Mapping[str, Any], Path]:
    """The entry `name` of the list of `kind`s and the folder of its file; for no name an empty entry."""
    if not name:
        return {}, Path.cwd()
    return next(
        (entry[kind] or {}, folder)
        for document, folder in documents
        for entry in document.get(f"{kind}s") or ()
        if entry["name"] == name
    )


def _named(documents: list[tuple[Mapping[str, Any], Path]], kind: str, name: str) -> Mapping[str, Any]:
    return _with_folder(documents, kind, name)[0]


def _credentials(user: Mapping[str, Any], folder: Path, cluster: Mapping[str, Any]) -> Mapping[str, Any]:
    """`user`, or what its credential plug-in answers, under the same keys."""
    if not user.get("exec"):
        return user
    answer = _run(user["exec"], folder, cluster)["status"]
    certificate = {
        f"client-{kind}-data": base64.b64encode(answer[key].encode()).decode()
        for kind, key in (("certificate", "clientCertificateData"), ("key", "clientKeyData"))
        if answer.get(key)
    }
    return {**certificate, "token": answer.get("token")}


def _run(plugin: Mapping[str, Any], folder: Path, cluster: Mapping[str, Any]) -> Any:
    """The ExecCredential that a credential plug-in prints. Raises KubeconfigError with its last message."""
    command = plugin["command"]
    if "/" in command:
        command = str(folder / command)
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
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise KubeconfigError(
            f"the kubeconfig's credential plug-in {command} failed with code {done.returncode}: {said}"
        )
    return json.loads(done.stdout)


def _access(cluster: Mapping[str, Any], folder: Path, user: Mapping[str, Any], user_folder: Path) -> Access:
    server = cluster["server"].rstrip("/")
    tls = None
    if server.startswith("https://"):
        tls = _tls(cluster, folder)
        if certificate := _content(user, "client-certificate", user_folder):
            _use_certificate(tls, certificate, _content(user, "client-key", user_folder) or b"")
    authorization = _authorization(user, user_folder)
    return Access(server, tls, cluster.get("tls-server-name"), cluster.get("proxy-url"), authorization)


def _tls(cluster: Mapping[str, Any], folder: Path) -> ssl.SSLContext:
    authority = _content(cluster, "certificate-authority", folder)
    made = ssl.create_default_context(cadata=None if authority is None else authority.decode())
    if cluster.get("insecure-skip-tls-verify"):
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def _content(entry: Mapping[str, Any], key: str, folder: Path) -> bytes | None:
    """The value of `key`-data, decoded, else of the file that `key` names."""
    if data := entry.get(f"{key}-data"):
        return base64.b64decode(data)
    path = entry.get(key)
    return (folder / Path(path).expanduser()).read_bytes() if path else None


def _authorization(user: Mapping[str, Any], folder: Path) -> str | None:
    if token := user.get("token"):
        return f"Bearer {token}"
    if path := user.get("tokenFile"):
        return f"Bearer {(folder / Path(path).expanduser()).read_text(encoding='utf-8').strip()}"
    if name := user.get("username"):
        pair = f"{name}:{user.get('password', '')}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    return None


def _use_certificate(tls: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """OpenSSL reads a key from a file only: one in memory where the system has such."""
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
