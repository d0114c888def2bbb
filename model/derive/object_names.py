"""Names of Kubernetes objects that derive from a section's name."""

from hybrid_mesh.model.config.groups import WorkloadGroupConfig


def minting_name(group: str) -> str:
    """Name of a group's Role, RoleBinding, admission policy and its binding."""
    return f"hybrid-mesh-{group}"


def route_name(ingress: str, route: str) -> str:
    """Name of the HTTPRoute of a route."""
    return f"{ingress}-{route}"


def service_name(name: str, group: WorkloadGroupConfig) -> str:
    """Name of the Service of group `name`: the configured one, else the group's own name."""
    return group.service.name or name
