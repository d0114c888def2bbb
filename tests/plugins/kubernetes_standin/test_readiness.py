"""When objects count as ready, and which places a `waitFor` finds."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.framework.errors import ResourceError
from plugins.kubernetes_standin import readiness, wait_for


def live(status: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"generation": 2}, "spec": spec, "status": {"observedGeneration": 2, **status}}


READY_DEPLOYMENT = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("found", "done"),
    [
        (live(READY_DEPLOYMENT, replicas=2), True),
        (live({**READY_DEPLOYMENT, "observedGeneration": 1}, replicas=2), False),
        (live({**READY_DEPLOYMENT, "replicas": 3}, replicas=2), False),
        (live({**READY_DEPLOYMENT, "availableReplicas": 1}, replicas=2), False),
        (live({}, replicas=0), True),
    ],
)
def test_deployment(found: dict[str, Any], done: bool) -> None:
    assert readiness.deployment(found).done is done


@pytest.mark.parametrize(
    ("status", "spec", "done"),
    [
        ({"readyReplicas": 2, "updatedReplicas": 2}, {"replicas": 2}, True),
        ({"readyReplicas": 2, "updatedReplicas": 1}, {"replicas": 2}, False),
        (
            {"readyReplicas": 2, "updatedReplicas": 1},
            {"replicas": 2, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}},
            True,
        ),
        (
            {"readyReplicas": 2, "updatedReplicas": 0},
            {"replicas": 2, "updateStrategy": {"type": "OnDelete"}},
            True,
        ),
    ],
)
def test_stateful_set(status: dict[str, Any], spec: dict[str, Any], done: bool) -> None:
    assert readiness.stateful_set(live(status, **spec)).done is done


def test_daemon_set() -> None:
    done = {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}
    assert readiness.daemon_set(live(done)).done
    assert not readiness.daemon_set(live({**done, "updatedNumberScheduled": 1})).done
    assert not readiness.daemon_set(live({**done, "observedGeneration": 1})).done


def test_job() -> None:
    assert readiness.job(live({"conditions": [{"type": "Complete", "status": "True"}]})).done
    failed = readiness.job(
        live({"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]})
    )
    assert failed.failed
    assert "BackoffLimitExceeded" in failed.text


def test_pod() -> None:
    assert readiness.pod(live({"phase": "Succeeded"})).done
    assert not readiness.pod(live({"phase": "Running"})).done
    assert readiness.pod(live({"phase": "Failed"})).failed


def test_custom_resource_definition_with_a_taken_name() -> None:
    found = readiness.custom_resource_definition(
        live({"conditions": [{"type": "NamesAccepted", "status": "False", "message": "taken"}]})
    )
    assert found.failed
    assert found.text == "taken"


OBJECT = {
    "status": {
        "phase": "Running",
        "addresses": [{"type": "IP", "value": "10.0.0.1"}],
        "conditions": [{"type": "Ready", "status": "False"}],
        "count": 3,
    }
}


@pytest.mark.parametrize(
    ("expression", "met"),
    [
        ("jsonpath={.status.phase}=Running", True),
        ("jsonpath={.status.phase}=Pending", False),
        ("jsonpath={.status.addresses[0].value}", True),
        ("jsonpath={.status.addresses[1].value}", False),
        ('jsonpath={.status.addresses[?(@.type=="IP")].value}=10.0.0.1', True),
        ("jsonpath={.status['count']}=3", True),
        ("condition=Ready", False),
        ("condition=Ready=False", True),
        ('["condition=Ready=False", "jsonpath={.status.phase}=Running"]', True),
        ('["condition=Ready", "jsonpath={.status.phase}=Running"]', False),
    ],
)
def test_wait_for(expression: str, met: bool) -> None:
    assert wait_for.readiness(OBJECT, wait_for.expressions(expression)).done is met


def test_a_path_that_is_not_understood() -> None:
    with pytest.raises(ResourceError, match="not understood from"):
        wait_for.readiness(OBJECT, wait_for.expressions("jsonpath={.status..phase}=x"))
