"""A workload group: its VMs, and the Kubernetes objects through which they are called."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict

import pulumi

from hybrid_mesh.components.clouds import cloud_machines
from hybrid_mesh.components.declare import KubernetesObject, uid_of
from hybrid_mesh.components.machines.base import MachineContext, Machines
from hybrid_mesh.components.machines.bundle import BundleMachines
from hybrid_mesh.components.machines.local import LocalMachines
from hybrid_mesh.components.member import ClusterMember
from hybrid_mesh.components.resources import MachineRegistration
from hybrid_mesh.model.config.machines import BundleMachinesConfig, LocalMachinesConfig
from hybrid_mesh.model.derive.vm_sets import patience_seconds
from hybrid_mesh.model.plan.types import GroupPlan

CLOUD_TIMEOUT = "1200s"
"""Time for VMs in a cloud to be created, install Istio's package and join; while VMs are replaced, the time
without progress."""


class WorkloadGroup(pulumi.ComponentResource):
    """A group's identity and permissions, its WorkloadGroup, its Service in every cluster, its VMs, and their
    registration.

    `members` are all clusters of the mesh: the one that the VMs register with, and those whose workloads call
    the group.
    """

    addresses: Mapping[str, pulumi.Output[str]]
    """Addresses of the VMs that the program creates, by name."""
    bundle: pulumi.Output[dict[str, object]] | None

    def __init__(
        self,
        name: str,
        *,
        context: MachineContext,
        members: Mapping[str, ClusterMember],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:WorkloadGroup", name, None, opts)
        group = context.group
        declared = {
            cluster: member.declare(f"group-{group.name}", self) for cluster, member in members.items()
        }
        home = declared[group.cluster]
        self.addresses, self.bundle = {}, None
        if not group.config.has_agent:
            self.register_outputs({"addresses": self.addresses})
            return
        machines = self._machines(name, context)
        self.addresses = machines.addresses
        self.bundle = machines.content if isinstance(machines, BundleMachines) else None
        membership = [made for key, made in home.items() if not key.startswith("service-")]
        self._await(name, context, members[group.cluster], membership, machines)
        self.register_outputs({"addresses": self.addresses})

    def _machines(self, name: str, context: MachineContext) -> Machines:
        own = pulumi.ResourceOptions(parent=self)
        if isinstance(context.group.config.machines, BundleMachinesConfig):
            return BundleMachines(f"{name}-bundle", context=context, opts=own)
        if context.cloud_network is not None:
            return cloud_machines(f"{name}-machines", context, opts=own)
        return LocalMachines(f"{name}-machines", context=context, opts=own)

    def _await(
        self,
        name: str,
        context: MachineContext,
        home: ClusterMember,
        membership: list[KubernetesObject],
        machines: Machines,
    ) -> None:
        """Waits for the VMs after everything that they need is created."""
        group, cluster = context.group, home.cluster
        bundle = isinstance(machines, BundleMachines)
        registered = home.made[f"group-{group.name}-group"]
        needed: list[pulumi.Resource | None] = [*membership, home.control_plane, home.gateway]
        needed += [None if registered in membership else registered, None if bundle else machines]
        # One that was taken over is not replaced, as its owner alone deletes it.
        uid = uid_of(registered) if isinstance(registered, KubernetesObject) else registered.urn
        MachineRegistration(
            f"{name}-registration",
            cluster_name=group.cluster,
            kubeconfig=cluster.kubeconfig,
            context=cluster.context,
            group=group.name,
            namespace=group.namespace,
            minimum=group.minimum,
            probe=group.config.probe is not None,
            triggers={
                "group": _fingerprint(group),
                "istio": context.istio.version,
                "gateway": context.gateway_addresses.apply(",".join),
                "cluster": cluster.incarnation,
                "workload-group": uid,
                **machines.incarnations,
            },
            template=machines.template,
            patience_seconds=patience_seconds(group.config),
            inspection=machines.inspection,
            machine_addresses=machines.addresses,
            rollout=_rollout(group),
            quarantined=not cluster.plan.active,
            timeout=CLOUD_TIMEOUT if group.machine_set else MachineRegistration.TIMEOUT,
            opts=pulumi.ResourceOptions(
                # Nothing depends on a component without children: a refused destroy would drop it.
                parent=machines if bundle else self,
                depends_on=[each for each in needed if each is not None],
            ),
        )


def _rollout(group: GroupPlan) -> dict[str, int | bool]:
    """How local VMs are renewed; {} for others, which their cloud replaces."""
    machines = group.config.machines
    if not isinstance(machines, LocalMachinesConfig):
        return {}
    return machines.rollout.model_dump(by_alias=True)


def _fingerprint(group: GroupPlan) -> str:
    """Changes with every setting of the group's VMs except their number."""
    plan = {
        key: value for key, value in asdict(group).items() if key not in ("machines", "minimum", "config")
    }
    text = json.dumps(plan, sort_keys=True, default=str) + group.config.model_dump_json(exclude={"machines"})
    return hashlib.sha256(text.encode()).hexdigest()[:16]
