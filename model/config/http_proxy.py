"""The HTTP proxy through which VMs reach the Internet."""

from pydantic import Field

from hybrid_mesh.model.config.base import Section


class HttpProxyConfig(Section):
    """HTTP proxy through which VMs download packages and your application's files. Traffic of the mesh does
    not use it. Where you run the program, set the environment variables `HTTPS_PROXY` and `NO_PROXY`: Helm
    and the other plug-ins read them."""

    url: str = Field(examples=["http://proxy.example.com:3128"])
    """URL of the proxy, without a user and a password, as VMs' user-data is not secret."""
    no_proxy: tuple[str, ...] = Field(default=(), examples=[["packages.example.com", ".corp.example.com"]])
    """Further hosts, domains and CIDRs that VMs reach without it. The mesh's networks, API servers, gateways
    and the clouds' metadata servers are always among them."""
