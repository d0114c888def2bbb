"""What is asked of the mesh: a source, a request, and what must come of it."""

from dataclasses import dataclass
from enum import Enum

from hybrid_mesh.operate.shell import Machine, Pod

MOST_REQUESTS = 300


@dataclass(frozen=True)
class Outside:
    """The place where the person sits, which is no part of the mesh."""

    name: str = "outside"


Source = Pod | Machine | Outside


@dataclass(frozen=True)
class Responder:
    """Somebody who may answer.

    `hostname` is what its echo server says, `member` what a person calls it, `identity` its SPIFFE
    identity, `places` the clusters that its echo server may name, `network` where it is.
    """

    hostname: str
    member: str
    identity: str
    places: frozenset[str]
    network: str


@dataclass(frozen=True)
class MustAnswer:
    """Every one of `requests` requests is answered with 200 by one of `responders`, whose proxies saw
    `caller`.

    Of each set of `everyone` (members, such as `cluster east` or `machine legacy-1`) one must be among those
    that answered. A set has several members where they are in another network than the caller: an east-west
    gateway chooses anew only for a new connection, and the caller's proxy keeps the one that it has.
    """

    responders: tuple[Responder, ...]
    caller: str
    everyone: frozenset[frozenset[str]]
    requests: int


class RequestFailure(Enum):
    """The ways in which a request may fail, as the caller sees them."""

    CLOSED = "the connection is closed"
    TLS_ALERT = "TLS ends with an alert"
    NO_WAY = "nothing is reached"


@dataclass(frozen=True)
class MustFail:
    """The request fails, in one of these ways. Another failure proves nothing and does not hold."""

    ways: frozenset[RequestFailure]


@dataclass(frozen=True)
class Check:
    """One line of the report. `command` runs at `source`."""

    subject: str
    source: Source
    destination: str
    command: tuple[str, ...]
    expectation: MustAnswer | MustFail


@dataclass(frozen=True)
class Gap:
    """What could not be probed, and why. `by_design`: it never can be from here, so it speaks against
    nothing."""

    subject: str
    reason: str
    by_design: bool


def source_name(source: Source) -> str:
    match source:
        case Pod():
            return f"pod {source.name} in {source.cluster}"
        case Machine():
            return f"VM {source.name}"
        case Outside():
            return "outside"
