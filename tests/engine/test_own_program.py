"""Projects other than this repository, under the real engine: from `pulumi new`, and with own programs."""

import json
import os
import stat
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from tests.commands import HYBRID_MESH, PROJECT, run
from tests.components.test_library import program
from tests.engine.site import Site, site
from tests.plugins.engine import pulumi_environment

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]

TEMPLATE = PROJECT / "cli/templates/project"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The program of docs/library.md in a project of its own name, on API servers that stand for kind's."""
    with site(tmp_path_factory.mktemp("own"), "dev") as made:
        (made.folder / "__main__.py").unlink()
        (made.folder / "__main__.py").write_text(program("library"))
        settings = yaml.safe_load((made.folder / "Pulumi.yaml").read_text())
        settings = {key: value for key, value in settings.items() if key != "config"} | {"name": "own"}
        (made.folder / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
        made.stack_file.write_text("config: {pulumi:disable-default-providers: [kubernetes, gcp, aws]}\n")
        made.pulumi("stack", "init", "dev")
        kubeconfig = Path(made.environment.pop("KUBECONFIG")).read_text()
        made.pulumi("config", "set", "--secret", "own:kubeconfig", "--", kubeconfig)
        yield made


def test_a_program_brings_its_mesh_up_through_its_own_providers(own: Site) -> None:
    foreseen = set(own.planned())
    own.up()
    own.up("--expect-no-changes")
    made = own.resources()
    assert foreseen == {each["urn"].rpartition("::")[2] for each in made} - {"default"}
    providers = {
        each["urn"].rpartition("::")[2] for each in made if "pulumi:providers:kubernetes" in each["urn"]
    }
    assert providers == {"one", "two"}
    assert own.output("rootCertificate").startswith("-----BEGIN CERTIFICATE-----")
    own.destroy()
    assert own.resources() == []


def test_pulumi_new_makes_a_project_whose_stack_plan_accepts(tmp_path: Path) -> None:
    """As it is in git: a checkout's links are files there."""
    project = tmp_path / "my-mesh"
    environment = pulumi_environment(tmp_path)
    options = ["--generate-only", "--offline", "--yes", "--name", "my-mesh", "--dir", str(project)]
    run(["pulumi", "new", str(TEMPLATE), *options], folder=tmp_path, environment=environment)
    settings = yaml.safe_load((project / "Pulumi.yaml").read_text())
    assert (settings["name"], "template" in settings) == ("my-mesh", False)
    assert (project / "requirements.txt").read_text() == f"hybrid-mesh=={version('hybrid-mesh')}\n"
    for path, text in (
        ("__main__.py", "HybridMesh"),
        ("README.md", "# my-mesh"),
        ("stacks/mesh.schema.json", "{"),
    ):
        assert not (project / path).is_symlink()
        assert text in (project / path).read_text()
    assert (project / "plugins/hybridmesh/pulumi-resource-hybridmesh").stat().st_mode & stat.S_IXUSR
    plan = run([*HYBRID_MESH, "plan", "--json"], folder=project, environment=dict(os.environ))
    assert json.loads(plan.stdout)["stack"] == "local"
