"""Workload groups: the virtual machines that join the mesh together."""

from typing import Annotated, Literal

from pydantic import Field

from hybrid_mesh.model.config.base import (
    ABSOLUTE_PATH_PATTERN,
    FILE_MODE_PATTERN,
    NOT_BLANK_PATTERN,
    UNIT_NAME_PATTERN,
    DnsLabel,
    Port,
    Section,
    Switch,
)
from hybrid_mesh.model.config.machines import MachinesConfig

Seconds = Annotated[int, Field(strict=True, ge=1)]


class HttpGetConfig(Section):
    """An HTTP request that must be answered with a status below 400."""

    path: str = Field(default="/", pattern=ABSOLUTE_PATH_PATTERN)
    """Path of the request."""
    port: Port = Field(examples=[8080])
    """Port of the workload, one of the group's."""
    host: str | None = None
    """Address to ask; the machine's own by default."""
    scheme: Literal["HTTP", "HTTPS"] = "HTTP"
    """Protocol of the request."""


class TcpSocketConfig(Section):
    """A connection that must be accepted."""

    port: Port = Field(examples=[8080])
    """Port of the workload, one of the group's."""
    host: str | None = None
    """Address to ask; the machine's own by default."""


class ExecConfig(Section):
    """A command that must end with 0."""

    command: tuple[str, ...] = Field(min_length=1, examples=[["/usr/local/bin/check"]])
    """The command and its arguments; no shell reads it."""


class ProbeConfig(Section):
    """How Istio's agent on the machine decides that the workload is healthy.

    Source: Istio's `ReadinessProbe` of a WorkloadGroup (networking.istio.io/v1). Exactly one check is given.
    """

    http_get: HttpGetConfig | None = None
    """Healthy when an HTTP request succeeds."""
    tcp_socket: TcpSocketConfig | None = None
    """Healthy when a connection is accepted."""
    exec: ExecConfig | None = None
    """Healthy when a command ends with 0."""
    initial_delay_seconds: int = Field(default=0, strict=True, ge=0)
    """Seconds before the first check."""
    timeout_seconds: Seconds = 1
    """Seconds after which a check has failed."""
    period_seconds: Seconds = 5
    """Seconds between two checks."""
    success_threshold: Seconds = 1
    """Successes in a row after which the workload is healthy."""
    failure_threshold: Seconds = 3
    """Failures in a row after which it is not."""


class MachineFileConfig(Section):
    """A file of the user's application on each machine of the group: given as text, or fetched."""

    path: str = Field(pattern=ABSOLUTE_PATH_PATTERN, examples=["/etc/ratings.conf"])
    """Where the file lies on the machine."""
    content: str | None = None
    """The file's text."""
    url: str | None = None
    """Address from which the machine fetches it when it first boots."""
    mode: str = Field(default="0644", pattern=FILE_MODE_PATTERN)
    """Permissions, octal and in quotes."""


class SystemdUnitConfig(Section):
    """A systemd unit of the user's application, enabled and started on each machine."""

    name: str = Field(pattern=UNIT_NAME_PATTERN, examples=["ratings.service"])
    """File name of the unit."""
    content: str = Field(examples=["[Service]\nExecStart=/usr/local/bin/ratings\n"])
    """Text of the unit."""


class ApplicationConfig(Section):
    """What runs on the machines besides Istio's agent: nothing of it knows of the mesh."""

    files: tuple[MachineFileConfig, ...] = ()
    """Files that each machine is given."""
    units: tuple[SystemdUnitConfig, ...] = ()
    """Units that run on each machine."""
    commands: tuple[Annotated[str, Field(pattern=NOT_BLANK_PATTERN)], ...] = ()
    """Shell commands that each machine runs once, at its first boot, after the files are there."""


class WorkloadGroupConfig(Section):
    """Machines of one kind that serve one workload."""

    namespace: DnsLabel = Field(examples=["bookinfo"])
    """Namespace of the WorkloadGroup and of its Service."""
    cluster: DnsLabel = Field(examples=["east"])
    """The cluster with whose control plane the machines register."""
    network: DnsLabel = Field(examples=["amsterdam"])
    """The network that the machines are in."""
    service_account: DnsLabel | None = None
    """The machines' identity in the mesh; a service account with the group's name by default."""
    labels: dict[str, str] = Field(default_factory=dict, examples=[{"app": "ratings", "version": "vm"}])
    """Labels of the machines' WorkloadEntries."""
    ports: dict[DnsLabel, Port] = Field(min_length=1, examples=[{"http": 9080}])
    """Ports that the workload serves, by name; the name's first word tells the protocol (`http`, `grpc`,
    `tcp`)."""
    host: str | None = Field(default=None, examples=["ratings.example.com"])
    """A host name of the user's own; without it a Service `<group>.<namespace>` is made in every cluster."""
    probe: ProbeConfig | None = None
    """How a machine's health is found out; without it, a machine that is connected counts as healthy."""
    dns_capture: Switch = True
    """Whether the agent answers the machine's DNS queries for names of the mesh."""
    application: ApplicationConfig = ApplicationConfig()
    """What runs on the machines."""
    machines: MachinesConfig = Field(examples=[{"type": "bundle"}])
    """Where the machines come from."""
