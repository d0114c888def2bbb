"""Rules on the HTTP proxy of VMs."""

import re
from urllib.parse import urlsplit

from hybrid_mesh.model.checks.formats import is_url
from hybrid_mesh.model.checks.registry import rule
from hybrid_mesh.model.config.machines import LocalMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.problems import Problem, Problems

_DIRECT = re.compile(r"[A-Za-z0-9.*_-]+(/[0-9]{1,2})?")


@rule
def http_proxies_are_urls(mesh: MeshConfig) -> Problems:
    """`url` must be an http or https URL of a host and a port, without a user, a password and a path."""
    if mesh.http_proxy is None:
        return
    url = mesh.http_proxy.url
    parts = urlsplit(url) if is_url(url, "http", "https") else None
    if parts is not None and parts.password is not None:
        yield Problem(
            "httpProxy.url",
            "(not shown)",
            "a password would be in the VMs' user-data, which is not secret",
            "Let the proxy admit the VMs by their addresses.",
        )
    elif parts is None or parts.username is not None or parts.path not in ("", "/") or parts.query:
        yield Problem(
            "httpProxy.url",
            url,
            "not a valid URL of an HTTP proxy",
            "Write it like http://proxy.example.com:3128.",
        )


@rule
def hosts_without_proxy_are_names_or_cidrs(mesh: MeshConfig) -> Problems:
    """`noProxy` must list host names, domains, addresses or CIDRs, one in each entry."""
    entries = mesh.http_proxy.no_proxy if mesh.http_proxy else ()
    for index, entry in enumerate(entries):
        if not _DIRECT.fullmatch(entry):
            yield Problem(
                f"httpProxy.noProxy.{index}",
                entry,
                "not a host name, a domain, an address or a CIDR",
                "Write one in each entry, without scheme and port: .corp.example.com or 10.0.0.0/8.",
            )


@rule
def local_vms_have_no_http_proxy(mesh: MeshConfig) -> Problems:
    """`httpProxy` is not allowed with VMs of the local site, which download from their host."""
    local = [
        name for name, each in mesh.workload_groups.items() if isinstance(each.machines, LocalMachinesConfig)
    ]
    if mesh.http_proxy is not None and local:
        yield Problem(
            "httpProxy",
            mesh.http_proxy.url,
            f"the VMs of group {local[0]} are on the local site and download from their host",
            "Leave it out.",
        )
