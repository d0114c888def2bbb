"""What the machines of a group boot with, as far as the plan knows it."""

from model.clouds.aws import Ec2MachineSetPlan
from model.clouds.types import MachineSetPlan
from model.config.istio import Architecture, IstioConfig, PackageForm
from model.config.machines import BundleMachinesConfig
from model.plan.types import GroupPlan
from model.texts.cloud_init import MachineBoot, MachineFile, SystemdUnit


def group_package(group: GroupPlan) -> tuple[PackageForm, Architecture]:
    """Which package of Istio the VMs of a group install."""
    machines = group.machine_set or group.config.machines
    if isinstance(machines, MachineSetPlan | BundleMachinesConfig):
        return machines.package, machines.architecture
    return "deb", "amd64"


def package_url(istio: IstioConfig, form: PackageForm, architecture: Architecture) -> str:
    """Where a machine finds Istio's package (Istio: "Virtual Machine Installation"; arm64's name has it in
    it)."""
    name = "istio-sidecar" if architecture == "amd64" else f"istio-sidecar-{architecture}"
    return f"{istio.packages.rstrip('/')}/releases/{istio.version}/{form}/{name}.{form}"


def machine_boot(
    group: GroupPlan,
    istio: IstioConfig,
    api_endpoint: str,
    api_certificate_authority: str,
    gateway_addresses: tuple[str, ...],
    *,
    eks_cluster: str | None = None,
) -> MachineBoot:
    """The plan's part and what the clusters tell at run time: URL and authority (PEM) of the API server, the
    IP addresses of the east-west gateway and, for machines of EC2, the real name of their EKS cluster."""
    application = group.config.application
    machines = group.machine_set
    form, architecture = group_package(group)
    ec2 = isinstance(machines, Ec2MachineSetPlan)
    return MachineBoot(
        group=group.name,
        namespace=group.namespace,
        service_account=group.service_account,
        cluster=group.cluster,
        api_endpoint=api_endpoint,
        api_certificate_authority=api_certificate_authority,
        gateway_addresses=gateway_addresses,
        cluster_env=group.cluster_env,
        mesh_yaml=group.mesh_yaml,
        package_url=package_url(istio, form, architecture),
        package_sha256=istio.package_sha256.of(form, architecture),
        identity="ec2" if ec2 else "gce",
        region=machines.region if machines and ec2 else None,
        eks_cluster=eks_cluster,
        files=tuple(MachineFile(file.path, file.content, file.url, file.mode) for file in application.files),
        units=tuple(SystemdUnit(unit.name, unit.content) for unit in application.units),
        commands=application.commands,
    )
