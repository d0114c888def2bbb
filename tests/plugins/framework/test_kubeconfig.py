"""A kubeconfig is read as kubectl reads it."""

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.plugins.framework.kubeconfig import KubeconfigError, load
from tests.json_server import kubeconfig


def document(server: str = "http://one:1", user: Any = None, **cluster: Any) -> dict[str, Any]:
    made = kubeconfig(server)
    made["clusters"][0]["cluster"] |= cluster
    made["users"][0]["user"] = user or {}
    return made


@pytest.mark.parametrize(
    ("user", "header"),
    [
        ({"token": "t"}, "Bearer t"),
        ({"username": "n", "password": "p"}, f"Basic {base64.b64encode(b'n:p').decode()}"),
        ({}, None),
    ],
)
def test_who_one_is(user: Any, header: str | None) -> None:
    assert load(json.dumps(document(user=user)), None).authorization == header


def test_relative_paths_start_at_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("from-file\n")
    (tmp_path / "config").write_text(json.dumps(document(user={"tokenFile": "token"})))
    monkeypatch.chdir("/")
    assert load(str(tmp_path / "config"), None).authorization == "Bearer from-file"


def test_several_ambient_files_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text(json.dumps(document("http://first:1")))
    other = document("http://second:1")
    other["contexts"].append({"name": "two", "context": {"cluster": "two", "user": "main"}})
    other["clusters"].append({"name": "two", "cluster": {"server": "http://two:1"}})
    second.write_text(json.dumps(other))
    monkeypatch.setenv("KUBECONFIG", f"{first}:{tmp_path / 'missing'}:{second}")
    assert load(None, None).server == "http://first:1"
    assert load(None, "two").server == "http://two:1"


def plugin(folder: Path, text: str) -> dict[str, Any]:
    script = folder / "plugin"
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(stat.S_IRWXU)
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": str(script),
            "args": ["a"],
            "env": [{"name": "WHO", "value": "me"}],
            "provideClusterInfo": True,
        }
    }


def test_a_credential_plugin_is_run(tmp_path: Path) -> None:
    user = plugin(
        tmp_path,
        'echo "$KUBERNETES_EXEC_INFO" >' + str(tmp_path / "info") + '; echo "{\\"status\\": {\\"token\\": '
        '\\"$WHO-$1\\"}}"',
    )
    assert load(json.dumps(document(user=user)), None).authorization == "Bearer me-a"
    asked = json.loads((tmp_path / "info").read_text())
    assert asked["apiVersion"] == "client.authentication.k8s.io/v1"
    assert asked["spec"] == {"interactive": False, "cluster": {"server": "http://one:1"}}


def test_a_credential_plugin_that_fails_is_quoted(tmp_path: Path) -> None:
    user = plugin(tmp_path, "echo you must log in >&2; exit 3")
    with pytest.raises(KubeconfigError, match="plugin failed with code 3: you must log in"):
        load(json.dumps(document(user=user)), None)


def test_a_credential_plugin_that_is_not_there_is_named() -> None:
    user = {"exec": {"apiVersion": "v1", "command": "/nowhere/login"}}
    with pytest.raises(KubeconfigError, match="/nowhere/login did not run"):
        load(json.dumps(document(user=user)), None)


def test_another_name_and_a_proxy() -> None:
    access = load(
        json.dumps(document("https://one", **{"tls-server-name": "n", "proxy-url": "http://p"})), None
    )
    assert (access.server_name, access.proxy, access.tls is not None) == ("n", "http://p", True)


@pytest.mark.parametrize("text", ["", "[]", "{}", "a: b\n", '{"current-context": "c"}', "contexts: 1\nx: 2"])
def test_what_cannot_be_used_is_one_line(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "missing"))
    with pytest.raises(KubeconfigError, match="the kubeconfig cannot be used") as failure:
        load(text, None)
    assert "\n" not in str(failure.value)
