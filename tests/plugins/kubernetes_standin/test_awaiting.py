"""Waiting for objects in a real API server, whose nodes are played by the tests."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2

from plugins.framework.values import Properties
from tests.plugins.control_plane import ControlPlane
from tests.plugins.kubernetes_standin.conftest import FailedAwaitError, Made, Plugin
from tests.plugins.kubernetes_standin.objects import (
    CRD,
    DEPLOYMENT,
    SECRET,
    SERVICE,
    deployment,
    kind_definition,
)
from tests.waiting import eventually

MERGE = "application/merge-patch+json"


def awaited_deployment(namespace: str, **annotations: str) -> Properties:
    given = deployment(namespace)
    given["metadata"]["annotations"] = annotations
    return given


def pods(plane: ControlPlane, namespace: str) -> list[Any]:
    found: list[Any] = plane.request("GET", f"/api/v1/namespaces/{namespace}/pods")["items"]
    return found


def set_status(plane: ControlPlane, path: str, status: Any) -> None:
    plane.request("PATCH", f"{path}/status", {"status": status}, MERGE)


def set_pod_status(plane: ControlPlane, namespace: str, status: Any) -> None:
    eventually("there is a pod", lambda: bool(pods(plane, namespace)))
    name = pods(plane, namespace)[0]["metadata"]["name"]
    set_status(plane, f"/api/v1/namespaces/{namespace}/pods/{name}", status)


def ready_pod() -> Properties:
    conditions = [{"type": kind, "status": "True"} for kind in ("Ready", "ContainersReady", "PodScheduled")]
    return {"phase": "Running", "conditions": conditions}


def waiting_pod(reason: str, message: str) -> Properties:
    waiting = {"waiting": {"reason": reason, "message": message}}
    container = {
        "name": "c",
        "ready": False,
        "restartCount": 0,
        "image": "none:1",
        "imageID": "",
        "state": waiting,
    }
    return {"phase": "Pending", "containerStatuses": [container]}


def background(plugin: Plugin, token: str, given: Properties, timeout: float = 0) -> Future[Made]:
    return ThreadPoolExecutor(1).submit(plugin.create, token, given["metadata"]["name"], given, timeout)


def test_a_deployment_is_done_when_its_pods_are_available(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    made = background(plugin, DEPLOYMENT, awaited_deployment(namespace), 60)
    eventually("there is a pod", lambda: bool(pods(control_plane, namespace)))
    assert not made.done()
    set_pod_status(control_plane, namespace, ready_pod())
    assert made.result(timeout=30).outputs["status"]["availableReplicas"] == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (waiting_pod("ErrImagePull", "no such image"), "container c: ErrImagePull: no such image"),
        (waiting_pod("CrashLoopBackOff", "back-off"), "container c: CrashLoopBackOff"),
        (
            {
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/1 nodes are available",
                    }
                ]
            },
            "Unschedulable: 0/1 nodes are available",
        ),
    ],
)
def test_a_time_out_names_the_cause_and_keeps_the_object(
    plugin: Plugin, namespace: str, control_plane: ControlPlane, status: Properties, expected: str
) -> None:
    made = background(plugin, DEPLOYMENT, awaited_deployment(namespace), 4)
    set_pod_status(control_plane, namespace, status)
    with pytest.raises(FailedAwaitError) as caught:
        made.result(timeout=30)
    assert expected in str(caught.value)
    assert "timed out after 4 s" in str(caught.value)
    assert caught.value.identity == f"{namespace}/d"
    assert caught.value.properties["metadata"]["uid"]


def test_an_update_repairs_what_was_not_ready(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    given = awaited_deployment(namespace, **{"pulumi.com/timeoutSeconds": "1"})
    with pytest.raises(FailedAwaitError) as caught:
        plugin.create(DEPLOYMENT, "d", given)
    made = Made(DEPLOYMENT, "d", caught.value.identity, given, caught.value.properties)
    set_pod_status(control_plane, namespace, ready_pod())
    assert plugin.update(made, awaited_deployment(namespace)).outputs["status"]["availableReplicas"] == 1


def test_a_rollout_that_exceeds_its_deadline_fails_at_once(plugin: Plugin, namespace: str) -> None:
    given = awaited_deployment(namespace)
    given["spec"]["progressDeadlineSeconds"] = 1
    began = time.monotonic()
    with pytest.raises(FailedAwaitError, match="progress"):
        plugin.create(DEPLOYMENT, "d", given, 60)
    assert time.monotonic() - began < 30


def test_skip_await(plugin: Plugin, namespace: str) -> None:
    given = awaited_deployment(namespace, **{"pulumi.com/skipAwait": "true"})
    assert plugin.create(DEPLOYMENT, "d", given).identity == f"{namespace}/d"


def test_cancel_stops_a_wait_at_once_and_keeps_the_object(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    made = background(plugin, DEPLOYMENT, awaited_deployment(namespace), 60)
    eventually("there is a pod", lambda: bool(pods(control_plane, namespace)))
    began = time.monotonic()
    plugin.stub.Cancel(empty_pb2.Empty())
    with pytest.raises(FailedAwaitError, match="cancelled") as caught:
        made.result(timeout=10)
    assert caught.value.identity == f"{namespace}/d"
    assert time.monotonic() - began < 5


def test_a_load_balancer_has_an_address(plugin: Plugin, namespace: str, control_plane: ControlPlane) -> None:
    given = {
        "metadata": {"name": "s", "namespace": namespace},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"a": "b"}},
    }
    made = background(plugin, SERVICE, given, 30)
    path = f"/api/v1/namespaces/{namespace}/services/s"
    eventually("there is a service", lambda: control_plane.find(path) is not None)
    assert not made.done()
    set_status(control_plane, path, {"loadBalancer": {"ingress": [{"ip": "172.30.1.10"}]}})
    assert made.result(timeout=30).outputs["status"]["loadBalancer"]["ingress"][0]["ip"] == "172.30.1.10"


def test_a_service_account_token_is_filled(plugin: Plugin, namespace: str) -> None:
    given = {
        "metadata": {
            "name": "t",
            "namespace": namespace,
            "annotations": {"kubernetes.io/service-account.name": "default"},
        },
        "type": "kubernetes.io/service-account-token",
    }
    made = plugin.create(SECRET, "t", given, 30)
    assert {"token", "ca.crt", "namespace"} <= made.outputs["data"].keys()
    assert ("data",) in made.secrets
    assert plugin.read(made).inputs == made.inputs


def test_a_custom_resource_waits_for_its_kind(plugin: Plugin, namespace: str) -> None:
    thing = {
        "apiVersion": "late.example.com/v1",
        "kind": "Late",
        "metadata": {"name": "t", "namespace": namespace},
        "spec": {"size": 1},
    }
    made = background(plugin, "kubernetes:late.example.com/v1:Late", thing)
    assert wait([made], timeout=1).not_done
    plugin.create(CRD, "crd", kind_definition("late.example.com", "Late"), 30)
    assert made.result(timeout=30).outputs["spec"] == {"size": 1}


def test_an_object_waits_for_its_namespace(plugin: Plugin, control_plane: ControlPlane) -> None:
    given = {"metadata": {"name": "cm", "namespace": "late-one"}, "data": {"a": "1"}}
    made = background(plugin, "kubernetes:core/v1:ConfigMap", given)
    timer = threading.Timer(
        1, control_plane.request, ("POST", "/api/v1/namespaces", {"metadata": {"name": "late-one"}})
    )
    timer.start()
    assert made.result(timeout=30).identity == "late-one/cm"


def test_wait_for_what_the_annotation_says(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    given = {
        "metadata": {
            "name": "cm",
            "namespace": namespace,
            "annotations": {"pulumi.com/waitFor": "jsonpath={.data.state}=done"},
        },
        "data": {"a": "1"},
    }
    made = background(plugin, "kubernetes:core/v1:ConfigMap", given, 30)
    path = f"/api/v1/namespaces/{namespace}/configmaps/cm"
    eventually("there is a config map", lambda: control_plane.find(path) is not None)
    assert not made.done()
    control_plane.patch(path, {"data": {"state": "done"}})
    assert made.result(timeout=30).outputs["data"]["state"] == "done"


def test_a_wait_for_that_is_not_understood(plugin: Plugin, namespace: str) -> None:
    given = {
        "metadata": {"name": "cm", "namespace": namespace, "annotations": {"pulumi.com/waitFor": "ready"}},
        "data": {"a": "1"},
    }
    with pytest.raises((grpc.RpcError, FailedAwaitError), match="neither condition"):
        plugin.create("kubernetes:core/v1:ConfigMap", "cm", given)


def test_delete_names_what_holds_the_object(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    given = {
        "metadata": {"name": "cm", "namespace": namespace, "finalizers": ["example.com/hold"]},
        "data": {"a": "1"},
    }
    made = plugin.create("kubernetes:core/v1:ConfigMap", "cm", given)
    with pytest.raises(grpc.RpcError, match="timed out after 1 s"):
        plugin.delete(made, timeout=1)
    control_plane.patch(f"/api/v1/namespaces/{namespace}/configmaps/cm", {"metadata": {"finalizers": None}})
    plugin.delete(made, timeout=10)


def test_a_new_object_waits_for_the_old_one_to_be_gone(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    held = {"metadata": {"name": "cm", "finalizers": ["example.com/hold"]}, "data": {"old": "1"}}
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    control_plane.request("POST", path, held)
    control_plane.request("DELETE", f"{path}/cm")
    given = {"metadata": {"name": "cm", "namespace": namespace}, "data": {"new": "1"}}
    made = background(plugin, "kubernetes:core/v1:ConfigMap", given, 30)
    assert wait([made], timeout=1).not_done
    control_plane.patch(f"{path}/cm", {"metadata": {"finalizers": None}})
    assert made.result(timeout=30).outputs["data"] == {"new": "1"}
