"""What the machines of a group boot with, as far as the plan knows it."""

from model.config.istio import Istio
from model.plan.types import GroupPlan
from model.render.cloud_init import MachineBoot, MachineFile, SystemdUnit


def package_url(istio: Istio) -> str:
    """Where a Debian machine finds Istio's package (Istio: "Virtual Machine Installation")."""
    return f"{istio.packages.rstrip('/')}/releases/{istio.version}/deb/istio-sidecar.deb"


def machine_boot(
    group: GroupPlan,
    istio: Istio,
    api_endpoint: str,
    api_certificate_authority: str,
    gateway_addresses: tuple[str, ...],
) -> MachineBoot:
    """The plan's part and what the clusters tell at run time: URL and authority (PEM) of the API server, and
    the
    IP addresses of the east-west gateway."""
    application = group.config.application
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
        package_url=package_url(istio),
        files=tuple(MachineFile(file.path, file.content, file.url, file.mode) for file in application.files),
        units=tuple(SystemdUnit(unit.name, unit.content) for unit in application.units),
        commands=application.commands,
    )
