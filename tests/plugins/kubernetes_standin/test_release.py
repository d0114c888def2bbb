"""Helm releases in a real API server."""

from __future__ import annotations

import base64
import functools
import gzip
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from plugins.framework.values import UNKNOWN, Properties, Secret
from tests.plugins.control_plane import ControlPlane
from tests.plugins.kubernetes_standin.conftest import FailedAwaitError, Made, Plugin, PluginFactory, urn
from tests.plugins.kubernetes_standin.objects import changes, unreachable
from tests.waiting import eventually

RELEASE = "kubernetes:helm.sh/v3:Release"
CHART = "apiVersion: v2\nname: sample\nversion: 1.2.3\nappVersion: '7'\n"
CONFIG_MAP = """apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-settings"}
data: {colour: {{ .Values.colour | quote }}}
"""
DEPLOYMENT = """{{- if .Values.deployment }}
apiVersion: apps/v1
kind: Deployment
metadata: {name: never}
spec:
  selector: {matchLabels: {app: never}}
  template:
    metadata: {labels: {app: never}}
    spec: {containers: [{name: c, image: "none:1"}]}
{{- end }}
"""


@pytest.fixture
def chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A chart in the folder `sample` of the working directory, which is the program's for a plug-in."""
    folder = tmp_path / "sample"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(CHART)
    (folder / "values.yaml").write_text("colour: red\ndeployment: false\n")
    (folder / "templates" / "settings.yaml").write_text(CONFIG_MAP)
    (folder / "templates" / "never.yaml").write_text(DEPLOYMENT)
    (folder / "templates" / "NOTES.txt").write_text("Done: yes: it is\n")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def plugin(chart: Path, make_plugin: PluginFactory, control_plane: ControlPlane) -> Plugin:
    return make_plugin(kubeconfig=control_plane.kubeconfig)


def release(namespace: str, **more: Any) -> Properties:
    return {"chart": "./sample", "name": "r", "namespace": namespace, **more}


def settings(plane: ControlPlane, namespace: str) -> Any:
    return plane.find(f"/api/v1/namespaces/{namespace}/configmaps/r-settings")


def test_install_upgrade_uninstall(plugin: Plugin, namespace: str, control_plane: ControlPlane) -> None:
    made = plugin.create(RELEASE, "r", release(namespace))
    assert made.identity == f"{namespace}/r"
    assert made.outputs["status"] == {
        "appVersion": "7",
        "chart": "sample",
        "name": "r",
        "namespace": namespace,
        "revision": 1,
        "status": "deployed",
        "version": "1.2.3",
    }
    assert made.outputs["resourceNames"] == {"ConfigMap/v1": [f"{namespace}/r-settings"]}
    assert not changes(plugin.diff(made, release(namespace)))
    wanted = release(namespace, values={"colour": "blue"})
    assert changes(plugin.diff(made, wanted))
    updated = plugin.update(made, wanted)
    assert updated.outputs["status"]["revision"] == 2
    live = settings(control_plane, namespace)
    assert live["data"] == {"colour": "blue"}
    assert {entry["manager"] for entry in live["metadata"]["managedFields"]} == {"pulumi-kubernetes-release"}
    plugin.delete(updated)
    assert settings(control_plane, namespace) is None
    assert plugin.read(updated).identity == ""
    plugin.delete(updated)


def test_a_changed_file_of_the_chart_is_a_change(
    plugin: Plugin, namespace: str, chart: Path, control_plane: ControlPlane
) -> None:
    made = plugin.create(RELEASE, "r", release(namespace))
    (chart / "templates" / "settings.yaml").write_text(CONFIG_MAP.replace("colour:", "color:"))
    answer = plugin.diff(made, release(namespace))
    assert changes(answer)
    assert list(answer.diffs) == ["checksum"]
    plugin.update(made, release(namespace))
    assert settings(control_plane, namespace)["data"] == {"color": "red"}


@pytest.mark.parametrize("field", ["name", "namespace"])
def test_another_name_or_namespace_replaces(plugin: Plugin, namespace: str, field: str) -> None:
    made = plugin.create(RELEASE, "r", release(namespace))
    answer = plugin.diff(made, release(namespace) | {field: "other"})
    assert list(answer.replaces) == [field]


def test_a_release_without_a_name_gets_one(plugin: Plugin, namespace: str) -> None:
    first = plugin.checked(RELEASE, "r", {"chart": "./sample", "namespace": namespace}).value
    assert first["name"].startswith("r-")
    assert plugin.checked(RELEASE, "r", {"chart": "./sample"}, first).value["name"] == first["name"]


