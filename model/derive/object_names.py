"""Names of Kubernetes objects that derive from a section's name."""


def minting_name(group: str) -> str:
    """Name of a group's Role, RoleBinding, admission policy and its binding."""
    return f"hybrid-mesh-{group}"


def route_name(ingress: str, route: str) -> str:
    """Name of the HTTPRoute of a route."""
    return f"{ingress}-{route}"
