"""Validity and renewal of certificates."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from hybrid_mesh.model.config.renewal import RENEWAL_SHARE
from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.engine import Severity
from hybrid_mesh.plugins.framework.errors import CheckFailure
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties


def utc_now() -> datetime:
    return datetime.now(UTC)


def renewal_due(start: datetime, life: timedelta, now: datetime) -> bool:
    """Whether a certificate that is valid from `start` for `life` is in the last third of its validity."""
    return now >= start + life * RENEWAL_SHARE


def log_renewal(cluster: str, context: CallContext) -> None:
    """Logs a renewal, so that previews and drift reports show it as such."""
    context.log(Severity.INFO, f"renewal due: the intermediate certificate of cluster {cluster}")


def wrong_days(inputs: Properties, *names: str) -> Iterator[CheckFailure]:
    """A failure for each of the inputs `names` that is set and not a valid number of days."""
    for name in names:
        days = inputs.get(name, UNKNOWN)
        if days is not UNKNOWN and not (isinstance(days, int) and days >= 1):
            yield CheckFailure(name, f"must be a whole number of days, at least 1 (got {days!r})")
