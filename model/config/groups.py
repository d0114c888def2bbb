"""Workload groups: sets of VMs that join the mesh."""

from typing import Annotated, Literal

from pydantic import Field

from hybrid_mesh.model.config.base import (
    ABSOLUTE_PATH_PATTERN,
    FILE_MODE_PATTERN,
    HEADER_NAME_PATTERN,
    INTERFACE_PATTERN,
    NOT_BLANK_PATTERN,
    ONE_LINE_PATTERN,
    SHA256_PATTERN,
    UNIT_NAME_PATTERN,
    DnsLabel,
    Ownership,
    Port,
    Section,
    Switch,
)
from hybrid_mesh.model.config.machines import MachinesConfig, StaticMachinesConfig
from hybrid_mesh.model.config.services import PortEntry, ServiceConfig, ServicePort, service_port

CONTAINER_BRIDGES = ("docker0", "br-+", "cni+", "podman+", "virbr+", "lxdbr+")
"""Bridges of Docker (its own and those of its networks), CNI, Podman, libvirt and LXD."""

Seconds = Annotated[int, Field(strict=True, ge=1)]


class HttpHeaderConfig(Section):
    """A header of the request."""

    name: str = Field(pattern=HEADER_NAME_PATTERN, examples=["Host"])
    """Name of the header."""
    value: str = Field(pattern=ONE_LINE_PATTERN, examples=["ratings.example.com"])
    """Value of the header."""


class HttpGetConfig(Section):
    """An HTTP request. The check succeeds if the status of the response is below 400."""

    path: str = Field(default="/", pattern=ABSOLUTE_PATH_PATTERN)
    """Path of the request, beginning with `/`."""
    port: Port = Field(examples=[8080])
    """Port to connect to. Must be one of the group's `ports` unless `host` is set."""
    host: str | None = None
    """Host to connect to, an IP address or a host name. Defaults to the VM itself."""
    scheme: Literal["HTTP", "HTTPS"] = "HTTP"
    """Scheme of the request."""
    http_headers: tuple[HttpHeaderConfig, ...] = ()
    """Headers of the request. `Host` replaces the one of the address."""


class TcpSocketConfig(Section):
    """A TCP connection. The check succeeds if the connection is accepted."""

    port: Port = Field(examples=[8080])
    """Port to connect to. Must be one of the group's `ports` unless `host` is set."""
    host: str | None = None
    """Host to connect to, an IP address or a host name. Defaults to 127.0.0.1: a connection to the VM's own
    address is accepted by Envoy, whether or not the application runs."""


class GrpcConfig(Section):
    """A call of gRPC's health service on the VM. The check succeeds if the answer is `SERVING`."""

    port: Port = Field(examples=[9090])
    """Port to connect to. Must be a port on which the group's VMs serve."""
    service: str | None = Field(default=None, examples=["ratings"])
    """Service to ask for. Without it, the server answers for itself as a whole."""


class ExecConfig(Section):
    """A command. The check succeeds if it exits with code 0."""

    command: tuple[str, ...] = Field(min_length=1, examples=[["/usr/local/bin/check"]])
    """The command and its arguments. It is run without a shell."""


class ProbeConfig(Section):
    """How Istio's agent on a VM checks that the workload is healthy (Istio's `ReadinessProbe`).

    Set exactly one of `httpGet`, `tcpSocket`, `grpc` and `exec`.
    """

    http_get: HttpGetConfig | None = None
    """Check by an HTTP request."""
    tcp_socket: TcpSocketConfig | None = None
    """Check by a TCP connection."""
    grpc: GrpcConfig | None = None
    """Check by gRPC's health protocol."""
    exec: ExecConfig | None = None
    """Check by a command."""
    initial_delay_seconds: int = Field(default=0, strict=True, ge=0)
    """Delay before the first check, in seconds."""
    timeout_seconds: Seconds = 1
    """Time after which a check fails, in seconds."""
    period_seconds: Seconds = 5
    """Interval between checks, in seconds."""
    success_threshold: Seconds = 1
    """Consecutive successes after which the workload is healthy."""
    failure_threshold: Seconds = 3
    """Consecutive failures after which the workload is unhealthy."""


class MachineFileConfig(Section):
    """A file of your application on each VM of the group.

    Set exactly one of `content` and `url`.
    """

    path: str = Field(pattern=ABSOLUTE_PATH_PATTERN, examples=["/etc/ratings.conf"])
    """Absolute path of the file on the VM."""
    content: str | None = None
    """Text of the file."""
    url: str | None = None
    """HTTP or HTTPS URL from which the VM downloads the file once."""
    sha256: str | None = Field(default=None, pattern=SHA256_PATTERN)
    """SHA-256 checksum of the file that `url` gives, in hexadecimal. The VM retries until it matches."""
    mode: str = Field(default="0644", pattern=FILE_MODE_PATTERN)
    """Permissions of the file: four octal digits, in quotes."""


