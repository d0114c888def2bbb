"""The collectors that proxies send access logs and traces to: how they are written, and where they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from typing import Literal

from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.istio_facts import CLUSTER_DOMAIN

Protocol = Literal["grpc", "http"]

ACCESS_LOGS = "telemetry.accessLogs.otlp"
TRACES = "telemetry.traces.otlp"

STDOUT_PROVIDER = "hybrid-mesh-stdout"
LOGS_PROVIDER = "hybrid-mesh-access-logs"
TRACES_PROVIDER = "hybrid-mesh-traces"
PROVIDERS = (STDOUT_PROVIDER, LOGS_PROVIDER, TRACES_PROVIDER)
"""Names of the program's extension providers."""


@dataclass(frozen=True)
class Collector:
    """An endpoint as the key `source` names it: `[https://]host:port`. `secure` is whether proxies connect
    with TLS, to a host outside the mesh."""

    source: str
    text: str
    protocol: Protocol

    @property
    def secure(self) -> bool:
        return self.text.startswith("https://")

    @property
    def host(self) -> str:
        """The host as it is written, or as the registry of Istio has it if it is a Service."""
        host = self._endpoint.rpartition(":")[0].removesuffix(".")
        return f"{host}.{CLUSTER_DOMAIN}" if host.endswith(".svc") else host

    @property
    def port(self) -> int | None:
        """None if it is not a port."""
        digits = self._endpoint.rpartition(":")[2]
        number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0
        return number if 1 <= number <= 65535 else None

    @property
    def address(self) -> IPv4Address | None:
        try:
            return IPv4Address(self.host)
        except AddressValueError:
            return None

    @property
    def is_service(self) -> bool:
        """Whether it is a Service of a cluster, or of a workload group."""
        return self.host.endswith(f".svc.{CLUSTER_DOMAIN}")

    @property
    def _endpoint(self) -> str:
        return self.text.removeprefix("https://").removeprefix("http://")


def collectors(mesh: MeshConfig) -> Iterator[Collector]:
    """The collector of the access logs and that of the traces, as far as they are configured."""
    if mesh.telemetry is None:
        return
    logs, traces = mesh.telemetry.access_logs, mesh.telemetry.traces
    if logs is not None and logs.otlp is not None:
        yield Collector(ACCESS_LOGS, logs.otlp, "grpc")
    if traces is not None:
        yield Collector(TRACES, traces.otlp, "http" if traces.http_path else "grpc")


def reports(mesh: MeshConfig, cluster: str) -> bool:
    """Whether the proxies of `cluster` get the configured telemetry."""
    return mesh.telemetry is not None and cluster in (mesh.telemetry.clusters or mesh.clusters)


def outside(mesh: MeshConfig, collector: Collector) -> bool:
    """Whether the registry of Istio does not have the collector's host: it needs a ServiceEntry."""
    of_groups = {host for group in mesh.workload_groups.values() for host in group.custom_hosts}
    return not collector.is_service and collector.host not in of_groups
