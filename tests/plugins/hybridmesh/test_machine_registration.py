"""MachineRegistration: which VMs it waits for, and what it reports if they do not join."""

import base64
import json
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from hybrid_mesh.plugins.framework.api_server import ApiServer, ApiServerError
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties
from hybrid_mesh.plugins.hybridmesh.authority import make_root
from hybrid_mesh.plugins.hybridmesh.strip import without_secrets
from tests.plugins.hybridmesh.driver import Driver, FailedCallError, registration_inputs
from tests.plugins.hybridmesh.fake_api_server import TOKEN, FakeApiServer
from tests.plugins.hybridmesh.fake_lab import FakeLab

UNCHANGED = provider_pb2.DiffResponse.DIFF_NONE


def inputs(server: FakeApiServer, **more: Any) -> Properties:
    return registration_inputs(server.kubeconfig, **{"minimum": 2, "triggers": {"group": "1"}, **more})


def test_it_ends_when_the_minimum_is_healthy(registration: Driver, server: FakeApiServer) -> None:
    for address in ("10.10.0.100", "10.10.0.101"):
        server.register("legacy", address, healthy=True)
    server.register("other", "10.10.0.102", healthy=True)
    identity, outputs = registration.create(inputs(server))
    assert identity == "east/demo/legacy"
    names = ["legacy-10.10.0.100-amsterdam", "legacy-10.10.0.101-amsterdam"]
    assert outputs.value["workloadEntries"] == names
    assert ("kubeconfig",) in outputs.secrets
    assert server.asked == ["GET /workloadgroups/legacy", "GET /workloadentries"]
    assert server.authorizations == {f"Bearer {TOKEN}"}


def test_it_waits_for_machines_that_come_later(registration: Driver, server: FakeApiServer) -> None:
    server.register("legacy", "10.10.0.100", healthy=True)
    late = threading.Timer(0.6, lambda: server.register("legacy", "10.10.0.101", healthy=True))
    late.start()
    _, outputs = registration.create(inputs(server))
    assert len(outputs.value["workloadEntries"]) == 2
    assert server.asked.count("GET /workloadentries") > 1


def test_without_a_probe_a_connection_is_enough(registration: Driver, server: FakeApiServer) -> None:
    server.register("legacy", "10.10.0.100")
    _, outputs = registration.create(inputs(server, minimum=1, probe=False))
    assert outputs.value["workloadEntries"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"healthy": False, "message": "connection refused"}, "connected, but unhealthy: connection refused"),
        ({}, "connected, but its probe has not reported yet"),
        ({"healthy": True, "connected": False}, "has lost its connection to istiod"),
    ],
    ids=["unhealthy", "silent", "gone"],
)
def test_a_time_out_says_who_is_missing_and_why(
    registration: Driver, server: FakeApiServer, how: Any, said: str
) -> None:
    server.register("legacy", "10.10.0.100", **how)
    with pytest.raises(FailedCallError) as failure:
        registration.create(inputs(server), timeout=0.5)
    error = failure.value
    assert error.identity == "east/demo/legacy"
    assert error.reasons[0].startswith("timed out after 0.5 s waiting until 2 VMs of group legacy")
    assert (
        f"legacy-10.10.0.100-amsterdam (10.10.0.100) {'is ' if 'connected,' in said else ''}{said}"
        in error.reasons
    )
    assert "0 of 2 VMs are ready, 1 did not register with istiod of cluster east" in error.reasons


def test_a_time_out_quotes_the_agent_of_the_missing_machine_without_its_secrets(
    registration: Driver, server: FakeApiServer, lab: FakeLab
) -> None:
    server.register("legacy", "10.10.0.100", healthy=True)
    machines = {"legacy-0": "10.10.0.100", "legacy-1": "10.10.0.101"}
    lab.agent_log = "error: token eyJhbGciOi.eyJzdWIi.c2ln was refused by istiod\n"
    with pytest.raises(FailedCallError) as failure:
        registration.create(inputs(server, machineAddresses=machines), timeout=0.5)
    quoted = [reason for reason in failure.value.reasons if "Istio's agent" in reason]
    assert quoted == [
        "VM legacy-1 (10.10.0.101), Istio's agent:\nerror: token [secret] was refused by istiod"
    ]


@pytest.mark.parametrize("status", [401, 403, 500])
def test_an_unreachable_cluster_is_reported_without_a_credential(
    registration: Driver, server: FakeApiServer, status: int
) -> None:
    server.failure = status
    with pytest.raises(FailedCallError) as failure:
        registration.create(inputs(server), timeout=0.5)
    told = " ".join([str(failure.value), *failure.value.reasons])
    assert f"cluster east: the API server returned {status}" in told
    assert TOKEN not in told


