"""Rules on workload groups."""

from hybrid_mesh.model.checks.labels import label_problems
from hybrid_mesh.model.checks.registry import group_rule, kind_rule, readable, rule
from hybrid_mesh.model.config.clusters import LocalClusterConfig
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.machines import ExistingMachinesConfig, LocalMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import LocalNetworkConfig
from hybrid_mesh.model.derive.vm_sets import size
from hybrid_mesh.model.istio_facts import GROUP_LABEL
from hybrid_mesh.model.reading.problems import Problem, Problems


@kind_rule
@group_rule
def local_machines_are_in_local_networks(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """Local VMs must be in a network of type `local`."""
    network = mesh.networks[group.network]
    if isinstance(group.machines, LocalMachinesConfig) and not isinstance(network, LocalNetworkConfig):
        yield Problem(
            f"workloadGroups.{name}.network",
            group.network,
            f"the VMs are of type local and this network of type {network.type}",
            "Choose a network of type local, or `machines: {type: bundle}`.",
        )


@kind_rule
@group_rule
def local_machines_register_with_local_clusters(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig
) -> Problems:
    """Local VMs must register with a local cluster, as no other cluster trusts their tokens."""
    cluster = mesh.clusters[group.cluster]
    if isinstance(group.machines, LocalMachinesConfig) and not isinstance(cluster, LocalClusterConfig):
        yield Problem(
            f"workloadGroups.{name}.cluster",
            group.cluster,
            f"the VMs are of type local, and a cluster of type {cluster.type} does not trust their identity",
            "Choose a cluster of type local, or `machines: {type: bundle}`.",
        )


@group_rule
def rollouts_fit_the_group(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`maxUnavailable` must not exceed the number of VMs, or `max` of an autoscaled group."""
    machines = group.machines
    if isinstance(machines, ExistingMachinesConfig):
        return
    most = machines.count if isinstance(machines, LocalMachinesConfig) else size(machines)[1]
    if machines.rollout.max_unavailable > most:
        yield Problem(
            f"workloadGroups.{name}.machines.rollout.maxUnavailable",
            str(machines.rollout.max_unavailable),
            f"the group has at most {most} VM{'s' * (most != 1)}",
            f"Set a number from 1 to {most}, or leave it out.",
        )


@group_rule
def group_labels_are_valid(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`labels` must be valid Kubernetes labels, and must not include those that the program sets."""
    owned = {GROUP_LABEL: "this label is set automatically"}
    yield from label_problems(f"workloadGroups.{name}.labels", group.labels, owned)


@rule
def service_accounts_belong_to_one_group(mesh: MeshConfig) -> Problems:
    """`serviceAccount` must be unique among the groups of a namespace, and must not be the demo's."""
    owners: dict[tuple[str, str], str] = {}
    accounts = readable(
        mesh.workload_groups,
        lambda group: (group.namespace, group.service_account, group.custom_hosts, group.has_agent),
    )
    if mesh.demo is not None:
        owners[mesh.demo.namespace, mesh.demo.service] = "the pods of the demo"
    for name, (namespace, account, hosts, has_agent) in accounts.items():
        if not has_agent:
            continue
        owner = owners.setdefault((namespace, account or name), f"group {name}")
        if owner == f"group {name}":
            continue
        if account is None and not hosts and not owner.startswith("group "):
            continue  # the Services have the same name, too, which is reported for the demo
        yield Problem(
            f"workloadGroups.{name}.serviceAccount",
            account or name,
            f"this is also the service account of {owner}",
            "Give each group a service account of its own.",
        )
