"""A workload group: machines that join the mesh together, and the ways by which they are called."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import pulumi

from components.clouds import cloud_machines
from components.clusters.base import MeshCluster
from components.declare import declare, uid_of, unawaited
from components.istio import IstioControlPlane
from components.machines.base import Machines
from components.machines.bundle import BundleMachines
from components.machines.local import LocalMachines
from components.networks.base import CloudNetwork
from components.resources import MachineRegistration
from model.config.istio import IstioConfig
from model.config.machines import BundleMachinesConfig
from model.objects.groups import entry_point, service_account
from model.objects.minting import (
    minting_policy,
    minting_policy_binding,
    minting_role,
    minting_role_binding,
)
from model.plan.types import GroupPlan, NetworkPlan

CLOUD_TIMEOUT = "1200s"
"""A cloud's machine is made, fetches Istio's package and joins; a group is replaced machine by machine."""


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

    def __init__(
        self,
        name: str,
        *,
        group: GroupPlan,
        network: NetworkPlan,
        cloud_network: CloudNetwork | None,
        sites: Mapping[str, GroupSite],
        certificate_authority: pulumi.Input[str] | None,
        root_certificate: pulumi.Input[str],
        gateway_addresses: pulumi.Input[tuple[str, ...]],
        istio: IstioConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:WorkloadGroup", name, None, opts)
        home = sites[group.cluster]
        membership = self._membership(name, group, home)
        for cluster in group.service_clusters:
            self._entry_point(f"{name}-service-{cluster}", group, sites[cluster])
        own = pulumi.ResourceOptions(parent=self)
        awaited = [*membership, home.control_plane, *([home.gateway] if home.gateway else [])]
        if isinstance(group.config.machines, BundleMachinesConfig):
            bundle = BundleMachines(
                f"{name}-bundle",
                group=group,
                cluster=home.cluster,
                root_certificate=root_certificate,
                gateway_addresses=gateway_addresses,
                istio=istio,
                opts=own,
            )
            self.addresses, self.bundle, incarnations = {}, bundle.content, Machines.incarnations
            # A component without a child is nobody's dependency: a destroy that is refused would drop it.
            own = pulumi.ResourceOptions(parent=bundle)
        else:
            assert certificate_authority is not None
            made = self._machines(
                f"{name}-machines",
                group=group,
                network=network,
                cloud_network=cloud_network,
                cluster=home.cluster,
                certificate_authority=certificate_authority,
                gateway_addresses=gateway_addresses,
                istio=istio,
            )
            self.addresses, self.bundle, incarnations = made.addresses, None, made.incarnations
            awaited.append(made)
        MachineRegistration(
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
                "workload-group": uid_of(membership[0]),
                **incarnations,
            },
            machine_addresses=self.addresses,
            quarantined=not home.cluster.plan.active,
            timeout=CLOUD_TIMEOUT if group.machine_set else MachineRegistration.TIMEOUT,
            opts=pulumi.ResourceOptions.merge(own, pulumi.ResourceOptions(depends_on=awaited)),
        )
        self.register_outputs({"addresses": self.addresses})

    def _machines(
        self,
        name: str,
        *,
        group: GroupPlan,
        network: NetworkPlan,
        cloud_network: CloudNetwork | None,
        cluster: MeshCluster,
        certificate_authority: pulumi.Input[str],
        gateway_addresses: pulumi.Input[tuple[str, ...]],
        istio: IstioConfig,
    ) -> Machines:
        own = pulumi.ResourceOptions(parent=self)
        if cloud_network is not None:
            return cloud_machines(
                name,
                group,
                network=cloud_network,
                cluster=cluster,
                certificate_authority=certificate_authority,
                gateway_addresses=gateway_addresses,
                istio=istio,
                opts=own,
            )
        return LocalMachines(
            name,
            group=group,
            network=network,
            cluster=cluster,
            certificate_authority=certificate_authority,
            gateway_addresses=gateway_addresses,
            istio=istio,
            opts=own,
        )

    def _membership(self, name: str, group: GroupPlan, home: GroupSite) -> list[pulumi.CustomResource]:
        """The WorkloadGroup that the machines register with, first; their identity and what it may do."""
        options = home.cluster.options(self, [home.namespace])
        account = declare(f"{name}-account", service_account(group.service_account, group.namespace), options)
        registered = home.cluster.options(self, [account, home.control_plane.istiod])
        made = [declare(f"{name}-group", group.workload_group, registered)]
        identity = group.machine_identity
        if identity is None:
            return made
        role = minting_role(group.name, group.namespace, group.service_account)
        binding = minting_role_binding(group.name, group.namespace, identity, group.identity_kind)
        cluster_wide = home.cluster.options(self)
        return [
            *made,
            declare(f"{name}-role", role, options),
            declare(f"{name}-role-binding", binding, options),
            declare(
                f"{name}-policy", minting_policy(group.name, identity, group.identity_kind), cluster_wide
            ),
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
