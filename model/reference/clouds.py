"""The tables of docs/clouds.md that show the same property on both clouds, generated from the model.

A table begins with a line `<!-- both clouds: <table> -->` and ends with `<!-- end -->`.
`python -m hybrid_mesh.model.reference.clouds` renews every table of the page.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hybrid_mesh.model.clouds.base import AnyCloud
from hybrid_mesh.model.clouds.registry import AWS, GOOGLE
from hybrid_mesh.model.clouds.types import SubnetPlan
from hybrid_mesh.model.config.base import Section
from hybrid_mesh.model.config.clusters import (
    EksClusterConfig,
    EksNodeGroupConfig,
    GatewayExposureConfig,
    GkeClusterConfig,
    GkeNodePoolConfig,
)
from hybrid_mesh.model.config.machines import Ec2MachinesConfig, GceMachinesConfig
from hybrid_mesh.model.config.networks import AwsNetworkConfig, GcpNetworkConfig
from hybrid_mesh.model.config.trust import AwsPrivateCaTrustConfig, GoogleCasTrustConfig
from hybrid_mesh.model.reading.problems import format_value
from hybrid_mesh.model.reference.configuration import LONGEST_DEFAULT
from hybrid_mesh.model.reference.sections import sentence

PAGE_PATH = Path(__file__).resolve().parents[2] / "docs" / "clouds.md"
BLOCK = re.compile(r"(<!-- both clouds: (?P<table>[A-Za-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)

_GCP = GcpNetworkConfig(type="gcp", cidr=IPv4Network("10.10.0.0/16"), region="europe-west4")
_AWS = AwsNetworkConfig(type="aws", cidr=IPv4Network("10.20.0.0/16"), region="us-east-1")
_GKE, _EKS = GkeClusterConfig(type="gke", network="eu"), EksClusterConfig(type="eks", network="us")

Row = tuple[str, str, str]
"""A property, and what it is on Google Cloud and on AWS."""
Fact = Callable[[AnyCloud], str]


@dataclass(frozen=True)
class Table:
    """The keys of two sections, and facts about both clouds. `pairs`: keys that differ in name only, Google
    Cloud's first. `apart`: keys that one cloud alone has, and what the other does instead."""

    google: type[Section]
    aws: type[Section]
    pairs: Mapping[str, str] = field(default_factory=dict)
    apart: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)


TABLES: Mapping[str, Table] = {
    "networks": Table(
        GcpNetworkConfig,
        AwsNetworkConfig,
        apart={
            "project": "the account of your credentials",
            "natAddresses": "one NAT gateway in each zone, each with one reserved address",
            "rulesPerSecurityGroup": "firewall rules of a network have no such limit",
        },
        facts={
            "Subnets of a network without further keys": lambda cloud: _words(
                f"{'public' if each.public else 'private'} {each.cidr}" for each in _subnets(cloud)
            ),
            "Addresses that the cloud reserves in each subnet": lambda cloud: str(cloud.reserved_in_subnet),
            "Smallest network, and smallest with a cluster": lambda cloud: (
                f"/{cloud.sizes.smallest}, /{cloud.sizes.smallest_with_cluster}"
            ),
        },
    ),
    "clusters": Table(
        GkeClusterConfig,
        EksClusterConfig,
        pairs={"nodePool": "nodeGroup"},
        apart={
            "releaseChannel": "EKS has no channels",
            "maintenance": "AWS upgrades nothing before it ends the support of a release",
            "databaseEncryptionKey": "the program creates a KMS key",
            "support": "the release channel decides",
            "addons": "GKE has a metrics server and drivers of disks",
            "podCidr": "pods have addresses of the private subnets",
            "controlPlaneCidr": "the control plane has addresses of the private subnets",
        },
        facts={
            "CIDRs that an API server with `endpoint: restricted` allows at most": lambda cloud: str(
                cloud.api_source_limit
            ),
            "Callers inside the network reach the API server": lambda cloud: (
                "at its private address; "
                f"{'a security group' if cloud.control_plane_in_network else 'its list'} allows them"
            ),
            "Ports of nodes and pods opened to the control plane": lambda cloud: _words(
                map(str, cloud.control_plane_ports)
            ),
        },
    ),
    "nodes": Table(
        GkeNodePoolConfig,
        EksNodeGroupConfig,
        apart={
            "imageRepositories": "nodes pull from every ECR repository of the account",
            "secureBoot": "Amazon Linux 2023 boots without Secure Boot",
        },
    ),
    "gateways": Table(
        GatewayExposureConfig,
        GatewayExposureConfig,
        facts={
            "Reserved addresses of a gateway": lambda cloud: str(
                cloud.gateway_addresses(_GCP if cloud is GOOGLE else _AWS)
            ),
            "Annotations of its Service": lambda cloud: _words(
                f"`{key}`" for key in cloud.load_balancer_annotations({"owner": "platform"})
            ),
        },
    ),
    "VMs": Table(
        GceMachinesConfig,
        Ec2MachinesConfig,
        apart={"rootDevice": "Compute Engine encrypts every disk"},
        facts={
            "The API server knows a VM as a": lambda cloud: cloud.identity_kind.lower(),
            "CIDRs from which the cloud checks a VM's health": lambda cloud: (
                _words(cloud.health_check_cidrs) or "none: the VM reports it"
            ),
            "CIDRs from which `operators.vmAccess` allows SSH": lambda cloud: (
                _words(cloud.shell_cidrs) or "none: the VM calls Systems Manager"
            ),
        },
    ),
    "issuers": Table(
        GoogleCasTrustConfig,
        AwsPrivateCaTrustConfig,
        pairs={"location": "region", "pool": "arn"},
        apart={"project": "the account of your credentials"},
    ),
}
"""The tables by name."""


