"""Kubeconfigs, as client-go reads them (tools/clientcmd/loader.go). This module reads no files."""

import base64
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SYSTEM = "system"
"""Stands for the certificate authorities of the system that connects."""

_NAMED = ("clusters", "contexts", "users")
_PATHS = {
    "clusters": ("cluster", ("certificate-authority",)),
    "users": ("user", ("client-certificate", "client-key", "tokenFile")),
}
"""Keys of an entry that hold the path of a file."""


def ambient_files(environment: Mapping[str, str], home: Path) -> list[Path]:
    """The files of the default kubeconfig: those that KUBECONFIG lists, else `~/.kube/config`. Missing files
    count as empty."""
    listed = [name for name in environment.get("KUBECONFIG", "").split(os.pathsep) if name]
    return [Path(name) for name in dict.fromkeys(listed)] or [home / ".kube" / "config"]


def merge_kubeconfigs(files: Sequence[tuple[Path, Mapping[str, Any]]]) -> dict[str, Any]:
    """Merges several kubeconfigs. The first entry of a name wins, and the first `current-context` that is
    set. A relative path in a file is relative to the file's folder."""
    merged: dict[str, Any] = {"apiVersion": "v1", "kind": "Config"}
    for path, document in files:
        if document.get("current-context"):
            merged.setdefault("current-context", document["current-context"])
        for section in _NAMED:
            there = {entry["name"] for entry in merged.setdefault(section, [])}
            for entry in document.get(section) or ():
                if entry["name"] not in there:
                    merged[section].append(_resolved(section, entry, path.parent))
    return merged


@dataclass(frozen=True)
class Endpoint:
    """An API server's URL and how its certificate is verified."""

    server: str
    authority: str | None = None
    """Certificates (PEM), SYSTEM for those of the system, None for those of the cluster itself."""
    server_name: str | None = None
    """The name in the certificate, if it is not the URL's host."""


def endpoint_of(
    kubeconfig: Mapping[str, Any], context: str | None, read: Callable[[Path], str]
) -> Endpoint | None:
    """The API server of `context` (default: the current one); None if the context does not exist. `read`
    returns the text of the file with its certificate authority, if the kubeconfig names one.

    A client without a certificate authority uses those of the system (client-go, rest/config.go).
    """
    server, found = server_of(kubeconfig, context), _cluster(kubeconfig, context)
    if server is None or found is None:
        return None
    authority: str | None = SYSTEM
    if found.get("insecure-skip-tls-verify"):
        authority = None
    elif data := found.get("certificate-authority-data"):
        authority = base64.b64decode(data).decode()
    elif path := found.get("certificate-authority"):
        authority = read(Path(path))
    return Endpoint(server, authority, found.get("tls-server-name"))


def server_of(kubeconfig: Mapping[str, Any], context: str | None) -> str | None:
    """The API server's URL of `context` (default: the current one); None if the context does not exist."""
    found = _cluster(kubeconfig, context) or {}
    return str(found["server"]) if "server" in found else None


def _cluster(kubeconfig: Mapping[str, Any], context: str | None) -> Mapping[str, Any] | None:
    try:
        name = context or kubeconfig["current-context"]
        chosen = next(each["context"] for each in kubeconfig["contexts"] if each["name"] == name)
        found = next(each["cluster"] for each in kubeconfig["clusters"] if each["name"] == chosen["cluster"])
        return found if isinstance(found, Mapping) else None
    except (KeyError, TypeError, StopIteration):
        return None


def _resolved(section: str, entry: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    inner, keys = _PATHS.get(section, ("", ()))
    given = entry.get(inner) or {}
    paths: dict[str, Any] = {key: str(folder / given[key]) for key in keys if given.get(key)}
    plugin = given.get("exec") or {}
    if "/" in plugin.get("command", ""):  # a command without a slash is looked up in PATH
        paths["exec"] = {**plugin, "command": str(folder / plugin["command"])}
    return {**entry, inner: {**given, **paths}} if paths else dict(entry)
