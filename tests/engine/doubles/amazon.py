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
from hybrid_mesh.plugins.framework.handler import DiffCall, UpdateCall
from hybrid_mesh.plugins.framework.server import serve
from hybrid_mesh.plugins.framework.values import UNKNOWN, Path, Properties, contains_unknown
from tests.engine.doubles.amazon_answers import ANSWERS
from tests.engine.doubles.amazon_api import Account
from tests.engine.doubles.amazon_authorities import AUTHORITIES
from tests.engine.doubles.amazon_eks import EKS
from tests.engine.doubles.amazon_identity import IDENTITY
from tests.engine.doubles.amazon_lookups import look_up
from tests.engine.doubles.amazon_network import NETWORK
from tests.engine.doubles.amazon_resource import ApiResource, Caller, Differences
from tests.engine.doubles.amazon_rules import RULES as RULES_OF_AWS
from tests.engine.doubles.amazon_scaling import SCALING
from tests.engine.doubles.cloud import Cloud, cluster_gone, leaked_balancers
from tests.engine.doubles.rules import Facts, Rule
from tests.engine.doubles.store import Thing, World

TYPES: Final[dict[str, ApiResource]] = {**NETWORK, **SCALING, **IDENTITY, **EKS, **AUTHORITIES}
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
        "status": "ACTIVE",
        "platformVersion": "eks.1",
        "version": facts.inputs.get("version", "1.35"),
    }


def _in_cluster(*names: str) -> Callable[[Facts], str]:
    return lambda facts: ":".join(str(facts.inputs[name]) for name in ("clusterName", *names))


def _node_group(facts: Facts) -> str:
    name = facts.inputs.get("nodeGroupName") or facts.name
    return f"{facts.inputs['clusterName']}:{name}"


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
    "aws:iam/role:Role": Rule(_by_name, check=_short(64)),
    "aws:iam/instanceProfile:InstanceProfile": Rule(_by_name, check=_short(128)),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Rule(
        lambda facts: f"{facts.inputs['role']}-{str(facts.inputs['policyArn']).rpartition('/')[2]}"
    ),
    "aws:ec2/eip:Eip": Rule(
        lambda facts: f"eipalloc-{facts.mark}", lambda facts: {"publicIp": facts.address}
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": Rule(
        lambda facts: f"lt-{facts.mark}",
        renewed=frozenset({"latestVersion"}),
        check=_short(128),
    ),
    "aws:acmpca/certificate:Certificate": Rule(
        lambda facts: f"{facts.inputs['certificateAuthorityArn']}/certificate/{facts.mark}",
        immutable=frozenset({"certificateSigningRequest", "validity", "templateArn", "signingAlgorithm"}),
    ),
    "aws:autoscaling/group:Group": Rule(_by_name, check=_short(255)),
    "aws:cloudwatch/logGroup:LogGroup": Rule(_by_name, check=lambda inputs: []),
}


class Amazon(Cloud):
    """One `aws.Provider`."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__("aws", version("pulumi-aws"), RULES, world)

    @property
    def account(self) -> Account:
        """The account of its world."""
        return Account.of(self.world, RULES_OF_AWS, ANSWERS)

    def facts(self, inputs: Properties, call: CallContext) -> Facts:
        region = inputs.get("region") or self.settings.get("region") or "us-east-1"
        seed = f"{call.urn} {sorted((key, str(value)) for key, value in inputs.items())}"
        mark = hashlib.sha256(seed.encode()).hexdigest()[:8]
        name = inputs.get("name") or f"{inputs.get('namePrefix', f'{call.name}-')}{mark}"
        return Facts(call.name, inputs, name, mark, region, self.account.number, self.world)

    def rule_of(self, token: str) -> Rule:
        kind = token.rpartition(":")[2]
        prefix = _PREFIXES.get(kind, kind.lower())
        return Rule(lambda facts: f"{prefix}-{facts.mark}")

    def general(self, token: str, name: str, identity: str, facts: Facts) -> Any:
        service = token.split(":")[1].split("/", maxsplit=1)[0]
        kind = token.rpartition(":")[2].lower()
        place = "" if service == "iam" else facts.region
        values: dict[str, Any] = {
            "name": facts.name,
            "region": facts.region,
            "arn": f"arn:aws:{service}:{place}:{facts.project}:{kind}/{identity}",
            "ownerId": facts.project,
        }
        if name == "tagsAll":
            return self._caller(identity, facts.resource, facts.region).tags(facts.inputs)
        return values.get(name)

    def marks(self, thing: Thing) -> set[str]:
        """A cluster's own security group goes with it, unless a rule names it."""
        own = thing.outputs.get("vpcConfig", {}).get("clusterSecurityGroupId")
        return super().marks(thing) | ({own} if own else set())

    def removed(self, thing: Thing) -> None:
        if thing.type.endswith((":Vpc", ":Subnet")) and (left := leaked_balancers(self.world, "aws")):
            self.world.put(thing)
            raise ResourceError(f"DependencyViolation: {thing.identity} is used by {', '.join(left)}")
        region = thing.inputs.get("region") or self.settings.get("region") or "us-east-1"
        try:
            TYPES[thing.type].delete(
                self._caller(thing.identity, thing.name, region), thing.inputs, thing.outputs
            )
        except ResourceError:
            self.world.put(thing)
            raise
        if thing.type == "aws:eks/cluster:Cluster":
            cluster_gone(self.world, thing.outputs["endpoint"])

    def make(self, token: str, identity: str, facts: Facts) -> tuple[str, Properties]:
        if token not in TYPES:
            raise ResourceError(f"the double does not know the calls that {token} makes")
        caller = self._caller(identity, facts.resource, facts.region)
        made = TYPES[token].create(caller, facts.inputs)
        return made.identity, dict(made.outputs)

    def drifted(self, call: DiffCall) -> list[Path]:
        """The tags of everything, when the provider's `defaultTags` change."""
        before, tags = call.old_outputs.get("tagsAll"), call.news.get("tags", {})
        if before is None or contains_unknown(tags):
            return []
        now = self._caller(call.identity, call.context.name, "").tags(call.news)
        return [] if before == now else [("tagsAll",)]

    def change(self, token: str, call: UpdateCall, facts: Facts) -> Properties:
        caller = self._caller(call.identity, facts.resource, facts.region)
        before = call.old_outputs.get("tagsAll", {})
        change = Differences(call.old_inputs, facts.inputs, before, caller.tags(facts.inputs))
        return dict(TYPES[token].update(caller, change))

    def present(self, thing: Thing) -> Properties:
        region = thing.inputs.get("region") or self.settings.get("region") or "us-east-1"
        return TYPES[thing.type].live(self._caller(thing.identity, thing.name, region), thing.inputs)

    def _caller(self, identity: str, name: str, region: str) -> Caller:
        defaults = self.settings.get("defaultTags") or {}
        tags = defaults.get("tags", {}) if isinstance(defaults, dict) else {}
        return Caller(self.account, region, tags, identity, name)

    def invoke(self, token: str, arguments: Properties, context: CallContext) -> Properties:
        region = arguments.get("region") or self.settings.get("region", "us-east-1")
        found = look_up(self.account, region, token, arguments)
        if found is None:
            return super().invoke(token, arguments, context)
        return {"id": token, **arguments, **found}


if __name__ == "__main__":
    serve(Amazon())
