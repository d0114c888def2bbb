"""Pulumi's own plug-in is asked for where it is missing, and not again and again."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hybrid_mesh.cli import obtain, official
from hybrid_mesh.cli.engine import QUIET_SECONDS, Engine
from tests.cli.fake_pulumi import FakePulumi


@pytest.fixture
def lacking(pulumi: FakePulumi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("HYBRID_MESH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(obtain.OFFLINE, raising=False)
    engine = pulumi.engine()
    return replace(engine, settings=replace(engine.settings, replaced={official.KUBERNETES: tmp_path}))


def test_a_plugin_that_can_be_had_takes_the_place_of_ours(
    pulumi: FakePulumi, lacking: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = pulumi.engine()
    monkeypatch.setattr(Engine, "find", lambda: complete)
    assert obtain.obtain_plugins(lacking) is complete
    install = [
        "plugin",
        "install",
        "resource",
        "kubernetes",
        official.kubernetes_version(),
        "--non-interactive",
    ]
    assert pulumi.calls() == [install]


@pytest.mark.parametrize(
    ("behaviour", "days"),
    [({"code": 1}, obtain.DAYS_AFTER_REFUSAL), ({"seconds": 30}, obtain.DAYS_AFTER_TIMEOUT)],
    ids=["refused", "too slow"],
)
def test_a_failed_download_is_postponed(  # noqa: PLR0917 - fixtures
    behaviour: dict[str, object],
    days: int,
    pulumi: FakePulumi,
    lacking: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(obtain, "DOWNLOAD_SECONDS", 10.0 if "code" in behaviour else 1.0)
    pulumi.answer("plugin install", **behaviour)
    assert obtain.obtain_plugins(lacking) is lacking
    assert f"next attempt in {days} d" in " ".join(capsys.readouterr().err.split())
    assert obtain.obtain_plugins(lacking) is lacking
    assert len(pulumi.calls()) == 1
    (note,) = (tmp_path / "cache").iterdir()
    next_attempt = note.stat().st_mtime
    assert next_attempt == pytest.approx(time.time() + days * obtain.DAY_SECONDS, abs=60)
    over = next_attempt - days * obtain.DAY_SECONDS - 1
    os.utime(note, (over, over))
    obtain.obtain_plugins(lacking)
    assert len(pulumi.calls()) == 2


def test_the_download_has_a_limit_of_its_own() -> None:
    assert obtain.DOWNLOAD_SECONDS > QUIET_SECONDS


@pytest.mark.parametrize("case", ["nothing is missing", "offline"])
def test_nothing_is_asked_for_without_need_or_leave(
    case: str, pulumi: FakePulumi, lacking: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = lacking
    if case == "offline":
        monkeypatch.setenv(obtain.OFFLINE, "1")
    else:
        engine = pulumi.engine()
    assert obtain.obtain_plugins(engine) is engine
    assert pulumi.calls() == []
