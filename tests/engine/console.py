"""An account under the double of Amazon's plug-in, for tests that call its handlers without an engine."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any, Final

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.engine import EngineLog
from hybrid_mesh.plugins.framework.handler import (
    CheckCall,
    CreateCall,
    DeleteCall,
    ReadCall,
    ReadState,
    UpdateCall,
)
from tests.engine.doubles.amazon import Amazon
from tests.engine.doubles.amazon_answers import scale_nodes
from tests.engine.doubles.store import World

REGION: Final = "us-east-1"
TOKENS: Final = {
    "Vpc": "aws:ec2/vpc:Vpc",
    "InternetGateway": "aws:ec2/internetGateway:InternetGateway",
    "Subnet": "aws:ec2/subnet:Subnet",
    "SecurityGroup": "aws:ec2/securityGroup:SecurityGroup",
    "IngressRule": "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "LaunchTemplate": "aws:ec2/launchTemplate:LaunchTemplate",
    "Role": "aws:iam/role:Role",
    "RolePolicyAttachment": "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "InstanceProfile": "aws:iam/instanceProfile:InstanceProfile",
    "Cluster": "aws:eks/cluster:Cluster",
    "NodeGroup": "aws:eks/nodeGroup:NodeGroup",
    "AccessEntry": "aws:eks/accessEntry:AccessEntry",
    "Addon": "aws:eks/addon:Addon",
    "Group": "aws:autoscaling/group:Group",
    "LifecycleHook": "aws:autoscaling/lifecycleHook:LifecycleHook",
    "Certificate": "aws:acmpca/certificate:Certificate",
    "CertificateAuthority": "aws:acmpca/certificateAuthority:CertificateAuthority",
    "CertificateAuthorityCertificate": (
        "aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate"
    ),
}


@dataclass
class Made:
    """A resource of the account."""

    kind: str
    name: str
    identity: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


@dataclass
class Console:
    """Creates, changes and deletes resources as the engine does."""

    world: World
    amazon: Amazon = field(init=False)

    def __post_init__(self) -> None:
        self.amazon = Amazon(self.world)
        self.amazon.configure({"region": REGION}, context("provider"))

    @property
    def actions(self) -> list[str]:
        """What was called since the last question, as IAM names actions."""
        found, self.amazon.account.actions[:] = list(self.amazon.account.actions), []
        return found

    def make(self, kind: str, name: str, /, **inputs: Any) -> Made:
        handler = self.amazon.handler(TOKENS[kind])
        checked = handler.check(CheckCall({}, inputs, context(name)))
        assert checked.failures == []
        made = handler.create(CreateCall(checked.inputs, False, 0, context(name)))
        return Made(kind, name, made.identity, checked.inputs, made.outputs)

    def change(self, made: Made, **inputs: Any) -> None:
        """Updates only these inputs."""
        handler = self.amazon.handler(TOKENS[made.kind])
        news = {**made.inputs, **inputs}
        call = UpdateCall(made.identity, made.outputs, made.inputs, news, False, 0, context(made.name))
        made.outputs, made.inputs = handler.update(call), news

    def read(self, made: Made) -> ReadState:
        call = ReadCall(made.identity, made.inputs, made.outputs, context(made.name))
        found = self.amazon.handler(TOKENS[made.kind]).read(call)
        assert found is not None
        return found

    def delete(self, made: Made) -> None:
        call = DeleteCall(made.identity, made.outputs, made.inputs, 0, context(made.name))
        self.amazon.handler(TOKENS[made.kind]).delete(call)

    def ask(self, token: str, **arguments: Any) -> dict[str, Any]:
        return self.amazon.invoke(token, arguments, context("invoke"))

    def last(self, kind: str) -> Made:
        """The newest resource of a type."""
        thing = self.world.of_type(TOKENS[kind])[-1]
        return Made(kind, thing.name, thing.identity, thing.inputs, thing.outputs)

    def scale_nodes(self, nodes: Made, size: int) -> None:
        """An autoscaler sets the size of a node group."""
        scale_nodes(self.amazon.account, REGION, nodes.identity, size)

    # what a cluster needs

    def vpc(self, **flags: bool) -> Made:
        on = {"enableDnsSupport": True, "enableDnsHostnames": True}
        return self.make("Vpc", "vpc", cidrBlock="10.20.0.0/16", **{**on, **flags})

    def subnets(self, vpc: Made, zones: str = "ab") -> list[str]:
        made = [self.subnet(vpc, zone) for zone in zones]
        return [each.identity for each in made]

    def subnet(self, vpc: Made, zone: str) -> Made:
        number = "abcdef".index(zone)
        where = {"cidrBlock": f"10.20.{number}.0/24", "availabilityZone": f"{REGION}{zone}"}
        return self.make("Subnet", f"private-{zone}", vpcId=vpc.identity, **where)

    def role(self, name: str, service: str) -> str:
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole"]}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return str(self.make("Role", name, assumeRolePolicy=document).outputs["arn"])

    def cluster(self, subnets: list[str], **inputs: Any) -> Made:
        role = self.role("control-plane", "eks.amazonaws.com")
        given = {"version": "1.33", "roleArn": role, "vpcConfig": {"subnetIds": subnets}, **inputs}
        return self.make("Cluster", "cluster", **given)

    def nodes(self, cluster: Made, subnets: list[str], **inputs: Any) -> Made:
        given = {
            "clusterName": cluster.identity,
            "nodeRoleArn": self.role("nodes", "ec2.amazonaws.com"),
            "subnetIds": subnets,
            "amiType": "AL2023_x86_64_STANDARD",
            "instanceTypes": ["m6i.xlarge"],
            "scalingConfig": {"minSize": 3, "maxSize": 12, "desiredSize": 3},
            **inputs,
        }
        return self.make("NodeGroup", "nodes", **given)


def context(name: str, seed: bytes | None = None) -> CallContext:
    """That of a call for the resource `name`; `seed` is what the engine draws for its name in the cloud."""
    urn = f"urn:pulumi:test::project::type::{name}"
    return CallContext(urn, name, "", threading.Event(), EngineLog(), random_seed=seed or name.encode())
