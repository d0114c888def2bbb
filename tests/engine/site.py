"""The project itself under the real engine, with the doubles in the place of the clouds.

A `Site` is a copy of the project's shape in a folder of its own: its program is the checkout's, its stack
files and its state are the test's.
"""

from __future__ import annotations

import base64
import copy
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.commands import PROJECT
from tests.engine.doubles.store import VARIABLE, World
from tests.engine.doubles.together import MemoryWorld, together
from tests.engine.fake_api import TOKEN, FakeApi, fake_api
from tests.engine.preloaded import write_python
from tests.filled import filled_text
from tests.plugins.engine import Pulumi, pulumi_environment

LINKED: Final = ("__main__.py", "components", "model", "plugins", "local", ".toolchain")
DOUBLES: Final = PROJECT / "tests/engine/doubles/bin"
CREDENTIAL_PLUGINS: Final = ("gke-gcloud-auth-plugin", "aws")
SERVERS_OF_EACH: Final = 6
_ONE_WRITE: Final = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""Writes the state at the end of each command and not at each step: no test kills an engine of a `site`.
Source: SkipCheckpoints of pulumi/sdk/v3/go/common/env."""
_GIVE_CREDENTIAL: Final = """#!{python}
import json, os
info = json.loads(os.environ.get("KUBERNETES_EXEC_INFO") or "{{}}")
version = info.get("apiVersion", "client.authentication.k8s.io/v1beta1")
status = json.load(open({credential!r}))
print(json.dumps({{"apiVersion": version, "kind": "ExecCredential", "status": status}}))
"""


@dataclass
class Site(Pulumi):
    """One stack. `api` has the API servers that its clusters get."""

    stack: str
    world: World
    api: FakeApi | None

    # the stack's configuration

    @property
    def stack_file(self) -> Path:
        return self.folder / "stacks" / f"Pulumi.{self.stack}.yaml"

    @property
    def mesh(self) -> dict[str, Any]:
        """The value of `hybrid-mesh:mesh`, to be changed and given to `configure`."""
        mesh: dict[str, Any] = yaml.safe_load(self.stack_file.read_text())["config"]["hybrid-mesh:mesh"]
        return copy.deepcopy(mesh)

    def configure(self, mesh: Mapping[str, Any]) -> None:
        settings = yaml.safe_load(self.stack_file.read_text())
        settings["config"]["hybrid-mesh:mesh"] = dict(mesh)
        self.stack_file.write_text(yaml.safe_dump(settings, sort_keys=False))

    # the engine

    def preview(self, *arguments: str) -> str:
        return self.pulumi("preview", "--diff", *arguments)

    def up(self, *arguments: str, fails: bool = False) -> str:
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, fails=fails)

    def destroy(self, *arguments: str, fails: bool = False) -> str:
        return self.pulumi("destroy", "--yes", "--skip-preview", *arguments, fails=fails)

    def planned(self) -> dict[str, str]:
        """What a preview would do, by the resource's name, what stays the same left out."""
        steps = self.told("preview", "--json")["steps"]
        return {step["urn"].rpartition("::")[2]: step["op"] for step in steps if step["op"] != "same"}

    def output(self, name: str) -> Any:
        return self.told("stack", "output", name, "--json", "--show-secrets")


@contextmanager
def site(folder: Path, stack: str) -> Iterator[Site]:
    """A stack of the project under the doubles in this process."""
    world = MemoryWorld(folder / "world")
    with fake_api(world, 3 * SERVERS_OF_EACH) as api, together(world) as providers:
        offered = [{"server": server, "authority": api.authority} for server in api.servers]
        of_each = {
            kind: offered[number * SERVERS_OF_EACH : (number + 1) * SERVERS_OF_EACH]
            for number, kind in enumerate(("gcp", "aws", "kubeconfig"))
        }
        made = make_site(folder, stack, world, api, servers=of_each, credential={"token": TOKEN})
        made.environment |= {"PULUMI_DEBUG_PROVIDERS": providers, **_ONE_WRITE}
        yield made


def make_site(
    folder: Path,
    stack: str,
    world: World,
    api: FakeApi | None,
    *,
    servers: Mapping[str, list[dict[str, str]]],
    credential: Mapping[str, str] | Mapping[str, Mapping[str, str]],
) -> Site:
    """Lays the project out below `folder`. `servers` are the API servers for clusters, by kind; `credential`
    is what the clouds' credential plug-ins answer, for all or for each of them.
    """
    project = folder / "project"
    (project / "stacks").mkdir(parents=True)
    for name in LINKED:
        (project / name).symlink_to(PROJECT / name)
    write_python(project / ".venv/bin/python")
    (project / "Pulumi.yaml").write_text((PROJECT / "Pulumi.yaml").read_text())
    source = PROJECT / "stacks" / f"Pulumi.{stack}.yaml"
    (project / "stacks" / source.name).write_text(filled_text(source.read_text()))
    tools = folder / "tools"
    tools.mkdir()
    for name in CREDENTIAL_PLUGINS:
        own = credential.get(name, credential)
        (folder / f"{name}.json").write_text(json.dumps(own))
        script = _GIVE_CREDENTIAL.format(python=sys.executable, credential=str(folder / f"{name}.json"))
        (tools / name).write_text(script)
        (tools / name).chmod(0o755)
    world.offer(servers)
    (folder / "kubeconfig").write_text(_kubeconfig(servers["kubeconfig"]))
    made = Site(project, _environment(folder, tools), stack, world, api)
    made.pulumi("stack", "init", stack)
    return made


def _environment(folder: Path, tools: Path) -> dict[str, str]:
    return pulumi_environment(folder, tools, DOUBLES) | {
        "KUBECONFIG": str(folder / "kubeconfig"),
        "HYBRID_MESH_STATE": str(folder / "lab-state"),
        "HYBRID_MESH_SEVERAL_LABS": "1",
        VARIABLE: str(folder / "world"),
    }


def _kubeconfig(servers: list[dict[str, str]]) -> str:
    """With the contexts of the stacks that name one, in the order of the given servers."""
    names = ("kind-one", "kind-two", "kind-three")
    clusters = [
        {"name": name, "cluster": {"server": each["server"], "certificate-authority-data": _encoded(each)}}
        for name, each in zip(names, servers, strict=False)
    ]
    contexts = [{"name": name, "context": {"cluster": name, "user": "operator"}} for name in names]
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": names[0],
            "clusters": clusters,
            "contexts": contexts[: len(clusters)],
            "users": [{"name": "operator", "user": {"token": TOKEN}}],
        }
    )


def _encoded(server: Mapping[str, str]) -> str:
    return base64.b64encode(server["authority"].encode()).decode()
