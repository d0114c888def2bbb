"""Ports of a workload group and the Service that its callers use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetJsonSchemaHandler, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import CoreSchema, PydanticKnownError

from hybrid_mesh.model.config.base import DnsLabel, Ownership, Port, Section, Switch

LAST_PORT = 65535
PROTOCOLS = ("http", "http2", "https", "grpc", "grpc-web", "tcp", "tls", "mongo", "mysql", "redis")
"""Protocols that Istio knows by the name of a port or its `appProtocol` (Istio, "Protocol Selection")."""


class PortConfig(Section):
    """A port of the Service, and the one on which the VMs serve it."""

    port: Port = Field(examples=[80])
    """Port of the Service."""
    target_port: Port | None = Field(default=None, examples=[8080])
    """Port on which the VMs listen. Defaults to `port`."""
    protocol: str | None = Field(default=None, examples=["http"])
    """Protocol: `http`, `http2`, `https`, `grpc`, `grpc-web`, `tcp`, `tls`, `mongo`, `mysql` or `redis`.
    Defaults to the one that the port's name selects. Use `tcp` where the server speaks first."""


def _section_of(value: Any, read: ValidatorFunctionWrapHandler) -> PortConfig:
    """Raises pydantic's errors of a whole number in a range."""
    if isinstance(value, Mapping | PortConfig):
        section: PortConfig = read(value)
        return section
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticKnownError("int_type")
    if value < 1:
        raise PydanticKnownError("greater_than_equal", {"ge": 1})
    if value > LAST_PORT:
        raise PydanticKnownError("less_than_equal", {"le": LAST_PORT})
    return PortConfig(port=value)


class _NumberOrSection:
    """The JSON Schema of a key that takes a number in place of its section."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [{"type": "integer", "minimum": 1, "maximum": LAST_PORT}, handler(schema)]}


PortEntry = Annotated[PortConfig, WrapValidator(_section_of), _NumberOrSection()]
"""A port: a number stands for the section with that `port`."""


@dataclass(frozen=True)
class ServicePort:
    """A port of a group: its name, the port of the Service, the port on the VMs, and the protocol that is
    configured (lower case); None if the name selects it."""

    name: str
    port: int
    target: int
    protocol: str | None


def service_port(name: str, entry: PortConfig) -> ServicePort:
    protocol = entry.protocol.lower() if entry.protocol is not None else None
    return ServicePort(name, entry.port, entry.target_port or entry.port, protocol)


class ServiceConfig(Section):
    """The Kubernetes Service of the group, which the program creates in every cluster."""

    name: DnsLabel | None = Field(default=None, examples=["billing"])
    """Name of the Service. Defaults to the group's name."""
    ownership: Ownership = "own"
    """Who creates the Service. `own`: the program, and a destroy deletes it. `adopt`: the program, unless it
    exists already; a destroy keeps an existing one. `existing`: you have one of this name and these ports,
    whose selector matches `labels`; the program leaves it alone."""
    selector: dict[str, str] | None = Field(default=None, examples=[{"app": "billing"}])
    """Labels of the Service's endpoints, pods and VMs alike. They must be among the group's `labels`.
    Defaults to the VMs of this group alone."""
    headless: Switch = False
    """Whether the Service has no cluster IP: its name resolves to the addresses of all endpoints."""
