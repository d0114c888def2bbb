"""The hosts entries by which a machine finds istiod behind the east-west gateway."""

import ipaddress

from hybrid_mesh.model.istio_facts import ISTIOD_HOST


def render_hosts(addresses: tuple[str, ...]) -> str:
    """One line `<address> <istiod>` for each address, in the given order, as istioctl writes it for one
    (`createHosts` in istioctl/pkg/workload/workload.go). A load balancer with several addresses (EKS) has
    several lines.

    Raises ValueError for what is no IP address: a hosts file cannot hold a name.
    """
    if not addresses:
        raise ValueError("an east-west gateway has at least one address")
    return "".join(f"{ipaddress.ip_address(address)} {ISTIOD_HOST}\n" for address in addresses)
