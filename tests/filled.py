"""The shipped stacks with their placeholders filled in, as a user does before the first `up`."""

import json
from collections.abc import Mapping
from typing import Any, Final

VALUES: Final = {
    "example-mesh-staging": "acme-mesh-staging",
    "example-mesh-prod": "acme-mesh-prod",
    "198.51.100.0/28": "198.18.0.0/28",
    "203.0.113.10": "198.18.1.10",
    "203.0.113.0/28": "198.18.1.0/28",
}
"""Every placeholder of a shipped stack, and its replacement; the addresses are for benchmarks (RFC 2544)."""
OPERATORS: Final = VALUES["198.51.100.0/28"]
DATACENTER: Final = VALUES["203.0.113.0/28"]


def filled_text(text: str) -> str:
    """The text of a stack file without its placeholders; everything else stays."""
    for placeholder, value in VALUES.items():
        text = text.replace(placeholder, value)
    return text


def filled(mesh: Mapping[str, Any]) -> dict[str, Any]:
    """The value of a stack's `hybrid-mesh:mesh` without its placeholders; a copy."""
    made: dict[str, Any] = json.loads(filled_text(json.dumps(mesh)))
    return made
