"""What the doubles of the clouds know of a resource type beyond what its SDK says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hybrid_mesh.plugins.framework.errors import CheckFailure
from hybrid_mesh.plugins.framework.values import Properties
from tests.engine.doubles.store import World

IMMUTABLE: Final = frozenset(
    [
        "name",
        "namePrefix",
        "project",
        "region",
        "location",
        "zone",
        "network",
        "subnetwork",
        "vpcId",
        "cidrBlock",
        "ipCidrRange",
        "availabilityZone",
        "accountId",
        "clusterName",
        "cluster",
        "principalArn",
        "roleArn",
        "role",
        "member",
        "policyArn",
        "subnetId",
        "allocationId",
        "addressType",
        "customSuffix",
        "serviceAccountId",
        "pool",
        "certificateAuthorityArn",
    ]
)
EVERYTHING: Final = frozenset({"*"})
Computed = Callable[["Facts"], Mapping[str, Any]]


@dataclass(frozen=True)
class Facts:
    """What a rule may use of a resource that is being made."""

    resource: str
    """Its Pulumi name."""
    inputs: Properties
    name: str
    """Of the thing in the cloud."""
    mark: str
    """Eight hexadecimal digits that no other resource has."""
    region: str
    project: str
    world: World

    def number(self, modulo: int) -> int:
        return int(hashlib.sha256(self.mark.encode()).hexdigest()[:8], 16) % modulo

    @property
    def address(self) -> str:
        """A public address of its own (RFC 2544's range), or the one that the test wants."""
        number = self.number(2**16)
        return self.world.fixed_address(self.resource) or f"198.18.{number >> 8}.{number & 255}"


@dataclass(frozen=True)
class CloudCall:
    """A create, or an update if there are inputs of `before`, as it reaches the cloud."""

    token: str
    identity: str
    inputs: Properties
    before: Properties
    facts: Facts


@dataclass(frozen=True)
class Rule:
    """What is special about a type.

    `computed` are outputs beyond the general ones; `inner` names those inside an object that the program
    gives; `renewed` those that every update renews; `protected` the input that must be False before a
    delete, and its default.
    """

    identity: Callable[[Facts], str]
    computed: Computed = field(default=lambda facts: {})
    inner: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    immutable: frozenset[str] = frozenset()
    renewed: frozenset[str] = frozenset()
    protected: tuple[str, bool] | None = None
    check: Callable[[Properties], list[CheckFailure]] = field(default=lambda inputs: [])
