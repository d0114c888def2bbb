"""The causes that a workload's pods give, from a server that the test plays."""

from __future__ import annotations

from typing import Any, cast

from plugins.kubernetes_standin.api import Api, StatusError
from plugins.kubernetes_standin.causes import pod_causes


class PlayedApi:
    """Knows the pods and the logs that it was given."""

    def __init__(self, pods: list[Any], logs: str | None) -> None:
        self._pods = pods
        self._logs = logs

    def get(self, path: str, **query: str) -> Any:
        return {"items": self._pods if path.endswith("/pods") else []}

    def get_text(self, path: str, **query: str) -> str:
        if self._logs is None:
            raise StatusError(404, {"message": "no logs"})
        return self._logs


DEPLOYMENT = {
    "kind": "Deployment",
    "metadata": {"namespace": "n", "uid": "1"},
    "spec": {"selector": {"matchLabels": {"a": "b"}}},
}


def causes(container: dict[str, Any], logs: str | None = None) -> list[str]:
    status = {"containerStatuses": [{"name": "c", "ready": False, **container}]}
    pod = {"metadata": {"name": "p", "namespace": "n"}, "status": status}
    return pod_causes(cast(Api, PlayedApi([pod], logs)), DEPLOYMENT)


def test_a_crash_loop_has_its_last_lines() -> None:
    waiting = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    assert causes(waiting, "one\ntwo\n") == [
        "pod p, container c: CrashLoopBackOff; its last lines: one | two"
    ]
    assert causes(waiting) == ["pod p, container c: CrashLoopBackOff"]


def test_an_end_has_its_code() -> None:
    ended = {"state": {"terminated": {"reason": "Error", "exitCode": 3}}}
    assert causes(ended, "boom") == [
        "pod p, container c: Error with exit code 3; its last lines: boom",
    ]


def test_a_container_that_runs_but_is_not_ready() -> None:
    assert causes({"state": {"running": {}}}) == [
        "pod p, container c: running, but its readiness probe does not succeed"
    ]


def test_a_container_that_is_being_made_is_no_cause() -> None:
    assert causes({"state": {"waiting": {"reason": "ContainerCreating"}}}) == []
