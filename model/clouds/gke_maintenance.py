"""When GKE may upgrade a cluster, in the form of its API (`MaintenancePolicy`)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hybrid_mesh.model.config.clusters import GkeMaintenanceConfig, GkeMaintenanceWindowConfig

MINOR_UPGRADES = "minor-upgrades"
"""Name of the exclusion that holds minor upgrades back. GKE renews it with each release."""

_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
"""A day in the past from which windows recur."""

_SCOPES = {
    "all": "NO_UPGRADES",
    "minor": "NO_MINOR_UPGRADES",
    "minor-and-nodes": "NO_MINOR_OR_NODE_UPGRADES",
}

_ANY_TIME = {
    "start_time": "2024-01-01T00:00:00Z",
    "end_time": "2024-01-02T00:00:00Z",
    "recurrence": "FREQ=DAILY",
}


def maintenance_policy(config: GkeMaintenanceConfig) -> dict[str, Any] | None:
    """The policy, with times in UTC as GKE returns them; None for GKE's default. A policy always has a
    window."""
    exclusions = [
        {
            "exclusion_name": each.name,
            "start_time": f"{each.start}T00:00:00Z",
            "end_time": f"{each.end}T00:00:00Z",
            "exclusion_options": {"scope": _SCOPES[each.scope]},
        }
        for each in config.exclusions
    ]
    if config.minor_upgrades == "manual":
        options = {"scope": _SCOPES["minor"], "end_time_behavior": "UNTIL_END_OF_SUPPORT"}
        start = _ANY_TIME["start_time"]
        exclusions.append(
            {"exclusion_name": MINOR_UPGRADES, "start_time": start, "exclusion_options": options}
        )
    if config.window is None and not exclusions:
        return None
    window = _recurring(config.window) if config.window else _ANY_TIME
    return {"recurring_window": window, "maintenance_exclusions": exclusions}


def _recurring(window: GkeMaintenanceWindowConfig) -> dict[str, str]:
    """The window as a first occurrence, on the first of its days, and a rule of RFC 5545."""
    days = [day for day in window.WEEK if not window.days or day in window.days]
    hours, minutes = map(int, window.start.split(":"))
    start = _MONDAY + timedelta(days=window.WEEK.index(days[0]), hours=hours, minutes=minutes)
    names = ",".join(day[:2].upper() for day in days)
    return {
        "start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "end_time": f"{start + timedelta(hours=window.hours):%Y-%m-%dT%H:%M:%SZ}",
        "recurrence": f"FREQ=WEEKLY;BYDAY={names}",
    }
