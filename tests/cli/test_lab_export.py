"""The support bundle: what is in it, what is left out of it, and what a part that fails leaves."""

import base64
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli import lab_names, support_bundle
from hybrid_mesh.cli.kubeconfigs import Kubeconfig
from hybrid_mesh.cli.kubectl import KubectlError
from hybrid_mesh.cli.main import app
from hybrid_mesh.local.lab.specs import CompletedCommand
from hybrid_mesh.local.pki import CLIENT, Authority, subject
from hybrid_mesh.local.redaction import without_secrets
from tests.cli.fake_lab import FakeLab

runner = CliRunner()
PAIR = Authority.create("test").issue(subject("client"), [CLIENT])
KEY = PAIR.key.decode()
TOKEN = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"RS256","kid":"0"}', b'{"iss":"https://issuer","sub":"vm"}', b"s" * 64)
)
SPELLINGS = (KEY, TOKEN, base64.b64encode(KEY.encode()).decode(), base64.b64encode(TOKEN.encode()).decode())


class FakeKubectl:
    """Answers every question with secrets in it, except for what `refuses`."""

    refuses = "istio-io"

    def __init__(self, kubeconfig: Kubeconfig) -> None:
        assert kubeconfig.text

    def get(self, path: str) -> Any:
        assert path == "/api/v1/pods"
        pods = (("echo", "initContainers"), ("gateway", "containers"))
        sidecars: list[dict[str, Any]] = [
            {"metadata": {"namespace": "demo", "name": name}, "spec": {key: [{"name": "istio-proxy"}]}}
            for name, key in pods
        ]
        alone = {"metadata": {"namespace": "x", "name": "alone"}, "spec": {"containers": [{"name": "app"}]}}
        return {"items": [*sidecars, alone]}

    def run(self, arguments: Sequence[str], timeout: float) -> subprocess.CompletedProcess[str]:
        assert timeout
        if self.refuses in arguments:
            return subprocess.CompletedProcess([], 1, "", "no such kind")
        if "get" in arguments and "nodes" in arguments:
            raise KubectlError("no answer in time")
        answer = {"asked": list(arguments), "secrets": SPELLINGS, "certificate": PAIR.certificate.decode()}
        return subprocess.CompletedProcess([], 0, json.dumps(answer), "")

    def reason(self, done: subprocess.CompletedProcess[str]) -> str:
        return done.stderr


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> FakeLab:
    fake = FakeLab(answer=CompletedCommand(0, f"configured {TOKEN}", ""))
    for module in (lab_names, support_bundle):
        monkeypatch.setattr(module, "LabClient", fake)
    monkeypatch.setattr(support_bundle, "Kubectl", FakeKubectl)
    return fake


def export(folder: Path) -> dict[str, str]:
    """The bundle's files by name."""
    done = runner.invoke(app, ["lab", "export", str(folder)])
    assert done.exit_code == 0, done.output
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_the_bundle_has_objects_proxies_plan_status_and_versions(lab: FakeLab, tmp_path: Path) -> None:
    files = export(tmp_path / "support")
    assert ("export", tmp_path / "support") in lab.asked
    for name in (
        "clusters/east/kubernetes/events.txt",
        "clusters/east/kubernetes/gateway-api.yaml",
        "clusters/east/proxies/demo_echo.json",
        "clusters/east/proxies/demo_gateway.json",
        "machines/legacy-0/config_dump.json",
        "plan-local.json",
        "status.json",
        "versions.json",
    ):
        assert name in files
    assert "clusters/east/proxies/x_alone.json" not in files
    assert json.loads(files["status.json"])["processId"] == 4242
    assert json.loads(files["plan-local.json"])["stack"] == "local"
    assert json.loads(files["versions.json"])["toolchain"]["istio"]


def test_every_part_is_reported(lab: FakeLab, tmp_path: Path) -> None:
    done = runner.invoke(app, ["lab", "export", str(tmp_path / "support")])
    parts = [line.strip().partition(":")[0] for line in done.stderr.splitlines()]
    assert parts == ["logs", "cluster east", "VM legacy-0", "plan of stack local", "status", "versions"]
    assert "2 of them failed" in done.stderr
    assert "without secrets" in done.stdout


def test_what_fails_leaves_its_reason(lab: FakeLab, tmp_path: Path) -> None:
    lab.answer = CompletedCommand(7, "", "")
    files = export(tmp_path / "support")
    assert files["clusters/east/kubernetes/istio.yaml.failed"] == "no such kind"
    assert files["clusters/east/kubernetes/nodes.yaml.failed"] == "no answer in time"
    assert "curl ended with 7" in files["machines/legacy-0/config_dump.json.failed"]


def test_no_spelling_of_a_key_or_token_is_in_the_bundle(lab: FakeLab, tmp_path: Path) -> None:
    files = export(tmp_path / "support")
    lines = [line for line in KEY.splitlines() if "-----" not in line]
    for name, text in files.items():
        for secret in (*SPELLINGS, *lines):
            assert secret not in text, name
    assert "[redacted]" in files["clusters/east/kubernetes/events.txt"]


def test_certificates_and_ordinary_text_stay(tmp_path: Path) -> None:
    encoded = base64.b64encode(PAIR.certificate).decode()
    text = f"{PAIR.certificate.decode()} {encoded} sha256:{'ab' * 32} eyJhbGciOiJub25lIn0.x.y\n"
    assert without_secrets(text.encode()) == text.encode()


@pytest.mark.parametrize("spelling", [each.strip() for each in SPELLINGS])
def test_a_secret_is_redacted_wherever_it_stands(spelling: str) -> None:
    for before, after in (("", ""), ("token=", "&"), ('{"data": "', '"}'), ("log: ", "\n next")):
        text = without_secrets(f"{before}{spelling}{after}".encode())
        assert text.decode() == f"{before}[redacted]{after}"


def test_a_key_whose_end_is_cut_off_is_redacted() -> None:
    assert without_secrets(KEY[:120].encode()) == b"[redacted]"


def test_a_stopped_lab_has_logs_status_and_versions(lab: FakeLab, tmp_path: Path) -> None:
    lab.running, lab.past = False, True
    files = export(tmp_path / "support")
    assert json.loads(files["status.json"])["running"] is False
    assert not [name for name in files if name.startswith("clusters/")]


def test_a_full_disk_is_one_line(lab: FakeLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    done = runner.invoke(app, ["lab", "export", str(tmp_path / "support")])
    assert done.exit_code == 1
    assert f"{tmp_path / 'support'} cannot be written: No space left on device." in done.stderr
    assert "Traceback" not in done.output
