"""Looks at the kubeconfigs of a plan before anything is made with them."""

import os
from pathlib import Path

from hybrid_mesh.cli.errors import WRONG, CommandError
from hybrid_mesh.cli.kubeconfigs import Kubeconfig, read_kubeconfig
from hybrid_mesh.model.config.clusters import KubeconfigClusterConfig
from hybrid_mesh.model.derive.kubeconfigs import ambient_files
from hybrid_mesh.model.plan.types import MeshPlan


def check_contexts(plan: MeshPlan) -> None:
    """Raises CommandError for the first cluster whose kubeconfig cannot be read or lacks its context."""
    for cluster in plan.clusters.values():
        if isinstance(cluster.config, KubeconfigClusterConfig) and cluster.active:
            _check(cluster.name, read_kubeconfig(cluster, plan.stack))


def _check(cluster: str, kubeconfig: Kubeconfig) -> None:
    contexts = [
        str(each.get("name")) for each in kubeconfig.content.get("contexts") or () if isinstance(each, dict)
    ]
    wanted = kubeconfig.context or str(kubeconfig.content.get("current-context") or "")
    where = _source(kubeconfig)
    if not wanted:
        raise CommandError(
            f"clusters.{cluster}: the kubeconfig{where} has no current context.",
            f"Set clusters.{cluster}.context to one of: {', '.join(contexts) or 'none are there'}.",
            WRONG,
        )
    if wanted not in contexts:
        raise CommandError(
            f"clusters.{cluster}: the kubeconfig{where} has no context {wanted}. "
            f"It has: {', '.join(contexts) or 'none'}.",
            f"Correct clusters.{cluster}.context, or add the context to the kubeconfig.",
            WRONG,
        )


def _source(kubeconfig: Kubeconfig) -> str:
    """The files that it was read from; empty for a secret."""
    if kubeconfig.text is not None:
        return ""
    files = [kubeconfig.path] if kubeconfig.path else ambient_files(os.environ, Path.home())
    return f" {', '.join(str(file) for file in files if file.exists())}"
