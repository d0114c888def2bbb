"""Warnings about values of an example that nobody replaced."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from hybrid_mesh.model.checks.registry import rule, warning_rule
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.problems import Problem, Problems

DOCUMENTATION = tuple(
    map(
        ip_network,
        ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
    )
)
"""Blocks of addresses for examples, which no host has (RFC 5737, RFC 3849, RFC 9637)."""

EXAMPLE_PROJECT = re.compile(r"example-mesh(-[a-z0-9-]*)?")
"""Google Cloud projects of this project's examples."""

_CHOSEN = frozenset({"cidr", "podCidr", "serviceCidr", "controlPlaneCidr"})
"""Keys of addresses that the stack file gives to a network, not of ones that exist elsewhere."""
_TEXTS = frozenset({"application", "command", "values", "labels"})
"""Keys of contents in which an address has a meaning that only their user knows."""


@warning_rule
@rule
def addresses_are_not_those_of_examples(mesh: MeshConfig) -> Problems:
    """`plan` warns of addresses and CIDRs that are reserved for documentation (192.0.2.0/24, 198.51.100.0/24,
    203.0.113.0/24, 2001:db8::/32, 3fff::/20), as no host has them; `up` refuses them."""
    for path, value in _leaves("", mesh.model_dump(mode="json", by_alias=True, exclude_defaults=True)):
        block = _documentation_block(value)
        if block is not None:
            yield Problem(
                path,
                value,
                f"{block} is reserved for documentation, and no host has such an address",
                "Replace this placeholder with your own value.",
            )


@warning_rule
@rule
def projects_are_not_those_of_examples(mesh: MeshConfig) -> Problems:
    """`plan` warns of projects named `example-mesh…`, which are placeholders; `up` refuses them."""
    for path, value in _leaves("", mesh.model_dump(mode="json", by_alias=True, exclude_defaults=True)):
        steps = value.split("/")
        is_place = len(steps) > 1 or path.rpartition(".")[2] == "project"
        if is_place and (found := next(filter(EXAMPLE_PROJECT.fullmatch, steps), None)):
            yield Problem(
                path,
                value,
                f"the project {found} is a placeholder",
                "Replace it with the ID of your Google Cloud project.",
            )


def _leaves(path: str, value: object) -> Iterator[tuple[str, str]]:
    """Path and value of each text in a section, except what is in `_CHOSEN` and `_TEXTS`."""
    if isinstance(value, str):
        yield path, value
        return
    entries = value.items() if isinstance(value, Mapping) else ()
    for key, entry in enumerate(value) if isinstance(value, list) else entries:
        if key not in _CHOSEN and key not in _TEXTS:
            yield from _leaves(f"{path}.{key}".removeprefix("."), entry)


def _documentation_block(text: str) -> str | None:
    """The block for documentation that an address, a CIDR or the host of a URL is in."""
    try:
        host = urlsplit(text).hostname or "" if "://" in text else text
        found = ip_network(host) if "/" in host else ip_network(ip_address(host))
    except ValueError:
        return None
    return next((str(block) for block in DOCUMENTATION if found.network_address in block), None)
