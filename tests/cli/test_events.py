"""The engine's event log, line by line and while it grows."""

import json
from pathlib import Path

import pytest

from hybrid_mesh.cli.events import (
    Announced,
    EventLog,
    Message,
    Moment,
    Step,
    Summary,
    name_of,
    read_event,
    type_of,
)
from tests.cli.engine_events import (
    EAST,
    STACK,
    announced,
    begun,
    done,
    failed,
    message,
    status,
    summary,
)


def test_steps_are_read_with_what_they_change() -> None:
    line = json.dumps(begun("replace", EAST, inputs={"clusterName": "east"}, detailedDiff={"podCidr": {}}))
    step = read_event(line)
    assert isinstance(step, Step)
    assert (step.moment, step.operation, step.urn) == (Moment.BEGUN, "replace", EAST)
    assert step.changed == ("podCidr",)
    assert step.before == {"clusterName": "east"}
    assert step.custom
    assert not step.retained


@pytest.mark.parametrize(
    ("event", "read"),
    [
        (status(EAST, "starting etcd"), Message("info", "starting etcd", EAST, passing=True)),
        (message("error", "line 1\nline 2", EAST), Message("error", "line 1\nline 2", EAST)),
        (message("info#err", "printed"), Message("info", "printed")),
        (message("debug", "beginning rpc register resource"), None),
        (
            announced("kubernetes:core/v1:Namespace", "mesh-east-istio-namespace"),
            Announced("kubernetes:core/v1:Namespace", "mesh-east-istio-namespace", custom=True),
        ),
        (summary(same=78), Summary({"same": 78})),
        ({"stdoutEvent": {"message": "hello\n"}}, Message("info", "hello")),
        (
            {
                "policyEvent": {
                    "policyName": "p",
                    "message": "no",
                    "enforcementLevel": "mandatory",
                    "resourceUrn": EAST,
                }
            },
            Message("error", "policy p: no", EAST),
        ),
        ({"preludeEvent": {"config": {}}}, None),
        ({"cancelEvent": {}}, None),
        ({"anotherEvent": 1}, None),
        ([], None),
    ],
)
def test_what_else_is_read(event: object, read: object) -> None:
    assert read_event(json.dumps(event)) == read


def test_a_line_that_is_not_json_is_passed_over() -> None:
    assert read_event("{") is None


def test_a_growing_log_gives_each_whole_line_once(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events")
    assert list(log.new()) == []
    first, second = (json.dumps(event) for event in (begun("create", EAST), done("create", EAST)))
    with (tmp_path / "events").open("w") as file:
        file.write(f"{first}\n{second[:20]}")
        file.flush()
        assert [type(event) for event in log.new()] == [Step]
        assert list(log.new()) == []
        file.write(f"{second[20:]}\n{json.dumps(failed('update', EAST))}\n")
        file.flush()
        moments = [event.moment for event in log.new() if isinstance(event, Step)]
    assert moments == [Moment.DONE, Moment.FAILED]


def test_names_and_types_are_the_urns() -> None:
    assert (name_of(EAST), type_of(EAST)) == ("mesh-east-cluster", "hybridmesh:index:LocalCluster")
    assert type_of(STACK) == "pulumi:pulumi:Stack"
    assert type_of("") == ""
