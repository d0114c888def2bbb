"""The double of Amazon's plug-in."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.errors import CheckFailure, ResourceError
from hybrid_mesh.plugins.framework.server import serve
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties
from tests.engine.doubles import authorities
from tests.engine.doubles.cloud import Cloud, cluster_gone, leaked_balancers
from tests.engine.doubles.rules import Facts, Rule
from tests.engine.doubles.store import Thing, World

ACCOUNT: Final = "123456789012"
NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
_PREFIXES: Final = {
    "Vpc": "vpc",
    "Subnet": "subnet",
    "InternetGateway": "igw",
    "NatGateway": "nat",
    "RouteTable": "rtb",
    "Route": "r",
    "RouteTableAssociation": "rtbassoc",
    "SecurityGroup": "sg",
    "SecurityGroupRule": "sgrule",
    "LaunchTemplate": "lt",
    "Eip": "eipalloc",
    "Key": "key",
}


def _by_name(facts: Facts) -> str:
    return facts.name


def _short(limit: int) -> Callable[[Properties], list[CheckFailure]]:
    def check(inputs: Properties) -> list[CheckFailure]:
        name = inputs.get("name", "")
        if name is UNKNOWN or (len(name) <= limit and re.fullmatch(r"[\w+=,.@-]*", name)):
            return []
        return [CheckFailure("name", f"{name!r} is longer than {limit} characters or has forbidden ones")]

    return check


def _cluster(facts: Facts) -> dict[str, Any]:
    endpoint = facts.world.claim("aws")
    return {
        "endpoint": endpoint["server"],
        "certificateAuthority": {"data": base64.b64encode(endpoint["authority"].encode()).decode()},
        "identities": [
            {"oidcs": [{"issuer": f"https://oidc.eks.{facts.region}.amazonaws.com/id/{facts.mark}"}]}
        ],
        "vpcConfig": {"clusterSecurityGroupId": f"sg-{facts.mark}cluster", "vpcId": "vpc-of-the-subnets"},
        "status": "ACTIVE",
        "platformVersion": "eks.1",
        "version": facts.inputs.get("version", "1.35"),
    }


def _address(facts: Facts) -> dict[str, Any]:
    return {"publicIp": facts.address, "allocationId": f"eipalloc-{facts.mark}"}


def _in_cluster(*names: str) -> Callable[[Facts], str]:
    return lambda facts: ":".join(str(facts.inputs[name]) for name in ("clusterName", *names))


def _node_group(facts: Facts) -> str:
    name = facts.inputs.get("nodeGroupName") or facts.name
    return f"{facts.inputs['clusterName']}:{name}"


def _role(facts: Facts) -> dict[str, Any]:
    return {"uniqueId": f"AROA{facts.mark.upper()}", "arn": f"arn:aws:iam::{ACCOUNT}:role/{facts.name}"}


def _authority(facts: Facts) -> dict[str, Any]:
    arn = f"arn:aws:acm-pca:{facts.region}:{ACCOUNT}:certificate-authority/{facts.mark}"
    return {"arn": arn, "certificate": authorities.root(facts.world, arn), "certificateSigningRequest": "CSR"}


def _certificate(facts: Facts) -> dict[str, Any]:
    authority = str(facts.inputs["certificateAuthorityArn"])
    root = authorities.root(facts.world, authority)
    request = facts.inputs["certificateSigningRequest"]
    if "REQUEST" not in request:
        return {"certificate": root, "certificateChain": "", "arn": f"{authority}/certificate/root"}
    validity = facts.inputs.get("validity", {})
    days = int(validity.get("value", 1)) if validity.get("type") == "DAYS" else 730
    signed = authorities.sign(facts.world, authority, request, days)
    arn = f"{authority}/certificate/{facts.mark}"
    return {"certificate": signed, "certificateChain": root, "arn": arn}


RULES: Final[dict[str, Rule]] = {
    "aws:eks/cluster:Cluster": Rule(
        _by_name,
        _cluster,
        inner={"vpcConfig": ("clusterSecurityGroupId", "vpcId")},
        immutable=frozenset({"kubernetesNetworkConfig", "encryptionConfig"}),
        protected=("deletionProtection", False),
        check=_short(100),
    ),
    "aws:eks/accessEntry:AccessEntry": Rule(_in_cluster("principalArn"), immutable=frozenset({"type"})),
    "aws:eks/addon:Addon": Rule(_in_cluster("addonName"), immutable=frozenset({"addonName"})),
    NODE_GROUP: Rule(
        _node_group, immutable=frozenset({"nodeGroupName", "nodeRoleArn", "subnetIds", "diskSize"})
    ),
    "aws:iam/role:Role": Rule(_by_name, _role, check=_short(64)),
    "aws:iam/instanceProfile:InstanceProfile": Rule(_by_name, check=_short(128)),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Rule(
        lambda facts: f"{facts.inputs['role']}-{str(facts.inputs['policyArn']).rpartition('/')[2]}"
    ),
    "aws:ec2/eip:Eip": Rule(lambda facts: f"eipalloc-{facts.mark}", _address),
    "aws:ec2/launchTemplate:LaunchTemplate": Rule(
        lambda facts: f"lt-{facts.mark}",
        lambda facts: {"latestVersion": 1, "defaultVersion": 1},
        renewed=frozenset({"latestVersion"}),
        check=_short(128),
    ),
    "aws:acmpca/certificateAuthority:CertificateAuthority": Rule(
        lambda facts: f"arn:aws:acm-pca:{facts.region}:{ACCOUNT}:certificate-authority/{facts.mark}",
        _authority,
    ),
    "aws:acmpca/certificate:Certificate": Rule(
        lambda facts: f"{facts.inputs['certificateAuthorityArn']}/certificate/{facts.mark}",
        _certificate,
        immutable=frozenset({"certificateSigningRequest", "validity", "templateArn", "signingAlgorithm"}),
    ),
    "aws:autoscaling/group:Group": Rule(_by_name, check=_short(255)),
    "aws:cloudwatch/logGroup:LogGroup": Rule(_by_name, check=lambda inputs: []),
}


class Amazon(Cloud):
    """One `aws.Provider`."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__("aws", version("pulumi-aws"), RULES, world)

    def facts(self, inputs: Properties, call: CallContext) -> Facts:
        region = inputs.get("region") or self.settings.get("region") or "us-east-1"
        seed = f"{call.urn} {sorted((key, str(value)) for key, value in inputs.items())}"
        mark = hashlib.sha256(seed.encode()).hexdigest()[:8]
        name = inputs.get("name") or f"{inputs.get('namePrefix', f'{call.name}-')}{mark}"
        return Facts(call.name, inputs, name, mark, region, ACCOUNT, self.world)

    def rule_of(self, token: str) -> Rule:
        kind = token.rpartition(":")[2]
        prefix = _PREFIXES.get(kind, kind.lower())
        return Rule(lambda facts: f"{prefix}-{facts.mark}")

    def general(self, token: str, name: str, identity: str, facts: Facts) -> Any:
        service = token.split(":")[1].split("/", maxsplit=1)[0]
        kind = token.rpartition(":")[2].lower()
        defaults = self.settings.get("defaultTags") or {}
        tags = defaults.get("tags", {}) if isinstance(defaults, dict) else {}
        place = "" if service == "iam" else facts.region
        values: dict[str, Any] = {
            "name": facts.name,
            "region": facts.region,
            "arn": f"arn:aws:{service}:{place}:{ACCOUNT}:{kind}/{identity}",
            "ownerId": ACCOUNT,
        }
        if name == "tagsAll":
            return {**tags, **(facts.inputs.get("tags") or {})}
        return values.get(name)

    def marks(self, thing: Thing) -> set[str]:
        """A cluster's own security group goes with it, unless a rule names it."""
        own = thing.outputs.get("vpcConfig", {}).get("clusterSecurityGroupId")
        return super().marks(thing) | ({own} if own else set())

    def removed(self, thing: Thing) -> None:
        if thing.type == "aws:eks/cluster:Cluster":
            cluster_gone(self.world, thing.outputs["endpoint"])
        if thing.type.endswith((":Vpc", ":Subnet")) and (left := leaked_balancers(self.world, "aws")):
            self.world.put(thing)
            raise ResourceError(f"DependencyViolation: {thing.identity} is used by {', '.join(left)}")

    def _node_groups(self, arguments: Properties) -> list[str]:
        """Names of the node groups of a cluster."""
        groups = [thing.identity.split(":") for thing in self.world.of_type(NODE_GROUP)]
        return [name for cluster, name in groups if cluster == arguments.get("clusterName")]

    def _node_group(self, arguments: Properties) -> Properties:
        identity = f"{arguments.get('clusterName')}:{arguments.get('nodeGroupName')}"
        found = [thing for thing in self.world.of_type(NODE_GROUP) if thing.identity == identity]
        return {"scalingConfigs": [thing.outputs["scalingConfig"] for thing in found]}

    def invoke(self, token: str, arguments: Properties, context: CallContext) -> Properties:
        region = arguments.get("region") or self.settings.get("region", "us-east-1")
        answers: dict[str, Properties] = {
            "aws:index/getAvailabilityZones:getAvailabilityZones": {
                "names": [f"{region}{zone}" for zone in "abc"],
                "zoneIds": [f"{region}-az{zone}" for zone in "123"],
            },
            "aws:index/getCallerIdentity:getCallerIdentity": {
                "accountId": ACCOUNT,
                "arn": f"arn:aws:iam::{ACCOUNT}:role/operator",
                "userId": "AROAOPERATOR",
            },
            "aws:index/getPartition:getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com"},
            "aws:ec2/getAmi:getAmi": {"imageId": "ami-0123456789abcdef0", "architecture": "x86_64"},
            "aws:ssm/getParameter:getParameter": {"value": "ami-0123456789abcdef0", "type": "String"},
            "aws:eks/getNodeGroups:getNodeGroups": {"names": self._node_groups(arguments)},
            "aws:eks/getNodeGroup:getNodeGroup": self._node_group(arguments),
        }
        if token not in answers:
            return super().invoke(token, arguments, context)
        return {**arguments, "id": token, **answers[token]}


if __name__ == "__main__":
    serve(Amazon())
