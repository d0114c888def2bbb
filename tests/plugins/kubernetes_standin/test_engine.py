"""The plug-in under the real engine: up, no change, drift, change, replace, destroy; no secret anywhere."""

from __future__ import annotations

import base64
import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.plugins.conftest import ProjectFactory
from tests.plugins.control_plane import ControlPlane
from tests.plugins.engine import Project
from tests.plugins.kubernetes_standin.test_release import CHART, CONFIG_MAP
from tests.waiting import eventually

pytestmark = pytest.mark.engine

HIDDEN = "correct-horse-battery-staple"
PROGRAM = """
import pulumi, pulumi_kubernetes as k8s
config = pulumi.Config()
provider = k8s.Provider(
    "cluster",
    kubeconfig=config.require_secret("kubeconfig"),
    cluster_identifier=config.get("identifier") or "1",
)
options = pulumi.ResourceOptions(provider=provider)
namespace = k8s.core.v1.Namespace("namespace", metadata={"name": config.require("namespace")}, opts=options)
name = namespace.metadata.name
k8s.core.v1.ConfigMap(
    "settings", metadata={"namespace": name}, data={"colour": config.get("colour") or "red"}, opts=options
)
k8s.core.v1.Secret(
    "secret", metadata={"namespace": name, "name": "secret"},
    string_data={"password": config.require_secret("password")}, opts=options,
)
account = k8s.core.v1.ServiceAccount("account", metadata={"namespace": name, "name": "reader"}, opts=options)
token = k8s.core.v1.Secret(
    "token",
    metadata={
        "namespace": name, "name": "token",
        "annotations": {"kubernetes.io/service-account.name": account.metadata.name},
    },
    type="kubernetes.io/service-account-token", opts=options,
)
k8s.rbac.v1.ClusterRoleBinding(
    "binding", metadata={"name": name.apply(lambda n: f"{n}-binding")},
    subjects=[{"kind": "ServiceAccount", "name": "reader", "namespace": name}],
    role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    opts=options,
)
labels = {"app": "idle"}
k8s.apps.v1.Deployment(
    "deployment",
    metadata={"namespace": name, "name": "idle", "labels": {"colour": config.get("colour") or "red"}},
    spec={
        "replicas": 0, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [
            {"name": "c", "image": "none:1", "resources": {"limits": {"cpu": "1000m"}}}]}},
    },
    opts=options,
)
definition = k8s.apiextensions.v1.CustomResourceDefinition(
    "definition", metadata={"name": name.apply(lambda n: f"things.{n}.example.com")},
    spec=name.apply(lambda n: {
        "group": f"{n}.example.com", "scope": "Namespaced",
        "names": {"kind": "Thing", "plural": "things", "singular": "thing"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
            "type": "object", "properties": {"spec": {
                "type": "object", "properties": {"size": {"type": "integer"}}}}}}}],
    }), opts=options,
)
k8s.apiextensions.CustomResource(
    "thing", api_version=f"{config.require('namespace')}.example.com/v1", kind="Thing",
    metadata={"namespace": name, "name": "thing"}, spec={"size": 3},
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[definition]),
)
release = k8s.helm.v3.Release(
    "release", k8s.helm.v3.ReleaseArgs(
        chart="./sample", name="sample", namespace=name,
        values={"colour": config.get("colour") or "red", "password": config.require_secret("password")},
    ), opts=options,
)
pulumi.export("token", token.data["token"])
pulumi.export("revision", release.status.revision)
"""
RESOURCES = 12


@pytest.fixture
def project(
    make_project: ProjectFactory, control_plane: ControlPlane, request: pytest.FixtureRequest
) -> Project:
    """The program above, with a namespace of the test's own."""
    project = make_project(PROGRAM)
    write_chart(project.folder / "sample")
    project.set("kubeconfig", control_plane.kubeconfig, secret=True)
    project.set("password", HIDDEN, secret=True)
    project.set("namespace", f"n{abs(hash(request.node.name)) % 10**8}")
    return project


def write_chart(folder: Path) -> None:
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(CHART)
    (folder / "values.yaml").write_text("colour: red\npassword: none\n")
    (folder / "templates" / "settings.yaml").write_text(CONFIG_MAP)


def namespace_of(project: Project) -> str:
    return project.run("config", "get", "namespace").strip()


