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
    path = project_folder() / Path(config.path).expanduser() if config.path else _ambient()
    try:
        return _parsed(name, path.read_text())
    except OSError as error:
        raise CommandError(
            f"The kubeconfig of cluster {name} cannot be read: {path}: {error.strerror}", ""
        ) from None


def _ambient() -> Path:
    named = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    return Path(named) if named else Path.home() / ".kube" / "config"


def _parsed(name: str, text: str) -> Kubeconfig:
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        found = None
    if not isinstance(found, dict):
        raise CommandError(f"The kubeconfig of cluster {name} is no kubeconfig.", "It must be YAML or JSON.")
    return found
