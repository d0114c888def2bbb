"""The rule on the size of what VMs boot with. It is here, not in `model.checks`, as it needs the texts."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from model.checks.registry import group_rule
from model.config.groups import WorkloadGroupConfig
from model.config.machines import BundleMachinesConfig
from model.config.mesh import MeshConfig
from model.plan.boot import machine_boot
from model.plan.groups import plan_group
from model.reading.problems import Problem
from model.texts.cloud_init import USER_DATA_LIMIT, MachineBoot, UserDataTooLarge, render_user_data
from model.texts.gzipped import gzipped

_STACK = "a-stack-with-a-name-of-some-length"
_BLANKS = 8
"""Blanks before a line, and more, that a text gets in the user-data."""


@group_rule
def user_data_fits(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Iterator[Problem]:
    """What a VM boots with has 16 KiB at most when gzipped, EC2's limit.

    Measured with stand-ins, of the usual size, for what only the clusters can tell.
    """
    if isinstance(group.machines, BundleMachinesConfig) or group.cluster not in mesh.clusters:
        return
    boot = _boot(mesh, name)
    if _fits_at_worst(boot):
        return
    try:
        render_user_data(boot)
    except UserDataTooLarge as error:
        yield Problem(
            f"workloadGroups.{name}.application",
            f"{len(_application(group))} characters",
            f"the user-data would have {error.size} bytes when gzipped, of {USER_DATA_LIMIT} at most",
            "Give long files by `url` instead of `content`, or put them into a package.",
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


def _fits_at_worst(boot: MachineBoot) -> bool:
    """Whether the user-data fits even if nothing of what is the group's own could be compressed."""
    longest = "x" * 63
    bare = replace(
        boot,
        group=longest,
        namespace=longest,
        service_account=longest,
        cluster=longest,
        cluster_env="",
        mesh_yaml="",
        files=(),
        units=(),
        commands=(),
    )
    texts = [
        boot.cluster_env,
        boot.mesh_yaml,
        *boot.commands,
        *(f"{file.path}{file.url}{file.content}" for file in boot.files),
        *(unit.name + unit.content for unit in boot.units),
    ]
    own = sum(len(text.encode()) + _BLANKS * (text.count("\n") + 12) for text in texts)
    return _bare_size(bare) + own <= USER_DATA_LIMIT


@cache
def _bare_size(boot: MachineBoot) -> int:
    """Bytes of the user-data, gzipped, of a group that has nothing of its own."""
    return len(gzipped(render_user_data(boot)))


def _application(group: WorkloadGroupConfig) -> str:
    files = (file.content or "" for file in group.application.files)
    return "".join([*files, *(unit.content for unit in group.application.units)])


@cache
def _certificate() -> str:
    """Text of the size of a certificate that compresses as badly."""
    blocks = [hashlib.sha256(str(index).encode()).digest() for index in range(28)]
    text = base64.encodebytes(b"".join(blocks)).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"
