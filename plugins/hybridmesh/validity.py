"""How long certificates live, and when they are renewed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.engine import Severity
from hybrid_mesh.plugins.framework.errors import CheckFailure
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties

RENEWAL_SHARE: Final = 2 / 3
"""An intermediate is due for renewal when this share of its life is over."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def renewal_due(start: datetime, life: timedelta, now: datetime) -> bool:
    """Whether what lives from `start` on for `life` is in the last third of it."""
    return now >= start + life * RENEWAL_SHARE


def tell_renewal(cluster: str, context: CallContext) -> None:
    """The line by which a preview and a drift report tell a renewal from a change."""
    context.log(Severity.INFO, f"renewal due: the intermediate certificate of cluster {cluster}")


def wrong_days(inputs: Properties, *names: str) -> Iterator[CheckFailure]:
    """A failure for each of the inputs `names` that was given and is no number of days."""
    for name in names:
        days = inputs.get(name, UNKNOWN)
        if days is not UNKNOWN and not (isinstance(days, int) and days >= 1):
            yield CheckFailure(name, f"{days!r} is no number of days; give a whole number from 1 on")
