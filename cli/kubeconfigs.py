"""The kubeconfig of each cluster of a plan, wherever it is."""

import json
import os
from pathlib import Path
from typing import Any

import yaml

from cli.engine import Engine
from cli.errors import CommandError
from local.lab.client import LabClient
from local.paths import project_folder
from model.config.clusters import EksClusterConfig, GkeClusterConfig, KubeconfigClusterConfig
from model.derive.kubeconfigs import ambient_files, merge_kubeconfigs
from model.plan.types import ClusterPlan

Kubeconfig = dict[str, Any]


def read_kubeconfig(cluster: ClusterPlan, stack: str) -> tuple[Kubeconfig, str | None]:
    """The kubeconfig of `cluster` and the context to use in it (None: its own). Raises CommandError,
    LabNotRunning."""
    if isinstance(cluster.config, KubeconfigClusterConfig):
        return _external(cluster.name, cluster.config, stack), cluster.config.context
    if isinstance(cluster.config, GkeClusterConfig | EksClusterConfig):
        return _exported(cluster.name, stack), None
    info = LabClient.connect(start=False).cluster(cluster.name)
    if info is None:
        raise CommandError(f"The lab has no cluster {cluster.name}.", "Run `hybrid-mesh up`.")
    return _parsed(cluster.name, info.kubeconfig), None


def _exported(name: str, stack: str) -> Kubeconfig:
    """That of a cluster in a cloud, as the stack exports it; the cloud's own command makes its tokens."""
    found = Engine.find().ask("stack", "output", "kubeconfigs", "--json", "--show-secrets", "--stack", stack)
    try:
        text = json.loads(found.stdout)[name] if found.returncode == 0 else None
    except (ValueError, KeyError, TypeError):
        text = None
    if not isinstance(text, str):
        raise CommandError(
            f"The stack {stack} exports no kubeconfig of cluster {name}.", f"Run `pulumi up --stack {stack}`."
        )
    return _parsed(name, text)


def _external(name: str, config: KubeconfigClusterConfig, stack: str) -> Kubeconfig:
    if config.secret:
        found = Engine.find().ask("config", "get", f"hybrid-mesh:{config.secret}", "--stack", stack)
        if found.returncode != 0:
            raise CommandError(
                f"The secret hybrid-mesh:{config.secret} of cluster {name} cannot be read.",
                f"Set it: pulumi config set -s {stack} --secret hybrid-mesh:{config.secret} < kubeconfig",
            )
        return _parsed(name, found.stdout)
    if config.path:
        return _parsed(name, _text(name, project_folder() / Path(config.path).expanduser()))
    files = [file for file in ambient_files(os.environ, Path.home()) if file.exists()]
    if not files:
        raise CommandError(
            f"The kubeconfig of cluster {name} cannot be read: KUBECONFIG and ~/.kube/config do not exist.",
            "Set KUBECONFIG, or `path` of the cluster.",
        )
    parsed = [(file, _parsed(name, _text(name, file))) for file in files]
    return parsed[0][1] if len(parsed) == 1 else _merged(name, parsed)


def _text(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The kubeconfig of cluster {name} cannot be read: {path}: {error}", "") from None


def _merged(name: str, files: list[tuple[Path, Kubeconfig]]) -> Kubeconfig:
    try:
        return merge_kubeconfigs(files)
    except (KeyError, TypeError, AttributeError):
        raise CommandError(
            f"The kubeconfig of cluster {name} is not a valid kubeconfig.", "Try `kubectl config view`."
        ) from None


def _parsed(name: str, text: str) -> Kubeconfig:
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        found = None
    if not isinstance(found, dict):
        raise CommandError(f"The kubeconfig of cluster {name} is no kubeconfig.", "It must be YAML or JSON.")
    return found
