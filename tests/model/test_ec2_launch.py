"""How an EC2 VM completes its launch, against a metadata service and an API of this process."""

import datetime
import http.client
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hybrid_mesh.model.clouds.aws import LAUNCH_HOOK
from hybrid_mesh.model.clouds.registry import AWS
from hybrid_mesh.model.istio_facts import VM_HEALTH_PORT
from hybrid_mesh.model.texts.machine_files import ec2_identity

GROUP, INSTANCE = "mesh-group-orders-machines-group-1a2b3c4", "i-0123456789abcdef0"
KEYS = {
    "AccessKeyId": "ASIAEXAMPLE",
    "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "Token": "FwoGZXIvYXdzEXAMPLE/+token==",
}
METADATA = {
    "/latest/meta-data/iam/security-credentials/": "a-role",
    "/latest/meta-data/iam/security-credentials/a-role": json.dumps(KEYS),
    "/latest/meta-data/tags/instance/aws:autoscaling:groupName": GROUP,
    "/latest/meta-data/instance-id": INSTANCE,
}
REFUSED = "<ErrorResponse><Error><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>"


class World:
    """The VM's health endpoint, its metadata service, and EC2 Auto Scaling."""

    def __init__(self) -> None:
        self.unhealthy = 0
        self.answers: list[tuple[int, str]] = []
        self.requests: list[dict[str, list[str]]] = []

    def answer(self, path: str, session: str | None) -> tuple[int, str]:
        if path.startswith("/?Action="):
            self.requests.append(parse_qs(urlsplit(path).query))
            return self.answers.pop(0) if self.answers else (200, "")
        if path == "/":
            self.unhealthy -= 1
            return (
                (503, "application: connection refused\n") if self.unhealthy >= 0 else (200, "in service\n")
            )
        if path == "/latest/api/token":
            return 200, "a-session"
        return (200, METADATA[path]) if session == "a-session" and path in METADATA else (401, "")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = world.answer(self.path, self.headers.get("X-aws-ec2-metadata-token"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_PUT = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"127.0.0.1:{server.server_port}"

        def connect(host: str, timeout: float) -> http.client.HTTPConnection:
            assert host == "autoscaling.eu-central-1.amazonaws.com"
            return http.client.HTTPConnection(here, timeout=timeout)

        monkeypatch.setattr(ec2_identity, "METADATA_SERVER", here)
        monkeypatch.setattr(ec2_identity, "HEALTH", here)
        monkeypatch.setattr(http.client, "HTTPSConnection", connect)
        monkeypatch.setattr(time, "sleep", lambda _: None)
        for key, value in AWS.identity_settings("eu-central-1", "west").items():
            monkeypatch.setenv(key, value)
        yield world
        server.shutdown()


def test_the_health_endpoint_is_that_of_the_vm() -> None:
    assert ec2_identity.HEALTH.endswith(f":{VM_HEALTH_PORT}")


def test_the_request_is_signed_as_botocore_signs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signature was made once with botocore 1.x (SigV4QueryAuth, service autoscaling) from these very
    inputs."""
    monkeypatch.setenv("LIFECYCLE_HOOK", LAUNCH_HOOK)
    now = datetime.datetime(2026, 11, 23, 5, 50, tzinfo=datetime.UTC)
    url = ec2_identity.completion(KEYS, "eu-central-1", GROUP, INSTANCE, now)
    assert url.endswith("X-Amz-Signature=4681c49209801fb40ef581bc380817a3176f96a0e2627c05d96c26935bb93887")


def test_a_vm_completes_its_launch_when_it_is_in_service(world: World) -> None:
    world.unhealthy = 3
    assert ec2_identity.main() == 0
    assert world.unhealthy == -1, "not before the endpoint says so"
    [request] = world.requests
    assert {key: value for key, [value] in request.items() if not key.startswith("X-Amz-")} == {
        "Action": "CompleteLifecycleAction",
        "Version": "2011-01-01",
        "AutoScalingGroupName": GROUP,
        "InstanceId": INSTANCE,
        "LifecycleActionResult": "CONTINUE",
        "LifecycleHookName": LAUNCH_HOOK,
    }
    assert request["X-Amz-Security-Token"] == [KEYS["Token"]]


def test_it_retries_until_its_role_may(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    denied = (403, REFUSED.format("AccessDenied", "not authorized to perform CompleteLifecycleAction"))
    world.answers = [denied, denied, (503, "")]
    assert ec2_identity.main() == 0
    assert len(world.requests) == 4
    said = capsys.readouterr().err
    assert said.count("403 not authorized") == 1
    assert KEYS["Token"] not in said
    assert KEYS["SecretAccessKey"] not in said


def test_a_group_that_does_not_wait_is_no_failure(world: World) -> None:
    """A VM that was launched before the hook existed, or that rebooted."""
    text = f"No active Lifecycle Action found with instance ID {INSTANCE}"
    world.answers = [(400, REFUSED.format("ValidationError", text))]
    assert ec2_identity.main() == 0
    assert len(world.requests) == 1


def test_it_survives_a_metadata_service_without_the_groups_name(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: Any = dict(METADATA)
    monkeypatch.setitem(METADATA, "/latest/meta-data/iam/security-credentials/", "")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        METADATA.update(found)

    monkeypatch.setattr(time, "sleep", pause)
    assert ec2_identity.main() == 0
    assert len(pauses) == 1
