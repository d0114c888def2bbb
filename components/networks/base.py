"""The interface of networks in clouds, for their members and for those that allow their traffic."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from hybrid_mesh.model.derive.types import Source
from hybrid_mesh.model.plan.types import NetworkPlan

NOBODY = "127.0.0.1/32"


class CloudNetwork(pulumi.ComponentResource):
    """A network that the program creates, or in which it creates subnets."""

    TYPE: str
    plan: NetworkPlan
    provider: pulumi.ProviderResource
    """Provider of the cloud, in the network's project and region; also for the network's members."""
    egress: tuple[pulumi.Output[str], ...]
    """The addresses of its NAT as /32 CIDRs. Their number is known before the addresses are."""
    ready: Sequence[pulumi.Resource]
    """Resources that must exist as long as nodes and VMs do."""

    def __init__(
        self, name: str, *, plan: NetworkPlan, protected: bool, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(self.TYPE, name, None, opts)
        self.plan, self._protected = plan, protected

    def options(
        self, parent: pulumi.Resource, depends_on: Sequence[pulumi.Resource] = ()
    ) -> pulumi.ResourceOptions:
        """Options of a resource in this network."""
        return pulumi.ResourceOptions(parent=parent, provider=self.provider, depends_on=list(depends_on))

    def address_options(
        self, parent: pulumi.Resource, depends_on: Sequence[pulumi.Resource] = ()
    ) -> pulumi.ResourceOptions:
        """Options of a reserved address, which firewalls of others and bundles name: protected if the stack
        is."""
        protect = pulumi.ResourceOptions(protect=self._protected)
        return pulumi.ResourceOptions.merge(self.options(parent, depends_on), protect)


@dataclass(frozen=True)
class CloudSite:
    """Common inputs of clusters in clouds: the networks, the stack's labels, and whether it is protected."""

    networks: Mapping[str, CloudNetwork]
    labels: Mapping[str, str]
    protected: bool


def allowed(
    sources: Iterable[Source], networks: Mapping[str, CloudNetwork]
) -> list[tuple[str, pulumi.Input[str]]]:
    """Purpose and CIDR of each of `sources`. CIDRs of a network's NAT are outputs."""
    found: list[tuple[str, pulumi.Input[str]]] = []
    for source in sources:
        if source.cidr is not None:
            found.append((source.purpose, source.cidr))
        elif source.egress_of is not None:
            found.extend((source.purpose, address) for address in networks[source.egress_of].egress)
    return found


def allowed_cidrs(sources: Iterable[Source], networks: Mapping[str, CloudNetwork]) -> list[pulumi.Input[str]]:
    """The CIDRs of `sources`, or an unused CIDR if there are none, as an empty list would allow all
    clients."""
    return [cidr for _, cidr in allowed(sources, networks)] or [NOBODY]
