"""The VMs of a mesh as targets of Prometheus, whose own discovery does not know WorkloadEntries.

Source of the form: `file_sd_config` of Prometheus.
"""

from collections.abc import Sequence
from typing import Any

from hybrid_mesh.model.istio_facts import AGENT_PORT
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.entries import read_entry
from hybrid_mesh.operate.shell import Shell

METRICS_PATH = "/stats/prometheus"
"""Path of the agent's merged metrics: its own, those of the proxy, and those of the application."""
TIMEOUT = 10.0


def vm_targets(plan: MeshPlan, shell: Shell, networks: Sequence[str]) -> list[dict[str, Any]]:
    """One target for each VM that is connected to its istiod, in `networks` (empty: in all), with labels that
    name the cluster, the network, the namespace and the group. Those of a quarantined cluster are left out.

    Raises NotReachableError when a cluster cannot be read: a list without its VMs would look complete.
    """
    groups = [group for group in plan.groups.values() if group.config.has_agent]
    clusters = sorted({group.cluster for group in groups if plan.clusters[group.cluster].active})
    found = [
        read_entry(cluster, each)
        for cluster in clusters
        for each in shell.objects(cluster, "workloadentries.networking.istio.io", timeout=TIMEOUT)
    ]
    known = {(group.cluster, group.namespace, group.name) for group in groups}
    return [
        {
            "targets": [f"{entry.address}:{AGENT_PORT}"],
            "labels": {
                "__metrics_path__": METRICS_PATH,
                "cluster": entry.cluster,
                "network": entry.network,
                "namespace": entry.namespace,
                "workload": entry.group,
            },
        }
        for entry in sorted(found, key=lambda each: (each.cluster, each.namespace, each.name))
        if (entry.cluster, entry.namespace, entry.group) in known
        and entry.disconnected is None
        and (not networks or entry.network in networks)
    ]
