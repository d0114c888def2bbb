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
CLOUD_NAT: Final = 0.0014
"""Cloud NAT, an hour for each VM or node, at most for 32."""
CLOUD_NAT_MOST: Final = 32
PUBLIC_ADDRESS: Final = 0.005
"""A public IPv4 address in use, an hour, on both clouds."""
KMS_KEY: Final = 1.0
"""A key of AWS KMS, a month."""
AUTHORITIES: Final = {"google-cas": 200.0, "aws-private-ca": 400.0}
"""An authority, a month: CA Service's enterprise tier, AWS Private CA in general-purpose mode."""


@dataclass(frozen=True)
class GooglePrices:
    """Prices of a region of Google Cloud: machine types an hour, disks a GB and month, and the first five
    forwarding rules together, an hour."""

    machines: Mapping[str, float]
    disks: Mapping[str, float]
    forwarding_rules: float


@dataclass(frozen=True)
class AwsPrices:
    """Prices of a region of AWS: machine types, a NAT gateway and a network load balancer an hour, gp3 a GB
    and month."""

    machines: Mapping[str, float]
    gp3: float
    nat_gateway: float
    load_balancer: float


GOOGLE: Final[Mapping[str, GooglePrices]] = {
    "europe-west4": GooglePrices(
        machines={
            "e2-small": 0.0184,
            "e2-medium": 0.0369,
            "e2-standard-2": 0.0738,
            "e2-standard-4": 0.1475,
            "e2-standard-8": 0.2951,
        },
        disks={"pd-balanced": 0.11},
        forwarding_rules=0.025,
    ),
    "us-central1": GooglePrices(
        machines={
            "e2-small": 0.0168,
            "e2-medium": 0.0335,
            "e2-standard-2": 0.0670,
            "e2-standard-4": 0.1340,
            "e2-standard-8": 0.2681,
        },
        disks={"pd-balanced": 0.10},
        forwarding_rules=0.025,
    ),
}

AWS: Final[Mapping[str, AwsPrices]] = {
    "us-east-1": AwsPrices(
        machines={
            "t3.small": 0.0208,
            "t3.medium": 0.0416,
            "t3.large": 0.0832,
            "m6i.large": 0.0960,
            "m6i.xlarge": 0.1920,
            "m6i.2xlarge": 0.3840,
        },
        gp3=0.08,
        nat_gateway=0.045,
        load_balancer=0.0225,
    ),
    "eu-west-1": AwsPrices(
        machines={
            "t3.small": 0.0228,
            "t3.medium": 0.0456,
            "t3.large": 0.0912,
            "m6i.large": 0.1070,
            "m6i.xlarge": 0.2140,
            "m6i.2xlarge": 0.4280,
        },
        gp3=0.088,
        nat_gateway=0.048,
        load_balancer=0.0252,
    ),
}