def test_the_life_of_a_stack(project: Project, control_plane: ControlPlane) -> None:
    namespace = namespace_of(project)
    assert f"{RESOURCES} to create" in project.run("preview")
    assert f"{RESOURCES} created" in project.run("up", "--yes")
    assert f"{RESOURCES} unchanged" in project.run("up", "--yes", "--expect-no-changes")
    assert f"{RESOURCES} unchanged" in project.run("refresh", "--yes", "--expect-no-changes")
    first = control_plane.request("GET", f"/api/v1/namespaces/{namespace}/configmaps")["items"]

    project.set("colour", "blue")
    shown = project.run("up", "--yes")
    assert "1 replaced" in shown
    assert "2 updated" in shown
    live = control_plane.request("GET", f"/api/v1/namespaces/{namespace}/configmaps")["items"]
    settings = {
        item["metadata"]["name"]: item for item in live if item["metadata"]["name"].startswith("settings-")
    }
    assert [item["data"] for item in settings.values()] == [{"colour": "blue"}]
    assert not settings.keys() & {item["metadata"]["name"] for item in first}
    assert json.loads(project.run("stack", "output", "--json"))["revision"] == 2

    shown = project.run("destroy", "--yes")
    assert f"{RESOURCES} deleted" in shown
    assert control_plane.find(f"/api/v1/namespaces/{namespace}") is None


def test_drift_by_hand_is_seen_and_put_right(project: Project, control_plane: ControlPlane) -> None:
    project.run("up", "--yes", "--skip-preview")
    namespace = namespace_of(project)
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/idle"
    control_plane.patch(path, {"metadata": {"labels": {"colour": "green", "added": "yes"}}})
    control_plane.patch(path, {"metadata": {"labels": {"foreign": "yes"}}}, manager="controller")
    thing = f"/apis/{namespace}.example.com/v1/namespaces/{namespace}/things/thing"
    control_plane.request("DELETE", thing)
    shown = project.run("refresh", "--yes")
    assert "1 updated" in shown
    assert "1 deleted" in shown
    shown = project.run("preview", "--diff", fails=True)
    assert "server-side apply conflict on Deployment idle" in shown
    assert "kubectl-edit" in shown
    assert "foreign" not in shown
    project.environment["PULUMI_K8S_ENABLE_PATCH_FORCE"] = "true"
    assert "2 to update" in project.run("preview", "--diff")  # the provider, and the object
    del project.environment["PULUMI_K8S_ENABLE_PATCH_FORCE"]
    project.run("up", "--yes", "--skip-preview")  # what kubectl set is taken over, unlike in a preview
    live = control_plane.request("GET", path)
    assert live["metadata"]["labels"] == {"colour": "red", "foreign": "yes"}
    assert control_plane.find(thing) is not None
    project.run("up", "--yes", "--skip-preview", "--expect-no-changes")
    project.run("destroy", "--yes", "--skip-preview")


def test_another_identifier_replaces_everything_and_another_kubeconfig_nothing(
    project: Project, control_plane: ControlPlane
) -> None:
    program = PROGRAM.split("namespace = ", maxsplit=1)[0]
    project.write(f'{program}k8s.core.v1.ConfigMap("settings", data={{"a": "1"}}, opts=options)\n')
    project.run("up", "--yes", "--skip-preview")
    changed = json.loads(control_plane.kubeconfig)
    changed["preferences"] = {}
    project.set("kubeconfig", json.dumps(changed), secret=True)
    shown = project.run("up", "--yes", "--skip-preview")
    assert "1 updated" in shown
    assert "replaced" not in shown
    project.set("identifier", "2")
    assert "2 replaced" in project.run("up", "--yes", "--skip-preview")
    project.run("destroy", "--yes", "--skip-preview")


def test_no_secret_in_the_state_the_output_or_the_log(project: Project, control_plane: ControlPlane) -> None:
    # The SDK itself logs what a program exports ("register resource outputs prepared"): no secret here.
    project.write(PROGRAM.replace('pulumi.export("token"', '("token"'))
    key = json.loads(control_plane.kubeconfig)["users"][0]["user"]["client-key-data"]
    shown = project.run("up", "--yes", "--debug", "-v=7", "--logtostderr")
    exported = project.run("stack", "export")
    path = f"/api/v1/namespaces/{namespace_of(project)}/secrets/token"
    token = control_plane.request("GET", path)["data"]["token"]
    encoded = base64.b64encode(HIDDEN.encode()).decode()
    for place in (shown, exported, project.run("refresh", "--yes", "--debug", "-v=7", "--logtostderr")):
        for hidden in (HIDDEN, encoded, key, token, base64.b64decode(token).decode()):
            assert [line for line in place.splitlines() if hidden in line] == []
    project.run("destroy", "--yes", "--skip-preview")