class SystemdUnitConfig(Section):
    """A systemd unit of your application. It is enabled and started on each VM."""

    name: str = Field(pattern=UNIT_NAME_PATTERN, examples=["ratings.service"])
    """File name of the unit, with its suffix: `.service`, `.timer`, `.socket` or `.path`."""
    content: str = Field(examples=["[Service]\nExecStart=/usr/local/bin/ratings\n"])
    """Text of the unit file."""


class ApplicationConfig(Section):
    """Your application on the VMs of the group. It needs no knowledge of the mesh."""

    files: tuple[MachineFileConfig, ...] = ()
    """Files to write to each VM."""
    units: tuple[SystemdUnitConfig, ...] = ()
    """systemd units to run on each VM."""
    commands: tuple[Annotated[str, Field(pattern=NOT_BLANK_PATTERN)], ...] = ()
    """Shell commands that each VM runs once, after its files are written: at its first boot or, for a VM of
    type `bundle`, when it joins and again when the application changes."""


class WorkloadGroupConfig(Section):
    """A set of VMs that serve one workload."""

    namespace: DnsLabel = Field(examples=["bookinfo"])
    """Kubernetes namespace of the WorkloadGroup and its Service."""
    cluster: DnsLabel = Field(examples=["east"])
    """Cluster whose istiod the VMs register with: a key of `clusters`."""
    network: DnsLabel = Field(examples=["amsterdam"])
    """Network of the VMs: a key of `networks`."""
    service_account: DnsLabel | None = None
    """Kubernetes service account that is the VMs' identity in the mesh. Defaults to the group's name."""
    ownership: Literal["own", "adopt"] = "own"
    """Whether the cluster may have the WorkloadGroup already. `adopt`: an existing one is taken over, and a
    destroy keeps it."""
    service_account_ownership: Ownership = "own"
    """Who creates the service account. `own`: the program, and a destroy deletes it. `adopt`: the program,
    unless it exists already; a destroy keeps an existing one. `existing`: others; the program never changes
    it."""
    labels: dict[str, str] = Field(default_factory=dict, examples=[{"app": "ratings", "version": "vm"}])
    """Labels of the VMs' WorkloadEntries."""
    ports: dict[DnsLabel, PortEntry] = Field(default_factory=dict, examples=[{"http": 9080}])
    """Ports that the workload serves, by name: a number, or a section if the Service's port is another than
    the VMs'. The name, or its part before the first dash, selects the protocol: `http`, `grpc`, `tcp` and
    others that Istio knows. VMs without ports only call others."""
    service: ServiceConfig = ServiceConfig()
    """The Service through which clients call the group."""
    host: str | None = Field(default=None, examples=["ratings.example.com"])
    """Custom host name of the group. Without it, clients use the Service `<group>.<namespace>`, which the
    program creates in every cluster."""
    hosts: tuple[str, ...] = Field(default=(), examples=[["ratings.example.com", "ratings.example.net"]])
    """Several custom host names, in place of `host`."""
    exclude_outbound_ports: tuple[Port, ...] = Field(default=(), examples=[[111, 2049]])
    """Ports to which the VMs connect outside the mesh, for example those of NFS. A VM's proxy does not see
    these connections."""
    exclude_inbound_ports: tuple[Port, ...] = Field(default=(), examples=[[9100]])
    """Ports of the VMs that are not part of the mesh, for example of monitoring. The proxy receives traffic
    to the group's `ports` only, so this key states what holds anyway; it cannot name one of them."""
    exclude_interfaces: tuple[Annotated[str, Field(pattern=INTERFACE_PATTERN)], ...] = Field(
        default=CONTAINER_BRIDGES, examples=[["docker0", "br-+"]]
    )
    """Network interfaces of the VMs whose traffic does not pass the proxy: those of containers and nested VMs
    on a VM, which could otherwise not call outside on a port that the VM serves. `+` means any ending."""
    probe: ProbeConfig | None = None
    """Health check of the workload. Without it, a VM is healthy as long as its agent is connected."""
    dns_capture: Switch = True
    """Whether Istio's agent on the VM resolves DNS names of the mesh."""
    application: ApplicationConfig = ApplicationConfig()
    """Your application on the VMs."""
    machines: MachinesConfig = Field(examples=[{"type": "bundle"}])
    """The VMs of the group, and where they run."""

    @property
    def custom_hosts(self) -> tuple[str, ...]:
        """The host names of `host` or `hosts`; () if the group has a Service."""
        return (self.host,) if self.host is not None else self.hosts

    @property
    def has_agent(self) -> bool:
        """Whether the machines run Istio's agent."""
        return not isinstance(self.machines, StaticMachinesConfig)

    @property
    def service_ports(self) -> tuple[ServicePort, ...]:
        return tuple(service_port(name, entry) for name, entry in self.ports.items())

    @property
    def vm_ports(self) -> tuple[int, ...]:
        """The ports on which the VMs serve, sorted, each once."""
        return tuple(sorted({port.target for port in self.service_ports}))
