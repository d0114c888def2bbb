"""Pulumi's own plug-in is asked for where it is missing, and not again and again."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cli import obtain, official
from cli.engine import Engine
from tests.cli.fake_pulumi import FakePulumi


@pytest.fixture
def lacking(pulumi: FakePulumi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("HYBRID_MESH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(obtain.OFFLINE, raising=False)
    engine = pulumi.engine()
    return replace(engine, settings=replace(engine.settings, standins=(official.KUBERNETES,)))


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


def test_a_refusal_is_remembered_for_a_week(pulumi: FakePulumi, lacking: Engine, tmp_path: Path) -> None:
    pulumi.answer("plugin install", code=1)
    assert obtain.obtain_plugins(lacking) is lacking
    assert obtain.obtain_plugins(lacking) is lacking
    assert len(pulumi.calls()) == 1
    (note,) = (tmp_path / "cache").iterdir()
    long_ago = time.time() - obtain.ASK_AGAIN_SECONDS - 1
    os.utime(note, (long_ago, long_ago))
    obtain.obtain_plugins(lacking)
    assert len(pulumi.calls()) == 2


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
