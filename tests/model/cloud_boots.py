"""What each kind of cloud VM boots with, as the plan of the stack `prod` and variants of it say it."""

from hybrid_mesh.model.plan.boot import machine_boot
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.texts.cloud_init import MachineBoot, render_user_data
from tests.model.machine_cases import CERTIFICATE
from tests.model.meshes import PROD, changed

ROCKY = "projects/example-images/global/images/rocky-9-cloud-init"
AMAZON = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"


def boot(group: str, **machines: str) -> MachineBoot:
    """The boot of `ratings` (GCE) or `orders` (EC2), its VMs changed by `machines`."""
    changes = {f"workloadGroups.{group}.machines.{key}": value for key, value in machines.items()}
    plan = plan_from(changed(PROD, changes), "prod")
    return machine_boot(
        plan.groups[group],
        plan.istio,
        "https://203.0.113.7",
        CERTIFICATE,
        ("203.0.113.10", "203.0.113.11", "203.0.113.12"),
        real_name="eks-us-1a2b3c4",
    )


BOOTS = {
    "user-data-gce-ubuntu": boot("ratings"),
    "user-data-gce-rocky": boot("ratings", image=ROCKY),
    "user-data-ec2-debian": boot("orders"),
    "user-data-ec2-amazon-arm64": boot("orders", image=AMAZON, machineType="t4g.medium"),
}

TEXTS = {f"{name}.yaml": render_user_data(each) for name, each in BOOTS.items()}
