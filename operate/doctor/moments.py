"""Times of the Kubernetes API."""

from datetime import datetime


def moment(text: object) -> datetime | None:
    """A time of the Kubernetes API; None if there is none."""
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
