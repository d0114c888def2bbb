"""The rule on the size of what machines boot with."""

import base64
import hashlib
from collections.abc import Iterator

from model.checks.registry import rule
from model.config.groups import BundleMachines
from model.config.mesh import Mesh
from model.plan.boot import machine_boot
from model.plan.groups import plan_group
from model.problems import Problem
from model.render.cloud_init import USER_DATA_LIMIT, UserDataTooLarge, render_user_data

_STACK = "a-stack-with-a-name-of-some-length"


@rule
def user_data_fits(mesh: Mesh) -> Iterator[Problem]:
    """What a machine boots with has 16 KiB at most when gzipped, EC2's limit.

    Measured with stand-ins, of the usual size, for what only the clusters can tell.
    """
    for name, group in sorted(mesh.workload_groups.items()):
        if isinstance(group.machines, BundleMachines) or group.cluster not in mesh.clusters:
            continue
        try:
            planned = plan_group(mesh, _STACK, name)
            boot = machine_boot(
                planned,
                mesh.istio,
                "https://203.0.113.20:6443",
                _certificate(),
                ("203.0.113.10",) * 3,
                eks_cluster="an-eks-cluster-with-a-name-of-some-length",
            )
            render_user_data(boot)
        except UserDataTooLarge as error:
            files = [file.content or "" for file in group.application.files]
            texts = [*files, *(unit.content for unit in group.application.units)]
            yield Problem(
                f"workloadGroups.{name}.application",
                f"{len(''.join(texts))} characters",
                f"the user-data would have {error.size} bytes when gzipped, of {USER_DATA_LIMIT} at most",
                "Give long files by `url` instead of `content`, or put them into a package.",
            )


def _certificate() -> str:
    """Text of the size of a certificate that compresses as badly."""
    blocks = [hashlib.sha256(str(index).encode()).digest() for index in range(28)]
    text = base64.encodebytes(b"".join(blocks)).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"
