"""The environment of what VMs download through an HTTP proxy, as curl, apt and dnf read it."""

from collections.abc import Mapping

from hybrid_mesh.model.config.mesh import MeshConfig

_ALWAYS = ("localhost", "127.0.0.1", "169.254.169.254", "metadata.google.internal", ".svc", ".cluster.local")
"""The VM itself, the metadata servers of AWS and Google Cloud, and the names of the mesh."""


def proxy_environment(mesh: MeshConfig) -> dict[str, str]:
    """Lower-case names, as curl reads `http_proxy` in no other form; {} without a proxy."""
    proxy = mesh.http_proxy
    if proxy is None:
        return {}
    cidrs = (str(cidr) for network in mesh.networks.values() for cidr in network.cidrs)
    direct = dict.fromkeys([*_ALWAYS, *cidrs, *proxy.no_proxy])
    return {"http_proxy": proxy.url, "https_proxy": proxy.url, "no_proxy": ",".join(direct)}


def without_proxy(environment: Mapping[str, str], *hosts: str | None) -> dict[str, str]:
    """`environment` in which `hosts` are reached directly, too."""
    if not environment:
        return {}
    direct = dict.fromkeys([*environment["no_proxy"].split(","), *(host for host in hosts if host)])
    return {**environment, "no_proxy": ",".join(direct)}
