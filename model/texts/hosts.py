"""The hosts entries with which a VM resolves istiod to the east-west gateway."""

import ipaddress

from hybrid_mesh.model.istio_facts import ISTIOD_HOST


def render_hosts(addresses: tuple[str, ...]) -> str:
    """One line `<address> <istiod>` for each address, in the given order, in istioctl's format (`createHosts`
    in istioctl/pkg/workload/workload.go). A load balancer with several addresses (EKS) gets several lines.

    Raises ValueError for an address that is not an IP address: a hosts file cannot contain a host name.
    """
    if not addresses:
        raise ValueError("an east-west gateway requires at least one address")
    return "".join(f"{ipaddress.ip_address(address)} {ISTIOD_HOST}\n" for address in addresses)