def test_a_preview_before_there_is_a_cluster(project: Project) -> None:
    """A kubeconfig and an identifier that only `up` will know: every resource previews."""
    program = PROGRAM.replace(
        'config.require_secret("kubeconfig")', "pulumi.Output.from_input(pulumi.runtime.rpc.UNKNOWN)"
    )
    unknown = "pulumi.Output(set(), known.value(None), known.value(False), known.value(True))"
    known = (
        "import asyncio\nclass known:\n    @staticmethod\n    def value(v):\n"
        "        f = asyncio.get_event_loop().create_future(); f.set_result(v); return f\n"
    )
    program = known + PROGRAM.replace('config.require_secret("kubeconfig")', unknown)
    program = program.replace('config.get("identifier") or "1"', unknown)
    project.write(program)
    assert f"{RESOURCES} to create" in project.run("preview")


def test_an_import_takes_over_without_a_change(project: Project, control_plane: ControlPlane) -> None:
    namespace = namespace_of(project)
    control_plane.request(
        "POST", "/api/v1/namespaces", {"metadata": {"name": namespace, "labels": {"mine": "no"}}}
    )
    lines = PROGRAM.split("namespace = ", maxsplit=1)[0].splitlines()
    take = f'namespace = k8s.core.v1.Namespace("namespace", metadata={{"name": "{namespace}"}}, '
    take += f'opts=pulumi.ResourceOptions(provider=provider, import_="{namespace}"))'
    project.write("\n".join([*lines, take]))
    assert "1 imported" in project.run("up", "--yes", "--skip-preview")
    get = f'found = k8s.core.v1.Namespace.get("found", "{namespace}", opts=options)'
    export = 'pulumi.export("uid", found.metadata.uid)'
    project.write("\n".join([*lines, take, get, export]))
    project.run("up", "--yes", "--skip-preview")
    live = control_plane.request("GET", f"/api/v1/namespaces/{namespace}")
    assert json.loads(project.run("stack", "output", "--json"))["uid"] == live["metadata"]["uid"]
    project.run("destroy", "--yes", "--skip-preview")


def test_a_misspelt_field_fails_the_preview(project: Project) -> None:
    project.write(PROGRAM.replace('"replicas": 0', '"replica": 0'))
    shown = project.run("preview", fails=True)
    assert 'did you mean "replicas"?' in shown
    shutil.rmtree(project.folder / "state")


NEVER = """
labels = {"app": "never"}
deployment = k8s.apps.v1.Deployment(
    "never", metadata={"namespace": "default", "name": config.require("namespace")},
    spec={
        "replicas": int(config.get("replicas") or "1"), "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "none:1"}]}
        },
    },
    opts=options,
)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_up_leaves_no_process_and_the_next_goes_on(
    project: Project, control_plane: ControlPlane, number: signal.Signals
) -> None:
    project.write(PROGRAM.split("namespace = ", maxsplit=1)[0] + NEVER)
    path = f"/apis/apps/v1/namespaces/default/deployments/{namespace_of(project)}"
    with (project.folder / "shown").open("w") as shown:
        engine = subprocess.Popen(
            ["pulumi", "--non-interactive", "up", "--yes", "--skip-preview"],
            cwd=project.folder,
            env=project.environment,
            stdout=shown,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    eventually("the deployment is awaited", lambda: control_plane.find(path) is not None)
    engine.send_signal(number)
    engine.wait(timeout=60)
    eventually("no process is left", lambda: not processes_in(project.folder))
    assert "Traceback" not in (project.folder / "shown").read_text()
    project.set("replicas", "0")
    if number is signal.SIGKILL:
        project.run("cancel", "--yes")
        # The engine that was killed could not note what it had made.
        control_plane.request("DELETE", path)
        project.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    else:
        assert "never" in project.state()
    project.run("up", "--yes", "--skip-preview")
    assert control_plane.request("GET", path)["spec"]["replicas"] == 0
    project.run("destroy", "--yes", "--skip-preview")


def processes_in(folder: Path) -> list[str]:
    """Processes whose working directory is `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found
