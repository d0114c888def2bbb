"""Names of Kubernetes objects that derive from a section's name."""

from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.ingress import ListenerConfig


def minting_name(group: str) -> str:
    """Name of a group's Role, RoleBinding, admission policy and its binding."""
    return f"hybrid-mesh-{group}"


def route_name(ingress: str, route: str) -> str:
    """Name of the HTTPRoute of a route."""
    return f"{ingress}-{route}"


def service_name(name: str, group: WorkloadGroupConfig) -> str:
    """Name of the Service of group `name`: the configured one, else the group's own name."""
    return group.service.name or name


def listener_secret(ingress: str, listener: ListenerConfig) -> str:
    """Name of the Secret with the certificate of a listener: the configured one, else one of its own."""
    return listener.certificate_secret or f"{ingress}-{listener.name}-tls"


def parameters_name(ingress: str) -> str:
    """Name of the ConfigMap with the parameters of an ingress's gateway."""
    return f"{ingress}-parameters"


def certificate_keys(listener: ListenerConfig) -> tuple[str, ...]:
    """Names of the configuration keys with the certificate of a listener, its key and, for mutual TLS, the
    clients' authority; () if the certificate comes from elsewhere."""
    name = listener.certificate
    if name is None:
        return ()
    keys = (f"{name}-certificate", f"{name}-key")
    return (*keys, f"{name}-client-authority") if listener.client_certificates == "required" else keys
