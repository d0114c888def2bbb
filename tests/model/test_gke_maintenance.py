"""The maintenance policy of a GKE cluster, as its API takes it."""

from datetime import datetime

from hybrid_mesh.model.clouds.gke_maintenance import maintenance_policy
from hybrid_mesh.model.config.clusters import GkeMaintenanceConfig

MINOR = {
    "exclusion_name": "minor-upgrades",
    "start_time": "2024-01-01T00:00:00Z",
    "exclusion_options": {"scope": "NO_MINOR_UPGRADES", "end_time_behavior": "UNTIL_END_OF_SUPPORT"},
}


def test_minor_upgrades_are_held_back_at_any_time() -> None:
    assert maintenance_policy(GkeMaintenanceConfig()) == {
        "recurring_window": {
            "start_time": "2024-01-01T00:00:00Z",
            "end_time": "2024-01-02T00:00:00Z",
            "recurrence": "FREQ=DAILY",
        },
        "maintenance_exclusions": [MINOR],
    }


def test_a_channel_may_decide_as_before() -> None:
    assert maintenance_policy(GkeMaintenanceConfig(minor_upgrades="automatic")) is None


def test_a_window_begins_on_one_of_its_days_and_may_end_on_the_next() -> None:
    config = GkeMaintenanceConfig.model_validate(
        {
            "minorUpgrades": "automatic",
            "window": {"days": ["sunday", "saturday"], "start": "22:30", "hours": 6},
        }
    )
    policy = maintenance_policy(config)
    assert policy is not None
    window = policy["recurring_window"]
    assert window == {
        "start_time": "2024-01-06T22:30:00Z",
        "end_time": "2024-01-07T04:30:00Z",
        "recurrence": "FREQ=WEEKLY;BYDAY=SA,SU",
    }
    assert datetime.fromisoformat(window["start_time"]).strftime("%A") == "Saturday"


def test_exclusions_come_with_the_one_of_minor_upgrades() -> None:
    times = [
        {"name": "end-of-year", "start": "2026-12-18", "end": "2027-01-04"},
        {"name": "migration", "start": "2026-10-01", "end": "2026-11-01", "scope": "minor-and-nodes"},
    ]
    policy = maintenance_policy(GkeMaintenanceConfig.model_validate({"exclusions": times}))
    assert policy is not None
    assert policy["maintenance_exclusions"] == [
        {
            "exclusion_name": "end-of-year",
            "start_time": "2026-12-18T00:00:00Z",
            "end_time": "2027-01-04T00:00:00Z",
            "exclusion_options": {"scope": "NO_UPGRADES"},
        },
        {
            "exclusion_name": "migration",
            "start_time": "2026-10-01T00:00:00Z",
            "end_time": "2026-11-01T00:00:00Z",
            "exclusion_options": {"scope": "NO_MINOR_OR_NODE_UPGRADES"},
        },
        MINOR,
    ]
