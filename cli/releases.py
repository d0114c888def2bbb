"""Helm releases that a killed `pulumi` made in a cluster and never wrote into its state."""

import subprocess
from collections.abc import Collection

from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.kubeconfigs import read_kubeconfig
from hybrid_mesh.cli.kubectl import Kubectl, KubectlError
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.model.config.clusters import LocalClusterConfig
from hybrid_mesh.model.objects.planned import PlannedRelease
from hybrid_mesh.model.plan.types import ClusterPlan, MeshPlan

_SECONDS = 30.0


def forget_releases(plan: MeshPlan, resources: Collection[str]) -> bool:
    """Deletes Helm's records of those releases whose creation was interrupted; `resources` are names of
    Pulumi's. False when a cluster cannot be asked.

    Helm refuses to install a release whose name it has a record of. Without the record it takes over the
    objects that exist, because they carry the release's name (`existingResourceConflict` in helm/pkg/action).
    Outside the lab a whole release of that name may be somebody else's: there only records of unfinished
    installations are deleted. Clusters in quarantine are not asked.
    """
    found = [
        (cluster, planned)
        for cluster in plan.clusters.values()
        if cluster.active
        for planned in cluster.objects
        if isinstance(planned, PlannedRelease)
        and any(name.endswith(f"-{planned.name}") for name in resources)
    ]
    forgotten = [_forget(plan.stack, cluster, release) for cluster, release in found]
    return all(forgotten)


def _forget(stack: str, cluster: ClusterPlan, release: PlannedRelease) -> bool:
    selector = f"owner=helm,name={release.release}"
    if not isinstance(cluster.config, LocalClusterConfig):
        selector += ",status=pending-install"
    command = ["delete", "secrets", f"--namespace={release.namespace}", f"--selector={selector}"]
    try:
        return Kubectl(read_kubeconfig(cluster, stack)).run(command, _SECONDS).returncode == 0
    except (CommandError, LabError, KubectlError, subprocess.TimeoutExpired):
        return False
