"""The user-data of a group's VMs, as far as the plan knows it."""

import json
from collections.abc import Mapping

from hybrid_mesh.model.clouds.registry import GOOGLE, cloud_of
from hybrid_mesh.model.clouds.types import MachineSetPlan
from hybrid_mesh.model.config.istio import Architecture, IstioConfig, PackageForm
from hybrid_mesh.model.config.machines import BundleMachinesConfig
from hybrid_mesh.model.objects.groups import probe
from hybrid_mesh.model.plan.types import GroupPlan
from hybrid_mesh.model.texts.cloud_init import MachineBoot


def group_package(group: GroupPlan) -> tuple[PackageForm, Architecture]:
    """The Istio package that the VMs of a group install."""
    machines = group.machine_set or group.config.machines
    if isinstance(machines, MachineSetPlan | BundleMachinesConfig):
        return machines.package, machines.architecture
    return "deb", "amd64"


def package_url(istio: IstioConfig, form: PackageForm, architecture: Architecture) -> str:
    """URL of Istio's package for a VM (Istio: "Virtual Machine Installation"). The file name for arm64 has
    a suffix."""
    name = "istio-sidecar" if architecture == "amd64" else f"istio-sidecar-{architecture}"
    return f"{istio.packages.rstrip('/')}/releases/{istio.version}/{form}/{name}.{form}"


def machine_boot(
    group: GroupPlan,
    istio: IstioConfig,
    api_endpoint: str,
    api_certificate_authority: str,
    gateway_addresses: tuple[str, ...],
    *,
    real_name: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> MachineBoot:
    """Combines the plan with values of the run: URL and certificate authority (PEM) of the API server, the IP
    addresses of the east-west gateway and, if the cloud's identity needs it, the cluster's actual name.
    `labels` are those of the VMs in their cloud.

    VMs of the local site prove their identity like Compute Engine VMs. Raises ValueError if the actual name
    is needed and missing.
    """
    machines = group.machine_set
    form, architecture = group_package(group)
    cloud = cloud_of(group.config.machines)
    settings = cloud.identity_settings(machines.region, real_name) if cloud and machines else {}
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
        identity=cloud.kinds.machines if cloud else GOOGLE.kinds.machines,
        identity_settings=tuple(settings.items()),
        probe=json.dumps(probe(group.config.probe)) if group.config.probe is not None else "",
        application=group.config.application,
        http_proxy=tuple(group.http_proxy.items()),
        template=_template(machines, labels or {}) if machines else (),
    )


def _template(machines: MachineSetPlan, labels: Mapping[str, str]) -> tuple[str, ...]:
    """What a cloud's template of VMs consists of besides their user-data; not their number."""
    disk = f"{machines.disk_gigabytes} GB"
    return (machines.machine_type, machines.image, disk, *(f"{k}={v}" for k, v in sorted(labels.items())))
