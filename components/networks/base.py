"""What every network in a cloud offers to what is in it, and to those that admit its traffic."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from hybrid_mesh.model.derive.types import Source
from hybrid_mesh.model.plan.types import NetworkPlan

NOBODY = "127.0.0.1/32"


class CloudNetwork(pulumi.ComponentResource):
    """A network that the program makes, or makes subnets in."""

    TYPE: str
    plan: NetworkPlan
    provider: pulumi.ProviderResource
    """Of the cloud, in the network's project and region; also for what is in the network."""
    egress: tuple[pulumi.Output[str], ...]
    """The addresses of its NAT as /32 ranges; how many is known before they are."""
    ready: Sequence[pulumi.Resource]
    """What has to be there before nodes and VMs are, and stays until they are gone."""

    def __init__(self, name: str, *, plan: NetworkPlan, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(self.TYPE, name, None, opts)
        self.plan = plan

    def options(
        self, parent: pulumi.Resource, depends_on: Sequence[pulumi.Resource] = ()
    ) -> pulumi.ResourceOptions:
        """Options of a resource in this network."""
        return pulumi.ResourceOptions(parent=parent, provider=self.provider, depends_on=list(depends_on))


@dataclass(frozen=True)
class CloudSite:
    """What clusters in clouds have in common: the networks, the labels of the stack, and whether it is
    protected."""

    networks: Mapping[str, CloudNetwork]
    labels: Mapping[str, str]
    protected: bool


def admitted(
    sources: Iterable[Source], networks: Mapping[str, CloudNetwork]
) -> list[tuple[str, pulumi.Input[str]]]:
    """Purpose and range of each of `sources`, those of a network's NAT as outputs."""
    found: list[tuple[str, pulumi.Input[str]]] = []
    for source in sources:
        if source.cidr is not None:
            found.append((source.purpose, source.cidr))
        elif source.egress_of is not None:
            found.extend((source.purpose, address) for address in networks[source.egress_of].egress)
    return found


def admitted_ranges(
    sources: Iterable[Source], networks: Mapping[str, CloudNetwork]
) -> list[pulumi.Input[str]]:
    """The ranges of `sources`, and nobody's where there are none: an empty list would admit everybody."""
    return [cidr for _, cidr in admitted(sources, networks)] or [NOBODY]