def test_the_namespace_is_made_when_wanted(plugin: Plugin, control_plane: ControlPlane) -> None:
    made = plugin.create(RELEASE, "r", release("made-by-helm", createNamespace=True))
    assert settings(control_plane, "made-by-helm") is not None
    plugin.delete(made)


def test_a_preview_knows_the_names_and_not_the_status(plugin: Plugin, make_plugin: PluginFactory) -> None:
    outputs = make_plugin(kubeconfig=unreachable()).preview(RELEASE, "r", release("anywhere"))
    assert outputs["resourceNames"] == {"ConfigMap/v1": ["anywhere/r-settings"]}
    assert outputs["status"] is UNKNOWN
    outputs = plugin.preview(RELEASE, "r", release("anywhere", values={"colour": UNKNOWN}))
    assert outputs["resourceNames"] is UNKNOWN


def test_a_preview_of_an_upgrade_knows_where_the_release_is(plugin: Plugin, namespace: str) -> None:
    made = plugin.create(RELEASE, "r", release(namespace))
    outputs = plugin.update(made, release(namespace, values={"colour": "blue"}), preview=True).outputs
    assert outputs["status"]["namespace"] == namespace
    assert outputs["status"]["revision"] is UNKNOWN


def test_drift_by_hand_shows_in_the_values(
    plugin: Plugin, namespace: str, make_plugin: PluginFactory, control_plane: ControlPlane
) -> None:
    wanted = release(namespace, values={"colour": "blue"})
    made = plugin.create(RELEASE, "r", wanted)
    assert plugin.read(made).inputs == made.inputs
    by_hand = make_plugin(kubeconfig=control_plane.kubeconfig)
    by_hand.update(made, release(namespace, values={"colour": "green"}))
    refreshed = plugin.read(made)
    assert refreshed.inputs["values"] == {"colour": "green"}
    assert refreshed.outputs["status"]["revision"] == 2
    assert changes(plugin.diff(refreshed, wanted))


