"""The script by which a VM gets its token, with the API server's answers made up."""

import importlib.util
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.commands import PROJECT

SCRIPT = PROJECT / "model" / "texts" / "machine_files" / "identity.py"
CREDENTIAL = "the-machines-own-credential"
MINTED = "the-minted-token"
ROOTS = "-----BEGIN CERTIFICATE-----\nroots\n-----END CERTIFICATE-----\n"


class Api:
    """Answers as an API server does; `refusals` says how often it refuses first."""

    def __init__(self, error: type[Exception]) -> None:
        self.refusals = 0
        self.requests: list[tuple[str, str]] = []
        self._error = error

    def call(self, method: str, path: str, credential: str, body: object = None) -> object:
        assert credential == CREDENTIAL
        self.requests.append((method, path))
        if self.refusals:
            self.refusals -= 1
            raise self._error(f"{method} {path}: 403 forbidden")
        if method == "GET":
            return {"data": {"root-cert.pem": ROOTS}}
        assert body is not None
        return {"status": {"token": MINTED, "expirationTimestamp": "2026-11-23T06:00:00Z"}}


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    cloud = ModuleType("cloud_identity")
    vars(cloud).update(credential=lambda: CREDENTIAL, address=lambda: "10.1.0.100")
    monkeypatch.setitem(sys.modules, "cloud_identity", cloud)
    specification = importlib.util.spec_from_file_location("identity_under_test", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    for name in ("TOKEN", "ROOTS", "ADDRESS"):
        monkeypatch.setattr(module, name, tmp_path / name)
    monkeypatch.setattr(module.time, "sleep", lambda _: None)
    monkeypatch.setattr(module, "certificate_is_valid", lambda: False)
    monkeypatch.setenv("NAMESPACE", "bookinfo")
    monkeypatch.setenv("SERVICE_ACCOUNT", "ratings")
    return module


@pytest.fixture
def api(script: Any, monkeypatch: pytest.MonkeyPatch) -> Api:
    api = Api(script.NotYetError)
    monkeypatch.setattr(script, "call", api.call)
    return api


def test_writes_token_roots_and_address(script: Any, api: Api) -> None:
    assert script.main() == 0
    assert script.TOKEN.read_text() == MINTED
    assert stat.S_IMODE(script.TOKEN.stat().st_mode) == 0o600
    assert script.ROOTS.read_text() == ROOTS
    assert script.ADDRESS.read_text() == "ISTIO_SVC_IP=10.1.0.100\n"


def test_asks_for_its_own_account_only(script: Any, api: Api) -> None:
    script.main()
    assert api.requests == [
        ("GET", "/api/v1/namespaces/bookinfo/configmaps/istio-ca-root-cert"),
        ("POST", "/api/v1/namespaces/bookinfo/serviceaccounts/ratings/token"),
    ]


def test_tries_until_it_works(script: Any, api: Api) -> None:
    api.refusals = 7
    assert script.main() == 0
    assert script.TOKEN.read_text() == MINTED


def test_gives_up_when_the_certificate_will_do(
    script: Any, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.refusals = 1_000_000
    monkeypatch.setattr(script, "certificate_is_valid", lambda: True)
    monkeypatch.setattr(script, "PATIENCE_SECONDS", 0.01)
    assert script.main() == script.TRY_AGAIN_LATER
    assert not script.TOKEN.exists()


def test_leaves_roots_alone_that_are_the_same(script: Any, api: Api) -> None:
    script.ROOTS.write_text(ROOTS.rstrip())
    script.main()
    assert script.ROOTS.read_text() == ROOTS.rstrip()


def test_says_nothing_secret(script: Any, api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.refusals = 2
    script.main()
    said = "".join(capsys.readouterr())
    assert "403 forbidden" in said
    assert "valid until 2026-11-23T06:00:00Z" in said
    assert MINTED not in said
    assert CREDENTIAL not in said


def _no_network(error: Exception) -> Callable[[], str]:
    def fail() -> str:
        raise error

    return fail


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(), IndexError("no role"), ValueError("no access_token")], ids=repr
)
def test_survives_a_metadata_service_that_is_not_there_yet(
    script: Any, api: Api, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(script.cloud_identity, "credential", _no_network(error))
    monkeypatch.setattr(script, "certificate_is_valid", lambda: True)
    monkeypatch.setattr(script, "PATIENCE_SECONDS", 0.01)
    assert script.main() == script.TRY_AGAIN_LATER


@pytest.mark.parametrize("text", ["", "<html>", "[]", '{"message": 3}'])
def test_reason_of_an_odd_answer(script: Any, text: str) -> None:
    assert script.reason(text) == "(no reason given)"