def test_a_server_that_is_not_there(registration: Driver, server: FakeApiServer) -> None:
    unreachable = server.kubeconfig.replace(str(server.port), "1")
    with pytest.raises(FailedCallError) as failure:
        registration.create(inputs(server, kubeconfig=unreachable), timeout=0.5)
    assert "the API server does not respond" in str(failure.value)


@pytest.mark.parametrize("text", ["{broken: [", "{}", "/nowhere/kubeconfig"])
def test_a_broken_kubeconfig_is_one_line_without_its_text(
    registration: Driver, server: FakeApiServer, text: str
) -> None:
    with pytest.raises(FailedCallError, match="the kubeconfig cannot be used") as failure:
        registration.create(inputs(server, kubeconfig=text), timeout=0.5)
    assert text not in str(failure.value)


def test_a_kubeconfig_by_path(registration: Driver, server: FakeApiServer, tmp_path: Path) -> None:
    server.register("legacy", "10.10.0.100", healthy=True)
    path = tmp_path / "kubeconfig"
    path.write_text(server.kubeconfig)
    _, outputs = registration.create(inputs(server, kubeconfig=str(path), context="main", minimum=1))
    assert outputs.value["workloadEntries"]


def test_no_client_key_is_left_in_a_file(
    server: FakeApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The official client writes them to files and removes them at a regular exit only."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    root = make_root("mesh.example.com", "mesh1", 30, datetime.now(UTC))
    kubeconfig = json.loads(server.kubeconfig)
    encoded = {
        name: base64.b64encode(text.encode()).decode()
        for name, text in (("c", root.certificate_pem), ("k", root.key_pem))
    }
    kubeconfig["clusters"][0]["cluster"] = {
        "server": "https://127.0.0.1:1",
        "certificate-authority-data": encoded["c"],
    }
    kubeconfig["users"][0]["user"] = {
        "client-certificate-data": encoded["c"],
        "client-key-data": encoded["k"],
    }
    for _ in range(2):
        with pytest.raises(ApiServerError, match="does not respond"):
            ApiServer(json.dumps(kubeconfig), None).get("/", 1)
    assert list(tmp_path.iterdir()) == []


def test_many_use_one_kubeconfig_at_once(server: FakeApiServer) -> None:
    """The groups of a cluster: the official client gives them one file for the cluster's authority."""
    kubeconfig = json.loads(server.kubeconfig)
    root = make_root("mesh.example.com", "mesh1", 30, datetime.now(UTC)).certificate_pem
    kubeconfig["clusters"][0]["cluster"] = {
        "server": "https://127.0.0.1:1",
        "certificate-authority-data": base64.b64encode(root.encode()).decode(),
    }
    text = json.dumps(kubeconfig)
    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(lambda _: ApiServer(text, None), range(100)))) == 100


def test_a_preview_waits_for_no_one(registration: Driver, server: FakeApiServer) -> None:
    identity, outputs = registration.create(inputs(server, kubeconfig=UNKNOWN), preview=True)
    assert (identity, outputs.value["workloadEntries"]) == ("", UNKNOWN)
    assert server.asked == []


def test_a_failed_wait_is_over_when_a_read_finds_the_machines(
    registration: Driver, server: FakeApiServer
) -> None:
    given = inputs(server, minimum=1)
    with pytest.raises(FailedCallError) as failure:
        registration.create(given, timeout=0.5)
    with pytest.raises(FailedCallError) as again:
        registration.read("east/demo/legacy", given, failure.value.outputs)
    assert again.value.reasons == failure.value.reasons
    server.register("legacy", "10.10.0.100", healthy=True)
    _, outputs = registration.read("east/demo/legacy", given, again.value.outputs)
    assert outputs.value["workloadEntries"] == ["legacy-10.10.0.100-amsterdam"]


def test_what_did_not_count_in_a_failed_wait_does_not_count_later(
    registration: Driver, server: FakeApiServer
) -> None:
    before = inputs(server, minimum=1, machineAddresses={"vm": "10.10.0.100"}, triggers={"machine-vm": "a"})
    server.register("legacy", "10.10.0.100", healthy=True)
    outputs = registration.create(before)[1].value
    after = {**before, "triggers": {"machine-vm": "b"}}
    with pytest.raises(FailedCallError) as failure:
        registration.update("id", outputs, before, after, timeout=0.5)
    with pytest.raises(FailedCallError):
        registration.read("id", after, failure.value.outputs)
    with pytest.raises(FailedCallError):
        registration.update("id", failure.value.outputs, after, after, timeout=0.5)


