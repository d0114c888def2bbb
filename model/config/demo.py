"""An optional workload that shows and proves the mesh: Istio's own echo server in pods and on machines."""

from pydantic import Field

from model.config.base import DnsLabel, Section


class Demo(Section):
    namespace: DnsLabel = "demo"
    service: DnsLabel = "echo"
    """A Service with one pod in every active cluster."""
    image: str = "hybrid-mesh.local/echo:1.31.0"
    port: int = Field(default=8080, ge=1, le=65535)
    group: DnsLabel | None = None
    """The workload group whose machines run the echo server as their application."""
    binaries: str | None = None
    """Base address from which the machines fetch `echo-server` and `echo-client`."""
