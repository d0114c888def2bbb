"""Whether the operator's workspace reads and writes the stacks' files in `stacks/`.

Its agent (pulumi/pulumi-kubernetes-operator, agent/cmd/serve.go and agent/pkg/server/server.go, version 2)
opens a LocalWorkspace of the Automation API on the checkout, selects the stack, and sets what the manifest's
`config` and `secretsRef` say. The same calls are made here, of the Automation API in Python; each is one
`pulumi` command in both languages (a structure goes by `config set-all --json`, Pulumi 3.202). What must not
be called is `stack_settings`: it looks beside Pulumi.yaml only (pulumi/pulumi#10305). The agent does not.
"""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from pulumi import automation

from tests.commands import PROJECT
from tests.gitops.test_operator import STACKS
from tests.plugins.engine import binary

pytestmark = pytest.mark.engine

MESH = "hybrid-mesh:mesh"


@pytest.fixture
def workspace(tmp_path: Path) -> automation.LocalWorkspace:
    """The agent's workspace on a checkout with the real Pulumi.yaml and stacks/, its state in a folder."""
    pulumi = binary("pulumi")
    if pulumi is None:
        pytest.skip("the operator's workspace needs pulumi: run make toolchain to include it")
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    shutil.copy(PROJECT / "Pulumi.yaml", checkout)
    shutil.copytree(PROJECT / "stacks", checkout / "stacks")
    for path in (checkout / "stacks").glob("Pulumi.*.yaml"):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not line.startswith("encryptionsalt:")))
    state = tmp_path / "state"
    state.mkdir()
    return automation.LocalWorkspace(
        work_dir=str(checkout),
        pulumi_home=str(tmp_path / "home"),
        env_vars={
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE": "passphrase",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        },
        pulumi_command=automation.PulumiCommand(root=_root(tmp_path, Path(pulumi))),
    )


def _root(folder: Path, pulumi: Path) -> str:
    """A Pulumi installation, as the Automation API expects it: ROOT/bin/pulumi."""
    (folder / "root" / "bin").mkdir(parents=True)
    (folder / "root" / "bin" / "pulumi").symlink_to(pulumi.resolve())
    return str(folder / "root")


def _select(workspace: automation.LocalWorkspace, stack: str) -> automation.Stack:
    assert workspace.project_settings().name == "hybrid-mesh"
    return automation.Stack.create_or_select(stack, workspace)


@pytest.mark.parametrize("name", STACKS)
def test_the_mesh_of_a_stack_is_read_from_its_file(workspace: automation.LocalWorkspace, name: str) -> None:
    stack = _select(workspace, STACKS[name]["spec"]["stack"])
    text = (PROJECT / "stacks" / f"Pulumi.{name}.yaml").read_text()
    assert json.loads(stack.get_config(MESH).value) == yaml.safe_load(text)["config"][MESH]


def test_secrets_are_added_to_the_stacks_file_and_encrypted(workspace: automation.LocalWorkspace) -> None:
    stack = _select(workspace, "dev")
    before = stack.get_config(MESH).value
    key = 'hybrid-mesh:["root-key"]'
    stack.set_all_config({key: automation.ConfigValue("not to be seen", secret=True)}, path=True)
    checkout = Path(workspace.work_dir)
    written = (checkout / "stacks" / "Pulumi.dev.yaml").read_text()
    assert set(yaml.safe_load(written)["config"]["hybrid-mesh:root-key"]) == {"secure"}
    assert "not to be seen" not in written
    assert stack.get_config("hybrid-mesh:root-key").value == "not to be seen"
    assert stack.get_config(MESH).value == before
    assert not (checkout / "Pulumi.dev.yaml").exists()


def test_a_mesh_in_the_manifest_takes_the_place_of_that_in_the_file(
    workspace: automation.LocalWorkspace,
) -> None:
    stack = _select(workspace, "dev")
    mesh = STACKS["dev"]["spec"]["config"][MESH]
    assert json.loads(stack.get_config(MESH).value) != mesh
    value = {"value": json.dumps(mesh), "objectValue": mesh, "secret": False}
    workspace.set_all_config_json("dev", json.dumps({MESH: value}))
    assert json.loads(stack.get_config(MESH).value) == mesh
