"""The hand-run list of a whole plan."""

from itertools import chain

from hybrid_mesh.model.config.clusters import KubeconfigClusterConfig
from hybrid_mesh.model.config.machines import ExistingMachinesConfig
from hybrid_mesh.model.config.networks import ExternalNetworkConfig
from hybrid_mesh.model.plan.explain.certificates import certificate_steps
from hybrid_mesh.model.plan.explain.objects import object_steps, peering_steps
from hybrid_mesh.model.plan.explain.step import Step
from hybrid_mesh.model.plan.explain.vms import vm_steps
from hybrid_mesh.model.plan.types import MeshPlan


def explain(plan: MeshPlan) -> tuple[Step, ...]:
    """What a person would run instead of `pulumi up`, in an order that works. Each planned object of each
    cluster is in exactly one step. `left_out` is not."""
    clusters = list(plan.clusters.values())
    return tuple(
        chain(
            certificate_steps(plan),
            chain.from_iterable(object_steps(cluster) for cluster in clusters),
            chain.from_iterable(peering_steps(plan, cluster) for cluster in clusters),
            chain.from_iterable(vm_steps(plan, group) for group in plan.groups.values()),
        )
    )


def left_out(plan: MeshPlan) -> tuple[str, ...]:
    """The networks, clusters and VMs that the program creates with a cloud's or the local site's own means,
    for which there are no commands here."""
    return tuple(
        chain(
            (
                f"network {name} ({network.config.type})"
                for name, network in plan.networks.items()
                if not isinstance(network.config, ExternalNetworkConfig)
            ),
            (
                f"cluster {name} ({cluster.config.type})"
                for name, cluster in plan.clusters.items()
                if not isinstance(cluster.config, KubeconfigClusterConfig)
            ),
            (
                f"VMs of group {name} ({group.config.machines.type})"
                for name, group in plan.groups.items()
                if not isinstance(group.config.machines, ExistingMachinesConfig)
            ),
        )
    )