def test_read_asks_no_one(registration: Driver, server: FakeApiServer) -> None:
    given = inputs(server)
    outputs = {**given, "workloadEntries": ["a"]}
    assert registration.read("east/demo/legacy", given, outputs)[1].value == outputs
    assert server.asked == []


@pytest.mark.parametrize(
    "change",
    [{"kubeconfig": "other"}, {"minimum": 5}, {"machineAddresses": {"x": "10.10.0.9"}}, {"context": "other"}],
)
def test_what_is_not_a_difference(registration: Driver, server: FakeApiServer, change: Properties) -> None:
    given = inputs(server)
    assert registration.diff("id", given, given, {**given, **change}).changes == UNCHANGED


def test_a_trigger_is_an_update_that_waits(registration: Driver, server: FakeApiServer) -> None:
    given = inputs(server, minimum=1)
    news = {**given, "triggers": {"group": "2"}}
    answer = registration.diff("id", given, given, news)
    assert (answer.changes, list(answer.replaces)) == (provider_pb2.DiffResponse.DIFF_SOME, [])
    with pytest.raises(FailedCallError, match="timed out"):
        registration.update("id", given, given, news, timeout=0.5)
    server.register("legacy", "10.10.0.100", healthy=True)
    assert registration.update("id", given, given, news).value["workloadEntries"]


def test_what_a_replaced_machine_left_behind_does_not_count(
    registration: Driver, server: FakeApiServer
) -> None:
    """A VM that was cut off keeps its entry, connected and Healthy, until istiod misses it."""
    machines = {"legacy-0": "10.10.0.100", "legacy-1": "10.10.0.101"}
    before = inputs(
        server, machineAddresses=machines, triggers={"machine-legacy-0": "a", "machine-legacy-1": "b"}
    )
    for address in machines.values():
        server.register("legacy", address, healthy=True)
    outputs = registration.create(before)[1].value
    after = {**before, "triggers": {"machine-legacy-0": "a", "machine-legacy-1": "another"}}
    with pytest.raises(FailedCallError, match="timed out"):
        registration.update("id", outputs, before, after, timeout=0.5)
    server.entries[1]["metadata"]["annotations"]["istio.io/connectedAt"] = "2026-01-01T00:05:00Z"
    assert len(registration.update("id", outputs, before, after).value["workloadEntries"]) == 2


def test_an_unknown_trigger_previews_without_waiting(registration: Driver, server: FakeApiServer) -> None:
    given = inputs(server)
    news = {**given, "triggers": {"group": UNKNOWN}}
    assert registration.diff("id", given, given, news).changes != UNCHANGED
    assert registration.update("id", given, given, news, preview=True).value["workloadEntries"] is UNKNOWN
    assert server.asked == []


@pytest.mark.parametrize("change", [{"group": "x"}, {"namespace": "x"}, {"clusterName": "x"}])
def test_another_group_is_another_registration(
    registration: Driver, server: FakeApiServer, change: Properties
) -> None:
    given = inputs(server)
    assert list(registration.diff("id", given, given, {**given, **change}).replaces) == list(change)


def test_quarantine_does_no_io(registration: Driver, server: FakeApiServer) -> None:
    given = inputs(server, quarantined=True)
    _, outputs = registration.create(given)
    assert outputs.value["workloadEntries"] == []
    registration.update("id", outputs.value, given, {**given, "triggers": {"group": "2"}})
    registration.delete("id", outputs.value, given)
    assert server.asked == []


def test_cancel_ends_the_wait(registration: Driver, server: FakeApiServer) -> None:
    with registration.cancelled_after(0.3), pytest.raises(FailedCallError) as failure:
        registration.create(inputs(server))
    assert failure.value.code is grpc.StatusCode.CANCELLED


def test_a_minimum_is_a_number(registration: Driver, server: FakeApiServer) -> None:
    assert registration.check(inputs(server, minimum=-1))[1]["minimum"] == "must be a number of VMs (got -1)"


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        ("jwt eyJhbGci.eyJpc3M.abc-_1 end", "jwt [secret] end"),
        ("Authorization: Bearer abcdef", "Authorization: Bearer [secret]"),
        ("-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----\nrest", "[secret]\nrest"),
        ("-----BEGIN PRIVATE KEY-----\ncut off", "[secret]"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_credentials_are_stripped_from_logs(text: str, stripped: str) -> None:
    assert without_secrets(text) == stripped
