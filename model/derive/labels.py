"""Labels (Google Cloud) and tags (AWS), and what protects a stack."""

import re
from collections.abc import Mapping

PLANNED = ("stack", "mesh", "component")
"""Keys that are set by themselves."""

MESH = "mesh"
"""Name of the mesh's component, with which the names of all resources begin."""

VALUE_LIMIT = 63
"""Characters of a label's value on Google Cloud; AWS takes more."""


def mesh_labels(stack: str, mesh_id: str, configured: Mapping[str, str]) -> dict[str, str]:
    """The labels of everything in the stack, the user's among them, sorted by key."""
    return dict(sorted({**configured, "stack": label_value(stack), "mesh": label_value(mesh_id)}.items()))


def component_labels(labels: Mapping[str, str], component: str) -> dict[str, str]:
    """`labels` and the name of the component that a resource belongs to, such as `mesh-east-gateway`."""
    return dict(sorted({**labels, "component": label_value(component)}.items()))


def label_value(text: str) -> str:
    """`text` in the letters that every cloud takes in a label: lower case letters, digits, `-` and `_`."""
    return re.sub(r"[^a-z0-9_-]", "-", text.lower())[:VALUE_LIMIT]


def lift_protection(stack: str) -> str:
    """How to delete what a protected stack holds."""
    return (
        f"Stack {stack} is protected: networks, clusters and the root cannot be deleted. To lift that, set "
        f"`protected: false` in stacks/Pulumi.{stack}.yaml and run `pulumi up --stack {stack}`; "
        f"only then does `pulumi destroy --stack {stack}` work."
    )
