"""The kubeconfig of each cluster of a plan, wherever it is."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, assert_never

import yaml

from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.paths import project_folder
from hybrid_mesh.model.config.clusters import (
    CloudClusterConfigBase,
    KubeconfigClusterConfig,
    LocalClusterConfig,
)
from hybrid_mesh.model.derive.kubeconfigs import ambient_files, merge_kubeconfigs
from hybrid_mesh.model.plan.types import ClusterPlan


@dataclass(frozen=True)
class Kubeconfig:
    """Access to one cluster: a secret `text`, else the file `path`, else the ambient kubeconfig. `content` is
    the parsed document, `context` the context to use (None: the current one)."""

    content: Mapping[str, Any] = field(repr=False)
    text: str | None = field(default=None, repr=False)
    path: Path | None = None
    context: str | None = None

    def credentials(self) -> list[str]:
        """The secrets in it: tokens, passwords, keys, and what credential plug-ins get as variables."""
        users = [each.get("user") or {} for each in self.content.get("users") or () if isinstance(each, dict)]
        variables = [each for user in users for each in (user.get("exec") or {}).get("env") or ()]
        found = [user.get(name) for user in users for name in ("token", "password", "client-key-data")]
        return [str(secret) for secret in [*found, *(each.get("value") for each in variables)] if secret]


def read_kubeconfig(cluster: ClusterPlan, stack: str) -> Kubeconfig:
    """The kubeconfig of `cluster`. Raises CommandError, LabNotRunning."""
    match cluster.config:
        case KubeconfigClusterConfig() as config:
            return external_kubeconfig(cluster.name, config, stack)
        case LocalClusterConfig():
            return _of_lab(cluster.name)
        case CloudClusterConfigBase():
            return _exported(cluster.name, stack)
        case other:
            assert_never(other)


def _of_lab(name: str) -> Kubeconfig:
    info = LabClient.connect(start=False).cluster(name)
    if info is None:
        raise CommandError(f"The lab has no cluster {name}.", "Run `hybrid-mesh up`.")
    return _of_text(name, info.kubeconfig)


def _exported(name: str, stack: str) -> Kubeconfig:
    """The kubeconfig of a cloud's cluster from the stack's outputs; the cloud's program gets its tokens."""
    found = Engine.find().ask("stack", "output", "kubeconfigs", "--json", "--show-secrets", "--stack", stack)
    try:
        text = json.loads(found.stdout)[name] if found.returncode == 0 else None
    except (ValueError, KeyError, TypeError):
        text = None
    if not isinstance(text, str):
        raise CommandError(
            f"The stack {stack} has no kubeconfig of cluster {name} yet.",
            f"Run `hybrid-mesh up --stack {stack}`.",
        )
    return _of_text(name, text)


def external_kubeconfig(name: str, config: KubeconfigClusterConfig, stack: str) -> Kubeconfig:
    """The kubeconfig of a cluster of type `kubeconfig`. Raises CommandError."""
    if config.secret:
        found = Engine.find().ask("config", "get", f"hybrid-mesh:{config.secret}", "--stack", stack)
        if found.returncode != 0:
            raise CommandError(
                f"The secret hybrid-mesh:{config.secret} of cluster {name} cannot be read.",
                f"Set it: pulumi config set -s {stack} --secret hybrid-mesh:{config.secret} < kubeconfig",
            )
        return _of_text(name, found.stdout, config.context)
    if config.path:
        path = project_folder() / Path(config.path).expanduser()
        return Kubeconfig(_parsed(name, _text(name, path)), path=path, context=config.context)
    files = [file for file in ambient_files(os.environ, Path.home()) if file.exists()]
    if not files:
        raise CommandError(
            f"The kubeconfig of cluster {name} cannot be read: KUBECONFIG and ~/.kube/config do not exist.",
            "Set KUBECONFIG, or `path` of the cluster.",
        )
    parsed = [(file, _parsed(name, _text(name, file))) for file in files]
    return Kubeconfig(_merged(name, parsed), context=config.context)


def _text(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The kubeconfig of cluster {name} cannot be read: {path}: {error}", "") from None


def _merged(name: str, files: list[tuple[Path, dict[str, Any]]]) -> dict[str, Any]:
    if len(files) == 1:
        return files[0][1]
    try:
        return merge_kubeconfigs(files)
    except (KeyError, TypeError, AttributeError):
        raise CommandError(
            f"The kubeconfig of cluster {name} is not a valid kubeconfig.", "Try `kubectl config view`."
        ) from None


def _of_text(name: str, text: str, context: str | None = None) -> Kubeconfig:
    return Kubeconfig(_parsed(name, text), text=text, context=context)


def _parsed(name: str, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        found = None
    if not isinstance(found, dict):
        raise CommandError(
            f"The kubeconfig of cluster {name} is not a valid kubeconfig.", "It must be YAML or JSON."
        )
    return found
