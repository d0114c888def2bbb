"""An optional workload that shows and proves the mesh: Istio's own echo server in pods and on machines."""

from pydantic import Field

from hybrid_mesh.model.config.base import IMAGE_PATTERN, DnsLabel, Port, Section


class DemoConfig(Section):
    """Istio's echo server in every cluster and, where a group is named, on its machines."""

    namespace: DnsLabel = "demo"
    """Namespace of the demo."""
    service: DnsLabel = "echo"
    """A Service with one pod in every active cluster."""
    image: str = Field(default="hybrid-mesh.local/echo:1.31.0", pattern=IMAGE_PATTERN)
    """Image with Istio's echo server and client."""
    port: Port = 8080
    """Port of the Service and of the pods."""
    group: DnsLabel | None = None
    """The workload group whose machines run the echo server as their application."""
    binaries: str | None = Field(default=None, examples=["https://packages.example.com/echo"])
    """Base address from which the machines fetch `echo-server`."""
