"""What a stack needs of the accounts that it is created in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Amount:
    """How much of something a stack uses: at its minimum size, at its maximum, and at either size while all
    nodes and VMs that can be replaced at the same time are replaced."""

    minimum: int
    maximum: int
    rolling: int
    rolling_maximum: int

    @classmethod
    def exactly(cls, number: int) -> "Amount":
        """A number that depends on no size."""
        return cls(number, number, number, number)

    @classmethod
    def of_set(cls, minimum: int, maximum: int, *surges: int) -> "Amount":
        """A set of `minimum` to `maximum` members, to which a replacement adds up to `surges`: at either size
        the same, or one for each."""
        return cls(minimum, maximum, minimum + surges[0], maximum + surges[-1])

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(
            self.minimum + other.minimum,
            self.maximum + other.maximum,
            self.rolling + other.rolling,
            self.rolling_maximum + other.rolling_maximum,
        )

    def times(self, factor: int) -> "Amount":
        return Amount(
            self.minimum * factor,
            self.maximum * factor,
            self.rolling * factor,
            self.rolling_maximum * factor,
        )


NOTHING = Amount.exactly(0)


@dataclass(frozen=True)
class Quota:
    """A limit of an account. `default` is that of a new account, None where it depends on the account."""

    name: str
    default: int | None
    show: str
    """The command that prints the limit, or a sentence that says why there is none."""
    request: str | None
    """The command (with `{wanted}`) or the page that requests more; None if the limit cannot be raised."""
    unit: int = 1
    """What the limit counts: 1024 for a quota in TiB of something that is needed in GB."""


@dataclass(frozen=True)
class Need:
    what: str
    amount: Amount
    quota: Quota

    @property
    def wanted(self) -> int:
        """The smallest limit that suffices at any time, in the quota's unit."""
        return -(-self.amount.rolling_maximum // self.quota.unit)

    @property
    def exceeds_default(self) -> bool:
        return self.quota.default is not None and self.wanted > self.quota.default

    @property
    def request(self) -> str | None:
        return None if self.quota.request is None else self.quota.request.format(wanted=self.wanted)


@dataclass(frozen=True)
class RegionNeeds:
    """What a stack needs in one region of one account."""

    cloud: str
    account: str
    """Google Cloud project; "" on AWS, whose account the credentials determine."""
    region: str
    networks: tuple[str, ...]
    needs: tuple[Need, ...]
    unknown: tuple[str, ...]
    """What cannot be computed, one sentence each."""


@dataclass(frozen=True)
class Access:
    """What an identity must be allowed to do."""

    cloud: str
    account: str
    purpose: str
    """`up and destroy`, `preview and drift`, or an agent of the cloud."""
    roles: tuple[str, ...]
    """Roles of Google Cloud, or names of policies that AWS manages; each with its condition or scope."""
    policy: Mapping[str, Any] | None = None
    """A further policy of AWS, as JSON."""


@dataclass(frozen=True)
class CostLine:
    """A part of the monthly cost. `unit` is the price of one for a month, in US dollars."""

    cloud: str
    region: str
    what: str
    minimum: int
    maximum: int
    unit: float


@dataclass(frozen=True)
class Costs:
    lines: tuple[CostLine, ...]
    unknown: tuple[str, ...]
    """Prices that are not known, one sentence each: the sums are without them."""

    @property
    def minimum(self) -> float:
        return sum(line.minimum * line.unit for line in self.lines)

    @property
    def maximum(self) -> float:
        return sum(line.maximum * line.unit for line in self.lines)


@dataclass(frozen=True)
class Requirements:
    regions: tuple[RegionNeeds, ...]
    services: Mapping[str, tuple[str, ...]]
    """APIs to enable, by Google Cloud project."""
    access: tuple[Access, ...]
    costs: Costs
