"""On-demand list prices, for an estimate of what a stack costs, without traffic, logs and requests.

Sources: cloud.google.com/compute/vm-instance-pricing, /compute/disks-image-pricing, /vpc/network-pricing,
/nat/pricing, /kubernetes-engine/pricing, /certificate-authority-service/pricing; aws.amazon.com/ec2/pricing/
on-demand, /ebs/pricing, /vpc/pricing, /eks/pricing, /elasticloadbalancing/pricing, /kms/pricing,
/private-ca/pricing. A price that is not here is unknown, never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

AS_OF: Final = "2025"
"""The year of the prices."""
HOURS: Final = 730
"""Hours of a month."""

CONTROL_PLANE: Final = 0.10
"""A GKE or EKS control plane, an hour, in every region."""
EXTENDED_SUPPORT: Final = 0.50
"""An EKS control plane in extended support, an hour, in addition."""
CLOUD_NAT: Final = 0.0014
"""Cloud NAT, an hour for each VM or node, at most for 32."""
CLOUD_NAT_MOST: Final = 32
PUBLIC_ADDRESS: Final = 0.005
"""A public IPv4 address in use, an hour, on both clouds."""
DETAILED_MONITORING: Final = 2.10
"""Metrics of each minute of an EC2 instance, a month (Amazon CloudWatch pricing: seven metrics)."""
KMS_KEY: Final = 1.0
"""A key of AWS KMS, a month."""
AUTHORITIES: Final = {"google-cas": 200.0, "aws-private-ca": 400.0}
"""An authority, a month: CA Service's enterprise tier, AWS Private CA in general-purpose mode."""


_SIZES: Final = {"nano": 0.25, "micro": 0.5, "small": 1, "medium": 2, "large": 4, "xlarge": 8}
"""Prices of the sizes of an EC2 family, as multiples of its `small` (EC2 User Guide, "Normalization factor").
"""


@dataclass(frozen=True)
class GooglePrices:
    """Prices of a region of Google Cloud: machine types an hour, predefined series a vCPU and hour, disks a
    GB and month, and the first five forwarding rules together, an hour."""

    machines: Mapping[str, float]
    per_vcpu: Mapping[str, float]
    disks: Mapping[str, float]
    forwarding_rules: float

    def machine(self, machine_type: str) -> float | None:
        """A machine type, an hour; None if it is not known."""
        series, _, vcpus = machine_type.rpartition("-")
        if series in self.per_vcpu and vcpus.isdigit():
            return self.per_vcpu[series] * int(vcpus)
        return self.machines.get(machine_type)


@dataclass(frozen=True)
class AwsPrices:
    """Prices of a region of AWS: families of instances (`small`), a NAT gateway and a network load balancer
    an hour, gp3 a GB and month."""

    families: Mapping[str, float]
    gp3: float
    nat_gateway: float
    load_balancer: float

    def machine(self, instance_type: str) -> float | None:
        """An instance type, an hour; None if it is not known."""
        family, _, size = instance_type.partition(".")
        many, factor = size.removesuffix("xlarge"), _SIZES.get(size)
        if factor is None and many.isdigit() and size.endswith("xlarge"):
            factor = _SIZES["xlarge"] * int(many)
        return self.families[family] * factor if factor and family in self.families else None


GOOGLE: Final[Mapping[str, GooglePrices]] = {
    "europe-west4": GooglePrices(
        machines={"e2-small": 0.01845, "e2-medium": 0.03689},
        per_vcpu={"e2-standard": 0.03689, "n2-standard": 0.05345},
        disks={"pd-balanced": 0.11},
        forwarding_rules=0.025,
    ),
    "us-central1": GooglePrices(
        machines={"e2-small": 0.01675, "e2-medium": 0.0335},
        per_vcpu={"e2-standard": 0.0335, "n2-standard": 0.04855},
        disks={"pd-balanced": 0.10},
        forwarding_rules=0.025,
    ),
}

AWS: Final[Mapping[str, AwsPrices]] = {
    "us-east-1": AwsPrices(
        families={"t3": 0.0208, "t4g": 0.0168, "m5": 0.024, "m6i": 0.024, "m6g": 0.01925, "m7g": 0.0204},
        gp3=0.08,
        nat_gateway=0.045,
        load_balancer=0.0225,
    ),
    "eu-west-1": AwsPrices(
        families={"t3": 0.0228, "t4g": 0.0184, "m5": 0.02675, "m6i": 0.02675, "m6g": 0.0215},
        gp3=0.088,
        nat_gateway=0.048,
        load_balancer=0.0252,
    ),
}
