"""`hybrid-mesh env` in all combinations of what a host has and what its user has set."""

import importlib.metadata
import itertools
import json
import os
import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from hybrid_mesh.cli import environment, official
from hybrid_mesh.cli.environment import pulumi_environment

VERSION = importlib.metadata.version("pulumi-kubernetes")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, a state folder and a checkout of the test's own; nothing of Pulumi's is there."""
    monkeypatch.setenv("HYBRID_MESH_STATE", str(tmp_path / "state"))
    checkout = tmp_path / "checkout"
    program(checkout / ".toolchain" / "plugins" / official.KUBERNETES)
    program(checkout / "plugins" / "python_standin" / "bin" / official.PYTHON)
    program(checkout / ".toolchain" / "bin" / "pulumi")
    for name in ("project_folder", "package_folder"):
        monkeypatch.setattr(environment, name, lambda: checkout)
    return tmp_path


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def base(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), "PATH": "/usr/bin:/bin", **more}


def own_paths(home: Path) -> dict[str, str]:
    return {
        official.KUBERNETES: str(home / "checkout" / ".toolchain" / "plugins"),
        official.PYTHON: str(home / "checkout" / "plugins" / "python_standin" / "bin"),
    }


def cached(home: Path, version: str) -> Path:
    return program(home / ".pulumi" / "plugins" / f"resource-kubernetes-v{version}" / official.KUBERNETES)


def on_path(home: Path, name: str) -> None:
    program(home / "tools" / name)


def beside_pulumi(home: Path) -> None:
    real = home / "official" / "bin"
    program(real / "pulumi")
    program(real / official.PYTHON)
    link = home / "checkout" / ".toolchain" / "bin" / "pulumi"
    link.unlink()
    link.symlink_to(real / "pulumi")


@pytest.mark.parametrize(
    ("kubernetes", "python"),
    list(itertools.product(("none", "cache", "other version", "path"), ("none", "beside", "path"))),
)
def test_ours_are_used_only_for_what_is_missing(home: Path, kubernetes: str, python: str) -> None:
    if kubernetes == "cache":
        cached(home, VERSION)
    if kubernetes == "other version":
        cached(home, "4.1.0")
    if kubernetes == "path":
        on_path(home, official.KUBERNETES)
    if python == "path":
        on_path(home, official.PYTHON)
    if python == "beside":
        beside_pulumi(home)
    missing = set()
    if kubernetes in {"none", "other version"}:
        missing.add(official.KUBERNETES)
    if python == "none":
        missing.add(official.PYTHON)

    found = pulumi_environment(base(home, PATH=f"{home}/tools:/usr/bin:/bin"))

    assert set(found.replaced) == missing
    assert all(
        (f"{name} is not installed" in found.notice()) == (name in missing) for name in own_paths(home)
    )
    assert bool(found.notice()) == bool(missing)
    folders = found.variables["PATH"].split(os.pathsep)
    for name, folder in own_paths(home).items():
        assert (folder in folders) == (name in missing)
    for variable in ("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "PULUMI_K8S_ENABLE_PATCH_FORCE"):
        assert (found.variables.get(variable) == "true") == (official.KUBERNETES in missing)


@pytest.mark.parametrize(("patience", "timeout"), [("1", None), ("10", "320"), ("soon", None)])
def test_the_plug_in_waits_longer_on_a_slow_host(
    home: Path, monkeypatch: pytest.MonkeyPatch, patience: str, timeout: str | None
) -> None:
    monkeypatch.setenv("HYBRID_MESH_PATIENCE", patience)
    assert pulumi_environment(base(home)).variables.get("PULUMI_K8S_CLIENT_TIMEOUT") == timeout


def test_without_the_toolchain_the_engine_may_download_the_plug_in(home: Path) -> None:
    (home / "checkout" / ".toolchain" / "plugins" / official.KUBERNETES).unlink()
    found = pulumi_environment(base(home))
    assert set(found.replaced) == {official.PYTHON}
    assert "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" not in found.variables


def test_ours_come_after_everything_of_the_users_and_the_toolchain_before(home: Path) -> None:
    folders = pulumi_environment(base(home)).variables["PATH"].split(os.pathsep)
    assert folders[0] == str(home / "checkout" / ".toolchain" / "bin")
    assert folders[1:3] == ["/usr/bin", "/bin"]
    assert set(folders[-2:]) == set(own_paths(home).values())


def test_evaluating_the_lines_twice_changes_nothing(home: Path) -> None:
    once = pulumi_environment(base(home))
    twice = pulumi_environment(once.merged(base(home)))
    assert twice.variables == once.variables
    assert twice.replaced == once.replaced


def test_a_plug_in_that_was_installed_meanwhile_takes_its_place_back(home: Path) -> None:
    before = pulumi_environment(base(home)).merged(base(home))
    cached(home, VERSION)
    beside_pulumi(home)
    after = pulumi_environment(before)
    assert after.replaced == {}
    assert not set(own_paths(home).values()) & set(after.variables["PATH"].split(os.pathsep))


def test_the_plug_in_cache_follows_pulumi_home(home: Path) -> None:
    program(home / "elsewhere" / "plugins" / f"resource-kubernetes-v{VERSION}" / official.KUBERNETES)
    assert official.KUBERNETES in pulumi_environment(base(home)).replaced
    moved = pulumi_environment(base(home, PULUMI_HOME=str(home / "elsewhere")))
    assert official.KUBERNETES not in moved.replaced


def test_with_nothing_set_backend_and_passphrase_are_ours_and_private(home: Path) -> None:
    found = pulumi_environment(base(home))
    state = home / "state"
    assert found.variables["PULUMI_BACKEND_URL"] == f"file://{state}/pulumi"
    assert found.variables["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(state / "passphrase")
    passphrase = state / "passphrase"
    assert stat.S_IMODE(passphrase.stat().st_mode) == 0o600
    assert len(passphrase.read_text()) >= 40
    assert passphrase.read_text() not in "\n".join(found.lines())
    assert pulumi_environment(base(home)).own_passphrase == passphrase


def test_the_passphrase_is_made_once(home: Path) -> None:
    pulumi_environment(base(home))
    text = (home / "state" / "passphrase").read_text()
    pulumi_environment(base(home))
    assert (home / "state" / "passphrase").read_text() == text


@pytest.mark.parametrize(
    "variable",
    [
        {"PULUMI_CONFIG_PASSPHRASE": "x"},
        {"PULUMI_CONFIG_PASSPHRASE": ""},
        {"PULUMI_CONFIG_PASSPHRASE_FILE": "/mine"},
    ],
)
def test_a_passphrase_of_the_users_is_left_alone(home: Path, variable: dict[str, str]) -> None:
    found = pulumi_environment(base(home, **variable))
    assert found.own_passphrase is None
    assert not any("PASSPHRASE" in name for name in found.variables)
    assert not (home / "state" / "passphrase").exists()


def test_a_backend_of_the_users_is_left_alone(home: Path) -> None:
    found = pulumi_environment(base(home, PULUMI_BACKEND_URL="s3://bucket"))
    assert found.own_backend is None
    assert "PULUMI_BACKEND_URL" not in found.variables


def test_a_login_of_the_users_is_a_backend_of_his(home: Path) -> None:
    credentials = home / ".pulumi" / "credentials.json"
    credentials.parent.mkdir()
    credentials.write_text(json.dumps({"current": "https://api.pulumi.com", "accessTokens": {}}))
    assert pulumi_environment(base(home)).own_backend is None
    credentials.write_text("no JSON")
    assert pulumi_environment(base(home)).own_backend is not None


def test_the_lines_survive_a_shell(home: Path) -> None:
    odd = f"{home}/a folder:/it's:/usr/bin:/bin"
    found = pulumi_environment(base(home, PATH=odd))
    script = "\n".join(found.lines()) + '\nprintf %s "$PATH"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == found.variables["PATH"]
    assert all(shlex.split(line)[0] == "export" for line in found.lines())
