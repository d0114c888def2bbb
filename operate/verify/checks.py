"""Checks of a mesh: a source, a request, and the expected result."""

from dataclasses import dataclass
from enum import Enum

from hybrid_mesh.operate.shell import Machine, Pod
from hybrid_mesh.operate.verify.curl import Request

MOST_REQUESTS = 300


@dataclass(frozen=True)
class Outside:
    """This host, which is not part of the mesh."""

    name: str = "outside"


@dataclass(frozen=True)
class ControlPlane:
    """The istiod of a cluster, which VMs register with."""

    cluster: str


Source = Pod | Machine | Outside
"""What sends requests."""


@dataclass(frozen=True)
class Responder:
    """A workload that may respond.

    `hostname` is the host name that its echo server reports, `member` its name in reports, `identity` its
    SPIFFE identity, `places` the clusters that its echo server may report, `network` its network.
    """

    hostname: str
    member: str
    identity: str
    places: frozenset[str]
    network: str


@dataclass(frozen=True)
class MustAnswer:
    """Each of `requests` requests must get status 200 from one of `responders`, whose proxies must see
    `caller`.

    At least one member of each set in `everyone` (such as `cluster east` or `VM legacy-1`) must respond. A
    set has several members if they are in another network than the caller: an east-west gateway only selects
    a backend for a new connection, and the caller's proxy keeps its connection.
    """

    responders: tuple[Responder, ...]
    caller: str
    everyone: frozenset[frozenset[str]]
    requests: int


class RequestFailure(Enum):
    """The reasons for which a request may fail, as the caller sees them."""

    CLOSED = "connection closed"
    TLS_ALERT = "TLS alert"
    NO_ROUTE = "not reachable"


@dataclass(frozen=True)
class MustFail:
    """The request must fail for one of these reasons. Another failure proves nothing, so the check fails.
    With `identity`, the server must have shown a certificate with it before."""

    reasons: frozenset[RequestFailure]
    identity: str = ""


@dataclass(frozen=True)
class MustReach:
    """The probe of `cluster` must answer: its proxy as `server`, and it must have seen `caller`."""

    cluster: str
    server: str
    caller: str


class Protocol(Enum):
    """What is spoken with an application of which nothing is known but its protocol."""

    HTTP = "http"
    GRPC = "grpc"
    TLS = "tls"
    TCP = "tcp"


@dataclass(frozen=True)
class MustServe:
    """The application must answer, with any status. An answer that a proxy gives in its place proves
    nothing. Without `required`, the proxy of a server on which no application listens is enough."""

    protocol: Protocol
    required: bool = True


@dataclass(frozen=True)
class MustRedirect:
    """The gateway must answer with this status."""

    status: int


@dataclass(frozen=True)
class MustRegister:
    """At least `minimum` VMs of the group are registered, and all that are connected are healthy where the
    group has a probe (`probed`)."""

    group: str
    minimum: int
    probed: bool


@dataclass(frozen=True)
class Check:
    """One line of the report. `command` runs at `source`. `origin` and `target` are the members of the mesh
    at its ends, such as `cluster east`, `VM legacy-0`, `group legacy` and `ingress public`."""

    subject: str
    source: Source
    destination: str
    command: tuple[str, ...]
    expectation: MustAnswer | MustFail
    origin: frozenset[str] = frozenset()
    target: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RequestCheck:
    """One line of the report: a request of curl at `source`, which runs with all others of that source."""

    subject: str
    source: Source
    destination: str
    request: Request
    expectation: MustReach | MustServe | MustRedirect | MustFail
    origin: frozenset[str]
    target: frozenset[str]


@dataclass(frozen=True)
class RegistrationCheck:
    """One line of the report: the VMs of a group as the control plane has registered them."""

    subject: str
    source: ControlPlane
    destination: str
    expectation: MustRegister
    origin: frozenset[str] = frozenset()
    target: frozenset[str] = frozenset()


AnyCheck = Check | RequestCheck | RegistrationCheck


@dataclass(frozen=True)
class Gap:
    """Something that could not be checked, and why. `by_design`: it can never be checked from this host,
    so it is not a failure."""

    subject: str
    reason: str
    by_design: bool
    about: frozenset[str] = frozenset()
    """Members whose checks are missing; empty if it is said in any case."""


def origin_of(source: Source | ControlPlane) -> frozenset[str]:
    """The members that a source stands for."""
    match source:
        case ControlPlane() | Pod():
            return frozenset({f"cluster {source.cluster}"})
        case Machine():
            return frozenset({f"VM {source.name}", f"group {source.group}"})
        case Outside():
            return frozenset({source.name})


def source_name(source: Source | ControlPlane) -> str:
    match source:
        case ControlPlane():
            return f"istiod of {source.cluster}"
        case Pod():
            return f"pod {source.name} in {source.cluster}"
        case Machine():
            return f"VM {source.name}"
        case Outside():
            return "outside"
