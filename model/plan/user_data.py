"""The rule on the size of user-data. It is not in `model.checks` because it needs `model.texts`."""

import base64
import hashlib
from dataclasses import replace
from functools import cache

from hybrid_mesh.model.checks.registry import group_rule
from hybrid_mesh.model.clouds.registry import GOOGLE, cloud_of
from hybrid_mesh.model.config.base import UnreadableError
from hybrid_mesh.model.config.groups import ApplicationConfig, WorkloadGroupConfig
from hybrid_mesh.model.config.machines import ExistingMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.plan.boot import machine_boot
from hybrid_mesh.model.plan.groups import plan_group
from hybrid_mesh.model.reading.problems import Problem, Problems
from hybrid_mesh.model.texts.cloud_init import (
    USER_DATA_LIMIT,
    MachineBoot,
    UserDataTooLarge,
    render_user_data,
)
from hybrid_mesh.model.texts.gzipped import gzipped

_STACK = "a-stack-with-a-name-of-some-length"
_BLANKS = 8
"""Indentation, and more, that each line of a text gets in the user-data."""


@group_rule
def user_data_fits(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """The user-data of a VM must not exceed 16 KiB when gzipped, the limit of EC2.

    It is measured with placeholders of typical size for values that are only known at run time. If other
    sections cannot be read, an application that is too large on its own is still reported.
    """
    if isinstance(group.machines, ExistingMachinesConfig):
        return
    try:
        boot = _boot(mesh, name)
    except UnreadableError:
        boot = _boot_of_application(name, group)
    if _fits_at_worst(boot):
        return
    try:
        render_user_data(boot)
    except UserDataTooLarge as error:
        yield Problem(
            f"workloadGroups.{name}.application",
            f"{len(_application(group))} characters",
            f"the user-data must not exceed {USER_DATA_LIMIT} bytes when gzipped (got {error.size})",
            "Set `url` instead of `content` for long files, or put them into a package.",
        )


def _boot(mesh: MeshConfig, name: str) -> MachineBoot:
    return machine_boot(
        plan_group(mesh, _STACK, name),
        mesh.istio,
        "https://203.0.113.20:6443",
        _certificate(),
        ("203.0.113.10",) * 3,
        real_name="an-eks-cluster-with-a-name-of-some-length",
    )


def _boot_of_application(name: str, group: WorkloadGroupConfig) -> MachineBoot:
    """The smallest user-data of a VM of group `name`: its application, and what every VM gets."""
    application, cloud = group.application, cloud_of(group.machines)
    return MachineBoot(
        group=name,
        namespace="",
        service_account="",
        cluster="",
        api_endpoint="https://203.0.113.20:6443",
        api_certificate_authority=_certificate(),
        gateway_addresses=("203.0.113.10",),
        cluster_env="",
        mesh_yaml="",
        package_url="",
        identity=cloud.kinds.machines if cloud else GOOGLE.kinds.machines,
        application=application,
    )


def _fits_at_worst(boot: MachineBoot) -> bool:
    """Whether the user-data fits even if the group's own part could not be compressed."""
    longest = "x" * 63
    bare = replace(
        boot,
        group=longest,
        namespace=longest,
        service_account=longest,
        cluster=longest,
        cluster_env="",
        mesh_yaml="",
        probe="",
        application=ApplicationConfig(),
    )
    texts = [
        boot.cluster_env,
        boot.mesh_yaml,
        boot.probe,
        *boot.application.commands,
        *(f"{file.path}{file.url}{file.sha256}{file.content}" for file in boot.application.files),
        *(unit.name + unit.content for unit in boot.application.units),
    ]
    own = sum(len(text.encode()) + _BLANKS * (text.count("\n") + 12) for text in texts)
    return _bare_size(bare) + own <= USER_DATA_LIMIT


@cache
def _bare_size(boot: MachineBoot) -> int:
    """Size in bytes of the gzipped user-data of an empty group."""
    return len(gzipped(render_user_data(boot)))


def _application(group: WorkloadGroupConfig) -> str:
    files = (file.content or "" for file in group.application.files)
    return "".join([*files, *(unit.content for unit in group.application.units)])


@cache
def _certificate() -> str:
    """Text that is as long as a certificate and compresses as poorly."""
    blocks = [hashlib.sha256(str(index).encode()).digest() for index in range(28)]
    text = base64.encodebytes(b"".join(blocks)).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"
