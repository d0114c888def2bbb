"""The clouds of a stack, as a test sees them from outside: by their own commands, not by Pulumi."""

import json
import shutil
from dataclasses import dataclass
from typing import Any

from hybrid_mesh.model.config.networks import AwsNetworkConfig, GcpNetworkConfig
from hybrid_mesh.model.config.trust import AwsPrivateCaTrustConfig, GoogleCasTrustConfig
from hybrid_mesh.model.plan.types import MeshPlan
from tests.commands import run

_ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Cloud:
    """`identity`: a question that is answered only to somebody; `costly`: what costs money when a destroy
    forgets it."""

    name: str
    identity: tuple[str, ...]
    costly: tuple[tuple[str, ...], ...]

    def missing(self) -> str | None:
        """Why nothing can be asked of this cloud; None when it can."""
        command = self.identity[0]
        if shutil.which(command) is None:
            return f"{self.name}: `{command}` is not on PATH"
        if run(self.identity, seconds=_ANSWER_SECONDS, check=False).returncode != 0:
            return f"{self.name}: `{' '.join(self.identity)}` finds no credentials"
        return None

    def left(self) -> set[str]:
        """The names of everything costly that exists now, the account's own things included."""
        found: set[str] = set()
        for question in self.costly:
            done = run(question, seconds=_ANSWER_SECONDS)
            found |= {f"{question[2]} {name}" for name in _names(json.loads(done.stdout or "[]"))}
        return found


def clouds(plan: MeshPlan) -> list[Cloud]:
    """The clouds that the networks of `plan` are in, by name."""
    found: list[Cloud] = []
    for network in plan.networks.values():
        config = network.config
        if isinstance(config, GcpNetworkConfig):
            pools = isinstance(plan.trust, GoogleCasTrustConfig)
            found.append(_google(config.project or plan.project or "", with_pools=pools))
        elif isinstance(config, AwsNetworkConfig):
            authorities = isinstance(plan.trust, AwsPrivateCaTrustConfig)
            found.append(_aws(config.region, with_authorities=authorities))
    return sorted(found, key=lambda cloud: cloud.name)


def _google(project: str, *, with_pools: bool) -> Cloud:
    """`with_pools`: also asks for CA pools, of a service that a project need not have."""

    def listing(*subject: str) -> tuple[str, ...]:
        return ("gcloud", *subject, "list", "--project", project, "--format", "json(name)")

    return Cloud(
        f"Google Cloud ({project})",
        ("gcloud", "auth", "application-default", "print-access-token"),
        (
            listing("compute", "forwarding-rules"),
            listing("compute", "addresses"),
            listing("compute", "disks"),
            listing("compute", "networks"),
            listing("compute", "firewall-rules"),
            listing("compute", "network-endpoint-groups"),
            listing("container", "clusters"),
            *([listing("privateca", "pools")] if with_pools else []),
        ),
    )


def _aws(region: str, *, with_authorities: bool) -> Cloud:
    def listing(service: str, action: str, query: str) -> tuple[str, ...]:
        return ("aws", service, action, "--region", region, "--output", "json", "--query", query)

    alive = "CertificateAuthorities[?Status!='DELETED'].Arn"
    authorities = listing("acm-pca", "list-certificate-authorities", alive)
    return Cloud(
        f"AWS ({region})",
        ("aws", "sts", "get-caller-identity"),
        (
            listing("elbv2", "describe-load-balancers", "LoadBalancers[].LoadBalancerArn"),
            listing("ec2", "describe-addresses", "Addresses[].AllocationId"),
            listing("ec2", "describe-volumes", "Volumes[].VolumeId"),
            listing("ec2", "describe-vpcs", "Vpcs[].VpcId"),
            listing("ec2", "describe-nat-gateways", "NatGateways[?State!='deleted'].NatGatewayId"),
            listing("ec2", "describe-security-groups", "SecurityGroups[].GroupId"),
            listing("eks", "list-clusters", "clusters"),
            *([authorities] if with_authorities else []),
        ),
    )


def _names(answer: Any) -> list[str]:
    return [item["name"] if isinstance(item, dict) else str(item) for item in answer]
