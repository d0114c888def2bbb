"""What `kubectl` is asked, what becomes of its answers; and that no key is in a file or in a message."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.cli import kubectl as module
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.kubeconfigs import Kubeconfig
from hybrid_mesh.cli.kubectl import Kubectl, KubectlError
from hybrid_mesh.cli.pods import ClusterPods
from hybrid_mesh.cli.tokens import mint, read_roots
from hybrid_mesh.operate.shell import NotReachableError, Pod, Registration
from tests import json_server
from tests.cli.fake_pulumi import FakeProgram
from tests.json_server import Request
from tests.plugins.engine import binary

SECRET = "the-secret-token"
POD = Pod("east", "demo", "echo-1", "10.10.16.2", "echo", "app")


def kubeconfig(
    server: str = "https://127.0.0.1:1", authority: str = "", context: str | None = None
) -> Kubeconfig:
    content = json_server.kubeconfig(server, SECRET, authority)
    return Kubeconfig(content, text=json.dumps(content), context=context)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProgram:
    tools = tmp_path / ".toolchain" / "bin"
    tools.mkdir(parents=True)
    monkeypatch.setattr(module, "project_folder", lambda: tmp_path)
    return FakeProgram(tools, sys.executable, "kubectl")


def api_pod(name: str, *, ready: bool = True, address: str | None = "10.10.16.2", **metadata: str) -> Any:
    return {
        "metadata": {"name": name, "namespace": "demo", **metadata},
        "spec": {"containers": [{"name": "istio-proxy"}, {"name": "app"}], "serviceAccountName": "echo"},
        "status": {
            "podIP": address,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


def test_the_kubeconfig_can_be_read_again_by_what_kubectl_starts(fake: FakeProgram) -> None:
    given = kubeconfig(context="admin")
    fake.answer("get", kubeconfig="read", stdout="{}")
    assert Kubectl(given).get("/api") == {}
    (call,) = fake.calls()
    assert {"--context=admin", "--raw", "/api"} < set(call)
    assert json.loads((fake.home / "read").read_text()) == [given.text] * 3
    assert SECRET not in str(call)


@pytest.mark.parametrize("path", [Path("/somewhere/edge.yaml"), None], ids=["file", "ambient"])
def test_a_kubeconfig_of_the_users_is_read_by_kubectl_itself(fake: FakeProgram, path: Path | None) -> None:
    fake.answer("get", stdout="{}")
    Kubectl(Kubeconfig({}, path=path)).get("/api")
    named = [word for word in fake.calls()[0] if word.startswith("--kubeconfig")]
    assert named == ([f"--kubeconfig={path}"] if path else [])


def test_only_ready_pods_count_and_the_proxy_is_not_the_application(fake: FakeProgram) -> None:
    pods = [
        api_pod("a"),
        api_pod("b", ready=False),
        api_pod("c", deletionTimestamp="now"),
        api_pod("d", address=None),
    ]
    fake.answer("get", stdout=json.dumps({"items": pods}))
    found = ClusterPods("east", Kubectl(kubeconfig())).list("demo", "app=echo")
    assert found == [Pod("east", "demo", "a", "10.10.16.2", "echo", "app")]
    assert "/api/v1/namespaces/demo/pods?labelSelector=app%3Decho" in fake.calls()[0]


def test_registered_vms_are_those_of_the_group(fake: FakeProgram) -> None:
    def entry(name: str, group: str, *conditions: Any, **annotations: str) -> Any:
        notes = {"istio.io/autoRegistrationGroup": group, **annotations}
        status = {"conditions": list(conditions)} if conditions else {}
        spec = {"address": "10.10.0.100"}
        metadata = {"name": name, "namespace": "demo", "annotations": notes}
        return {"metadata": metadata, "spec": spec, "status": status}

    sick = {"type": "Healthy", "status": "False", "message": "HTTP 500"}
    at = {"istio.io/connectedAt": "2026-11-27T05:00:00Z"}
    left = {**at, "istio.io/disconnectedAt": "2026-11-27T05:01:00Z"}
    by_hand = {"metadata": {"name": "by-hand", "namespace": "demo"}, "spec": {}}
    entries = [
        entry("b", "legacy", sick, **at),
        entry("a", "legacy", {"type": "Healthy", "status": "True"}, **left),
        entry("other", "billing", **at),
        by_hand,
    ]
    fake.answer("get", stdout=json.dumps({"items": entries}))
    assert ClusterPods("east", Kubectl(kubeconfig())).registrations("demo", "legacy") == [
        Registration("a", "10.10.0.100", False, True, ""),
        Registration("b", "10.10.0.100", True, False, "HTTP 500"),
    ]
    assert "/apis/networking.istio.io/v1/namespaces/demo/workloadentries" in fake.calls()[0]


def test_a_refusal_is_said_in_one_line_without_secrets(fake: FakeProgram) -> None:
    fake.answer(
        "get", code=1, stderr=f"E1126 noise\nError from server (Forbidden): no {SECRET} may do this\n"
    )
    with pytest.raises(NotReachableError) as raised:
        ClusterPods("east", Kubectl(kubeconfig())).list("demo", "app=echo")
    assert str(raised.value) == (
        "the pods cannot be listed: Error from server (Forbidden): no [secret] may do this"
    )


@pytest.mark.parametrize(
    ("code", "stderr", "said"),
    [(0, "err", "err"), (3, "err\ncommand terminated with exit code 3\n", "err\n")],
    ids=["well", "with an error"],
)
def test_a_command_in_a_pod_gives_its_result(fake: FakeProgram, code: int, stderr: str, said: str) -> None:
    fake.answer("exec", code=code, stdout="out", stderr=stderr)
    done = ClusterPods("east", Kubectl(kubeconfig())).run(POD, ["echo", "--x"], 20)
    assert (done.returncode, done.stdout, done.stderr) == (code, "out", said)
    (call,) = fake.calls()
    assert {"pod/echo-1", "--namespace=demo", "--container=app"} < set(call)
    assert call[call.index("--") :] == ["--", "echo", "--x"]


def test_a_command_that_was_never_run_is_not_reachable(fake: FakeProgram) -> None:
    fake.answer("exec", code=1, stderr='Error from server (NotFound): pods "echo-1" not found\n')
    with pytest.raises(NotReachableError, match=r"commands cannot be run in echo-1: .* not found"):
        ClusterPods("east", Kubectl(kubeconfig())).run(POD, ["true"], 20)


def test_a_command_that_does_not_end_is_not_reachable(fake: FakeProgram) -> None:
    fake.answer("exec", seconds=30)
    with pytest.raises(NotReachableError, match="did not end within 1 s"):
        ClusterPods("east", Kubectl(kubeconfig())).run(POD, ["sleep", "9"], 1)


def test_without_kubectl_it_is_said_how_to_get_it(fake: FakeProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.program.unlink()
    monkeypatch.setenv("PATH", str(fake.home))
    with pytest.raises(NotReachableError, match="make toolchain"):
        ClusterPods("east", Kubectl(kubeconfig())).list("demo", "app=echo")


def answer(request: Request) -> tuple[int, Any]:
    """As an API server that issues a token and refuses the rest."""
    if request.method == "GET":
        return 404, {"kind": "Status", "apiVersion": "v1", "code": 404, "reason": "NotFound"}
    assert request.path == "/api/v1/namespaces/demo/serviceaccounts/legacy/token"
    assert request.authorization == f"Bearer {SECRET}"
    assert b"istio-ca" in request.body  # protobuf
    status = {"token": "minted", "expirationTimestamp": "2026-11-23T07:12:01Z"}
    kind = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1"}
    return 201, {**kind, "spec": {"audiences": ["istio-ca"]}, "status": status}


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """The real kubectl and an API server in this process."""
    if binary("kubectl") is None:
        pytest.skip("no kubectl; run make toolchain")
    tls, authority = json_server.certified(tmp_path_factory.mktemp("api"))
    with json_server.json_server(answer, tls) as port:
        yield Kubectl(kubeconfig(f"https://127.0.0.1:{port}", authority))


def test_the_real_kubectl_asks_with_our_kubeconfig_and_leaves_no_file(
    cluster: Kubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMPDIR", "HOME", "HYBRID_MESH_CACHE"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert mint(cluster, "demo", "legacy", 1800) == ("minted", "2026-11-23T07:12:01Z")
    with pytest.raises(CommandError, match=r"cannot be read from demo/istio-ca-root-cert: .*NotFound"):
        read_roots(cluster, "demo")
    files = [Path(folder) / name for folder, _, names in os.walk(tmp_path) for name in names]
    assert [path for path in files if SECRET in path.read_text(errors="replace")] == []
    assert list((tmp_path / "TMPDIR").iterdir()) == []


def test_an_unusable_kubeconfig_shows_no_secret(cluster: Kubectl) -> None:
    with pytest.raises(KubectlError, match="other") as raised:
        Kubectl(kubeconfig(context="other")).get("/api")
    assert SECRET not in str(raised.value)
