"""An optional demo workload, a sample application."""

from pydantic import Field

from hybrid_mesh.model.config.base import IMAGE_PATTERN, DnsLabel, Port, Section


class DemoConfig(Section):
    """Istio's echo server in every active cluster and, if `group` is set, on the VMs of a group.

    `hybrid-mesh verify` checks that each of its pods and VMs gets its share of requests.
    """

    namespace: DnsLabel = "demo"
    """Namespace of the demo's pods and Service."""
    service: DnsLabel = "echo"
    """Name of the demo's Service. It has one pod in every active cluster."""
    image: str = Field(default="hybrid-mesh.local/echo:1.31.0", pattern=IMAGE_PATTERN)
    """Image that contains Istio's echo server and client. Required if a cluster is not local, as no registry
    has the default image."""
    port: Port = 8080
    """Port of the Service and of the pods, 1024 or higher."""
    group: DnsLabel | None = None
    """Workload group whose VMs run the echo server as their application."""
    binaries: str | None = Field(default=None, examples=["https://packages.example.com/echo"])
    """Base URL from which the VMs download `echo-server`. Required if `group` is set."""