def rows(table: Table) -> list[Row]:
    """A row of each key and each fact of `table`.

    Raises KeyError for a key of one cloud only about which `apart` says nothing.
    """
    google, aws = _fields(table.google), _fields(table.aws)
    found = [_of_google(table, key, aws) for key in google]
    paired = set(table.pairs.values())
    found += [
        (_property(info), table.apart[key], _cell(key, info))
        for key, info in aws.items()
        if key not in google and key not in paired
    ]
    return found + [(title, fact(GOOGLE), fact(AWS)) for title, fact in table.facts.items()]


def render(table: Table) -> str:
    """The table in Markdown."""
    lines = [("", "Google Cloud", "AWS"), ("---",) * 3, *rows(table)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def renewed(page: str) -> str:
    """`page` with its tables as the model has them. Raises KeyError for an unknown table."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{render(TABLES[found['table']])}\n\n{found[3]}", page)


def _of_google(table: Table, key: str, aws: Mapping[str, FieldInfo]) -> Row:
    """The row of one of Google Cloud's keys."""
    info, others = _fields(table.google)[key], table.pairs.get(key, key)
    if others not in aws:
        return _property(info), _cell(key, info), table.apart[key]
    other = aws[others]
    if _property(info) == _property(other):
        return _property(info), _cell(key, info), _cell(others, other)
    return f"`{key}`", f"{_cell(key, info)}: {_property(info)}", f"{_cell(others, other)}: {_property(other)}"


def _fields(model: type[Section]) -> dict[str, FieldInfo]:
    """The keys of a section, without the one that selects it."""
    found = {info.alias or name: info for name, info in model.model_fields.items()}
    return {key: info for key, info in found.items() if key not in ("type", "issuer")}


def _property(info: FieldInfo) -> str:
    """The first sentence of a key's description."""
    return re.split(r"\. (?=[A-Z`])", sentence(info.description))[0].removesuffix(".").replace("|", "\\|")


def _cell(key: str, info: FieldInfo) -> str:
    """A key, and its default."""
    if info.is_required():
        return f"`{key}`, required"
    default = info.get_default(call_default_factory=True, validated_data={})
    if isinstance(default, BaseModel) or default in (None, (), {}):
        return f"`{key}`"
    return f"`{key}`, default `{format_value(default, LONGEST_DEFAULT)}`"


def _subnets(cloud: AnyCloud) -> Iterator[SubnetPlan]:
    network, cluster = (_GCP, _GKE) if cloud is GOOGLE else (_AWS, _EKS)
    yield from cloud.subnets(network, {cluster.network: cluster})


def _words(words: Iterator[str] | tuple[str, ...]) -> str:
    return ", ".join(words)


if __name__ == "__main__":
    PAGE_PATH.write_text(renewed(PAGE_PATH.read_text(encoding="utf-8")), encoding="utf-8")
