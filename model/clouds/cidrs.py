"""Calculations with CIDRs for every cloud."""

from collections.abc import Sequence
from ipaddress import IPv4Network, collapse_addresses


def part(cidr: IPv4Network, bits: int, index: int) -> IPv4Network:
    """Part `index` of the 2^`bits` equal parts of `cidr`. Raises ValueError where it has fewer addresses."""
    prefix = cidr.prefixlen + bits
    size = 1 << (32 - prefix)
    return IPv4Network((int(cidr.network_address) + index * size, prefix))


def spare_cidrs(cidr: IPv4Network, taken: Sequence[IPv4Network]) -> list[IPv4Network]:
    """The unused parts of `cidr`, as few CIDRs as possible: together with `taken` they fill `cidr`."""
    free = [cidr]
    for used in taken:
        free = [rest for block in free for rest in _without(block, used)]
    return sorted(collapse_addresses(free))


def _without(block: IPv4Network, used: IPv4Network) -> list[IPv4Network]:
    if not block.overlaps(used):
        return [block]
    return [] if block.subnet_of(used) else list(block.address_exclude(used))
