"""Names of resources, from which the engine derives names in a cloud."""

from hybrid_mesh.model.clouds.names import cloud_name

ADDED = 8
"""Length of the suffix that the engine appends: a dash and seven digits."""


def child(parent: str, *suffix: str, limit: int = 63) -> str:
    """The name of a child: its parent's name and a stable suffix, shortened if the name in the cloud would
    exceed `limit`, which is 63 for most resources of Google Cloud."""
    return cloud_name(parent, *suffix, limit=limit - ADDED)
