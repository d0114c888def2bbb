"""Labels (Google Cloud) and tags (AWS), and the protection of a stack."""

import re
from collections.abc import Mapping

PLANNED = ("stack", "mesh", "component")
"""Keys that the program sets automatically."""

MESH = "mesh"
"""Name of the mesh component, and the first part of all resource names."""

VALUE_LIMIT = 63
"""Maximum length of a label's value on Google Cloud. AWS allows more."""


def mesh_labels(stack: str, mesh_id: str, configured: Mapping[str, str]) -> dict[str, str]:
    """The labels of all resources of the stack, including the configured ones, sorted by key."""
    return dict(sorted({**configured, "stack": label_value(stack), "mesh": label_value(mesh_id)}.items()))


def component_labels(labels: Mapping[str, str], component: str) -> dict[str, str]:
    """`labels` and the name of the component that a resource belongs to, such as `mesh-east-gateway`."""
    return dict(sorted({**labels, "component": label_value(component)}.items()))


def label_value(text: str) -> str:
    """`text` in characters that every cloud allows in a label: lowercase letters, digits, `-` and `_`."""
    return re.sub(r"[^a-z0-9_-]", "-", text.lower())[:VALUE_LIMIT]


def lift_protection(stack: str) -> str:
    """How to delete the resources of a protected stack."""
    return (
        f"Stack {stack} is protected: its networks, clusters and root CA cannot be deleted. To lift the "
        f"protection, set `protected: false` in stacks/Pulumi.{stack}.yaml and run "
        f"`pulumi up --stack {stack}`. Then run `pulumi destroy --stack {stack}`."
    )