def test_what_kubectl_changes_in_a_chart_is_not_seen_and_the_next_upgrade_puts_it_right(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    made = plugin.create(RELEASE, "r", release(namespace))
    path = f"/api/v1/namespaces/{namespace}/configmaps/r-settings"
    control_plane.patch(path, {"data": {"colour": "green"}}, manager="kubectl-patch")
    refreshed = plugin.read(made)
    assert not changes(plugin.diff(refreshed, release(namespace)))
    assert settings(control_plane, namespace)["data"] == {"colour": "green"}
    plugin.update(refreshed, release(namespace, values={"colour": "blue"}))
    assert settings(control_plane, namespace)["data"] == {"colour": "blue"}


def test_import_by_id_alone(plugin: Plugin, namespace: str) -> None:
    plugin.create(RELEASE, "r", release(namespace, values={"colour": "blue"}))
    answer = plugin.stub.Read(provider_pb2.ReadRequest(id=f"{namespace}/r", urn=urn(RELEASE, "r")))
    assert answer.id == f"{namespace}/r"
    assert dict(answer.inputs["values"]) == {"colour": "blue"}
    assert answer.inputs["chart"] == "sample"


def test_a_failed_release_stays_and_names_the_cause(
    plugin: Plugin, namespace: str, control_plane: ControlPlane
) -> None:
    with pytest.raises(FailedAwaitError, match="Deployment") as caught:
        plugin.create(RELEASE, "r", release(namespace, values={"deployment": True}, timeout=4))
    assert caught.value.identity == f"{namespace}/r"
    assert caught.value.properties["status"]["status"] == "failed"
    given = plugin.checked(RELEASE, "r", release(namespace, values={"deployment": True}, timeout=4)).value
    made = Made(RELEASE, "r", caught.value.identity, given, caught.value.properties)
    assert changes(plugin.diff(made, release(namespace, values={"deployment": True}, timeout=4)))
    repaired = plugin.update(made, release(namespace))
    assert repaired.outputs["status"]["status"] == "deployed"
    assert control_plane.find(f"/apis/apps/v1/namespaces/{namespace}/deployments/never") is None


def test_skip_await(plugin: Plugin, namespace: str) -> None:
    made = plugin.create(RELEASE, "r", release(namespace, values={"deployment": True}, skipAwait=True))
    assert made.outputs["status"]["status"] == "deployed"


def test_a_broken_template_is_an_error_without_a_release(plugin: Plugin, namespace: str, chart: Path) -> None:
    (chart / "templates" / "broken.yaml").write_text("{{ .Values.absent.deeper }}")
    with pytest.raises(grpc.RpcError, match="nil pointer"):
        plugin.create(RELEASE, "r", release(namespace))
    with pytest.raises(grpc.RpcError, match="nil pointer"):
        plugin.preview(RELEASE, "r", release(namespace))


def test_a_missing_chart_is_refused(plugin: Plugin, namespace: str) -> None:
    answer = plugin.check(RELEASE, "r", release(namespace) | {"chart": "./absent"})
    assert [failure.property for failure in answer.failures] == ["chart"]


def test_what_the_stand_in_cannot_do_is_refused(plugin: Plugin, namespace: str) -> None:
    answer = plugin.check(RELEASE, "r", release(namespace, skipCrds=True))
    assert [failure.property for failure in answer.failures] == ["skipCrds"]


def test_secret_values_stay_secret(plugin: Plugin, namespace: str) -> None:
    made = plugin.create(RELEASE, "r", release(namespace, values={"colour": Secret("hidden colour")}))
    assert ("values", "colour") in made.secrets
    assert "hidden colour" not in str(made.outputs["resourceNames"]) + str(made.outputs["status"])


def test_cancel_ends_an_install(plugin: Plugin, namespace: str, control_plane: ControlPlane) -> None:
    given = release(namespace, values={"deployment": True}, timeout=120)
    made = ThreadPoolExecutor(1).submit(plugin.create, RELEASE, "r", given)
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/never"
    eventually("the chart is being installed", lambda: control_plane.find(path) is not None)
    began = time.monotonic()
    plugin.stub.Cancel(empty_pb2.Empty())
    with pytest.raises(FailedAwaitError, match="cancelled") as caught:
        made.result(timeout=30)
    assert caught.value.identity == f"{namespace}/r"
    assert time.monotonic() - began < 15


def test_an_interrupted_action_is_made_good(
    plugin: Plugin, make_plugin: PluginFactory, namespace: str, control_plane: ControlPlane
) -> None:
    made = plugin.create(RELEASE, "r", release(namespace))
    set_release_status(control_plane, namespace, "pending-install")
    upserting = make_plugin(kubeconfig=control_plane.kubeconfig, upsertExistingObjects=True)
    assert upserting.create(RELEASE, "r", release(namespace)).outputs["status"]["revision"] == 1
    plugin.update(made, release(namespace, values={"colour": "blue"}))
    set_release_status(control_plane, namespace, "pending-upgrade", revision=2)
    updated = plugin.update(made, release(namespace, values={"colour": "green"}))
    assert updated.outputs["status"]["status"] == "deployed"
    assert settings(control_plane, namespace)["data"] == {"colour": "green"}


def set_release_status(plane: ControlPlane, namespace: str, status: str, revision: int = 1) -> None:
    """Leaves the stored release as a killed Helm leaves it."""
    path = f"/api/v1/namespaces/{namespace}/secrets/sh.helm.release.v1.r.v{revision}"
    stored = base64.b64decode(plane.request("GET", path)["data"]["release"])
    content = json.loads(gzip.decompress(base64.b64decode(stored)))
    content["info"]["status"] = status
    packed = base64.b64encode(gzip.compress(json.dumps(content).encode()))
    change = {
        "metadata": {"labels": {"status": status}},
        "data": {"release": base64.b64encode(packed).decode()},
    }
    plane.patch(path, change)


def test_releases_go_on_at_once(plugin: Plugin, namespace: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        names = [f"r{number}" for number in range(4)]
        made = list(
            pool.map(lambda name: plugin.create(RELEASE, name, release(namespace) | {"name": name}), names)
        )
    assert {one.outputs["status"]["status"] for one in made} == {"deployed"}


@pytest.fixture
def repository(chart: Path, tmp_path: Path) -> Iterator[str]:
    """A chart repository on loopback that holds the sample chart."""
    import helm_python  # noqa: PLC0415

    folder = tmp_path / "repository"
    folder.mkdir()
    helm_python.package(chart, destination=folder)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = HTTPServer(("127.0.0.1", 0), handler)
    url = f"http://127.0.0.1:{server.server_port}"
    helm_python.repo_index_generate(folder, base_url=url)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield url
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_chart_from_a_repository(plugin: Plugin, namespace: str, repository: str) -> None:
    given = release(namespace) | {
        "chart": "sample",
        "version": "1.2.3",
        "repositoryOpts": {"repo": repository},
    }
    made = plugin.create(RELEASE, "r", given)
    assert made.outputs["status"]["version"] == "1.2.3"
    assert plugin.read(made).inputs == made.inputs
