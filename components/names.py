"""Names of resources, of which the engine makes names in a cloud."""

from hybrid_mesh.model.clouds.names import cloud_name

ADDED = 8
"""Characters that the engine appends: a dash and seven digits."""


def child(parent: str, *suffix: str, limit: int = 63) -> str:
    """The name of a child: its parent's and a stable suffix, shortened where the name in the cloud would be
    longer than `limit`, which is 63 for most of Google Cloud."""
    return cloud_name(parent, *suffix, limit=limit - ADDED)
