"""Workload groups: the virtual machines that join the mesh together."""

from typing import Annotated, Literal

from pydantic import Field

from model.config.base import DnsLabel, Section


class HttpGet(Section):
    path: str = "/"
    port: int = Field(ge=1, le=65535)
    host: str | None = None
    scheme: Literal["HTTP", "HTTPS"] = "HTTP"


class TcpSocket(Section):
    port: int = Field(ge=1, le=65535)
    host: str | None = None


class Exec(Section):
    command: tuple[str, ...] = Field(min_length=1)


class Probe(Section):
    """How Istio's agent on the machine decides that the workload is healthy.

    Source: Istio's `ReadinessProbe` of a WorkloadGroup (networking.istio.io/v1). Exactly one check is given.
    """

    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    exec: Exec | None = None
    initial_delay_seconds: int = Field(default=0, ge=0)
    timeout_seconds: int = Field(default=1, ge=1)
    period_seconds: int = Field(default=5, ge=1)
    success_threshold: int = Field(default=1, ge=1)
    failure_threshold: int = Field(default=3, ge=1)


class MachineFile(Section):
    """A file of the user's application on each machine of the group."""

    path: str = Field(pattern=r"^/")
    content: str | None = None
    url: str | None = None
    mode: str = Field(default="0644", pattern=r"^0[0-7]{3}$")


class SystemdUnit(Section):
    """A systemd unit of the user's application, enabled and started on each machine."""

    name: str = Field(pattern=r"^[A-Za-z0-9@_.-]+\.(service|timer|socket|path)$")
    content: str


class Application(Section):
    """What runs on the machines besides Istio's agent: nothing of it knows of the mesh."""

    files: tuple[MachineFile, ...] = ()
    units: tuple[SystemdUnit, ...] = ()
    commands: tuple[str, ...] = ()


class LocalMachines(Section):
    """Machines that the embedded site boots on this machine."""

    type: Literal["local"]
    count: int = Field(default=1, ge=1, le=50)


class BundleMachines(Section):
    """Machines that somebody owns already, joined by a folder that `hybrid-mesh bundle GROUP` writes."""

    type: Literal["bundle"]
    minimum: int = Field(default=0, ge=0)


Machines = Annotated[LocalMachines | BundleMachines, Field(discriminator="type")]


class WorkloadGroup(Section):
    """Machines of one kind that serve one workload."""

    namespace: DnsLabel
    cluster: DnsLabel
    """The cluster with whose control plane the machines register."""
    network: DnsLabel
    service_account: DnsLabel | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    ports: dict[DnsLabel, int] = Field(min_length=1)
    host: str | None = None
    """A host name of the user's own; without it a Service `<group>.<namespace>` is made in every cluster."""
    probe: Probe | None = None
    dns_capture: bool = True
    application: Application = Application()
    machines: Machines
