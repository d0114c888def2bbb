"""A workload group: machines that join the mesh together, and the ways by which they are called."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import pulumi

from components.clusters.base import MeshCluster
from components.declare import declare, unawaited
from components.istio import IstioControlPlane
from components.machines.bundle import BundleMachines
from components.machines.local import LocalMachines
from components.resources import MachineRegistration
from model.config.groups import BundleMachines as BundleMachinesConfig
from model.config.istio import Istio
from model.manifests.groups import entry_point, service_account
from model.manifests.minting import (
    minting_policy,
    minting_policy_binding,
    minting_role,
    minting_role_binding,
)
from model.plan.types import GroupPlan, NetworkPlan


@dataclass(frozen=True)
class GroupSite:
    """What a group needs of one cluster. `namespace` is that of the group, `gateway` the east-west gateway if
    it has one.
    """

    cluster: MeshCluster
    control_plane: IstioControlPlane
    namespace: pulumi.Resource
    gateway: pulumi.Resource | None


class WorkloadGroup(pulumi.ComponentResource):
    """A group's identity and rights, its WorkloadGroup, its Service in every cluster, its machines, and the
    wait for them.

    `sites` has the cluster that the machines register with and every cluster from which the group is called.
    """

    addresses: Mapping[str, pulumi.Output[str]]
    """Of the machines that the program made, by name."""
    bundle: pulumi.Output[dict[str, object]] | None
    registration: MachineRegistration

    def __init__(
        self,
        name: str,
        *,
        group: GroupPlan,
        network: NetworkPlan,
        sites: Mapping[str, GroupSite],
        certificate_authority: pulumi.Input[str] | None,
        root_certificate: pulumi.Input[str],
        gateway_addresses: pulumi.Input[tuple[str, ...]],
        istio: Istio,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:WorkloadGroup", name, None, opts)
        home = sites[group.cluster]
        membership = self._membership(name, group, home)
        for cluster in group.service_clusters:
            self._entry_point(f"{name}-service-{cluster}", group, sites[cluster])
        instance_ids: Mapping[str, pulumi.Output[str]] = {}
        machines: pulumi.ComponentResource
        own = pulumi.ResourceOptions(parent=self)
        if isinstance(group.config.machines, BundleMachinesConfig):
            machines = bundle = BundleMachines(
                f"{name}-bundle",
                group=group,
                cluster=home.cluster,
                root_certificate=root_certificate,
                gateway_addresses=gateway_addresses,
                istio=istio,
                opts=own,
            )
            self.addresses, self.bundle = {}, bundle.content
        else:
            assert certificate_authority is not None
            machines = local = LocalMachines(
                f"{name}-machines",
                group=group,
                network=network,
                cluster=home.cluster,
                certificate_authority=certificate_authority,
                gateway_addresses=gateway_addresses,
                istio=istio,
                opts=own,
            )
            self.addresses, self.bundle, instance_ids = local.addresses, None, local.instance_ids
        awaited = [machines, *membership, home.control_plane, *([home.gateway] if home.gateway else [])]
        self.registration = MachineRegistration(
            f"{name}-registration",
            cluster_name=group.cluster,
            kubeconfig=home.cluster.kubeconfig,
            context=home.cluster.context,
            group=group.name,
            namespace=group.namespace,
            minimum=group.minimum,
            probe=group.config.probe is not None,
            triggers={
                "group": _fingerprint(group),
                "istio": istio.version,
                "gateway": pulumi.Output.from_input(gateway_addresses).apply(",".join),
                "cluster": home.cluster.incarnation,
                **{f"machine-{machine}": identity for machine, identity in instance_ids.items()},
            },
            machine_addresses=self.addresses,
            quarantined=not home.cluster.plan.active,
            opts=pulumi.ResourceOptions(parent=self, depends_on=awaited),
        )
        self.register_outputs({"addresses": self.addresses})

    def _membership(self, name: str, group: GroupPlan, home: GroupSite) -> list[pulumi.Resource]:
        """The identity of the machines, what it may do, and the WorkloadGroup that they register with."""
        options = home.cluster.options(self, [home.namespace])
        account = declare(f"{name}-account", service_account(group.service_account, group.namespace), options)
        registered = home.cluster.options(self, [account, home.control_plane.istiod])
        made: list[pulumi.Resource] = [declare(f"{name}-group", group.workload_group, registered)]
        identity = group.machine_identity
        if identity is None:
            return made
        role = minting_role(group.name, group.namespace, group.service_account)
        cluster_wide = home.cluster.options(self)
        return [
            *made,
            declare(f"{name}-role", role, options),
            declare(
                f"{name}-role-binding", minting_role_binding(group.name, group.namespace, identity), options
            ),
            declare(f"{name}-policy", minting_policy(group.name, identity), cluster_wide),
            declare(f"{name}-policy-binding", minting_policy_binding(group.name), cluster_wide),
        ]

    def _entry_point(self, name: str, group: GroupPlan, site: GroupSite) -> None:
        awaited = [site.namespace, *([site.control_plane.istiod] if group.config.host else [])]
        manifest = unawaited(entry_point(group.name, group.config))
        declare(name, manifest, site.cluster.options(self, awaited))


def _fingerprint(group: GroupPlan) -> str:
    """Changes with everything that concerns the group's machines, but not with their number."""
    plan = {
        key: value for key, value in asdict(group).items() if key not in ("machines", "minimum", "config")
    }
    text = json.dumps(plan, sort_keys=True, default=str) + group.config.model_dump_json(exclude={"machines"})
    return hashlib.sha256(text.encode()).hexdigest()[:16]
