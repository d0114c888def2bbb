"""The addresses of the lab. Pure functions of a CIDR and a persisted index.

LAN: the first /24 of the network's CIDR: `.1` for the lab's services, nodes from `.10`, VMs from `.100`. WAN:
172.30.0.0/16: `.0.1` the lab's services; cluster n has 172.30.n.0/24 (`.1` node, `.10` the reserved east-west
gateway, `.11`-`.250` other LoadBalancers); VMs have 172.30.200.x.
"""

from collections.abc import Collection
from ipaddress import IPv4Network

from hybrid_mesh.local.lab.errors import LabError

WAN = IPv4Network("172.30.0.0/16")
WAN_SERVICES = "172.30.0.1"
MOST_CLUSTERS = 199
FIRST_NODE, FIRST_MACHINE, LAST_HOST = 10, 100, 254
FIRST_BALANCER, LAST_BALANCER = 11, 250


def lan(cidr: str) -> IPv4Network:
    """The /24 of a network's nodes and VMs."""
    network = IPv4Network(cidr)
    if network.prefixlen > 24:
        raise LabError(f"CIDR {cidr} is too small: a local network requires a /24 or larger")
    return next(network.subnets(new_prefix=24))


def lan_services(cidr: str) -> str:
    return str(lan(cidr)[1])


def lan_node(cidr: str, index: int) -> str:
    if not 0 <= index < FIRST_MACHINE - FIRST_NODE:
        raise LabError(f"network {cidr} has no address left for another node")
    return str(lan(cidr)[FIRST_NODE + index])


def lan_machine(cidr: str, index: int) -> str:
    if not 0 <= index <= LAST_HOST - FIRST_MACHINE:
        raise LabError(f"network {cidr} has no address left for another VM")
    return str(lan(cidr)[FIRST_MACHINE + index])


def wan_node(number: int) -> str:
    return f"172.30.{_cluster(number)}.1"


def wan_gateway(number: int) -> str:
    """The address reserved for Service istio-system/istio-eastwestgateway."""
    return f"172.30.{_cluster(number)}.10"


def wan_balancer(number: int, taken: Collection[str], wanted: str | None = None) -> str:
    """The lowest free LoadBalancer address of a cluster, or `wanted` if it is in the same CIDR and free."""
    addresses = [f"172.30.{_cluster(number)}.{host}" for host in range(FIRST_BALANCER, LAST_BALANCER + 1)]
    if wanted in addresses and wanted not in taken:
        return wanted
    for address in addresses:
        if address not in taken:
            return address
    raise LabError(f"no LoadBalancer address is left in 172.30.{number}.0/24")


def wan_machine(index: int) -> str:
    if not 1 <= index <= LAST_HOST:
        raise LabError("the lab has no WAN address left for another VM")
    return f"172.30.200.{index}"


def lowest_free(taken: Collection[int], first: int) -> int:
    number = first
    while number in taken:
        number += 1
    return number


def _cluster(number: int) -> int:
    if not 1 <= number <= MOST_CLUSTERS:
        raise LabError(f"the lab holds at most {MOST_CLUSTERS} clusters")
    return number
