"""docs/library.md: its program with its own providers, its transformation, and what an import costs."""

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime.stack import wait_for_rpcs

import hybrid_mesh
from hybrid_mesh.components import declare as declare_module
from hybrid_mesh.components.clusters.existing import ExistingCluster
from hybrid_mesh.components.declare import _vendored
from hybrid_mesh.components.mesh import HybridMesh
from hybrid_mesh.model.plan.build import plan_from
from tests.commands import PROJECT
from tests.components.conftest import EXTERNAL, KUBECONFIG, SECRETS, hermetic
from tests.components.recording import Recording
from tests.docs.pages import blocks


def program(name: str, page: str = "docs/library.md") -> str:
    """The program of that name in the page."""
    (found,) = [each.text for each in blocks(page) if each.note == f"program: {name}"]
    return found


def declare(text: str, folder: Path, config: dict[str, Any]) -> Recording:
    recording = Recording()
    file = folder / "program.py"
    file.write_text(text)

    async def run() -> None:
        runpy.run_path(str(file))
        await wait_for_rpcs()

    with hermetic() as loop:
        pulumi.runtime.set_mocks(recording, project="own", stack="dev")
        pulumi.runtime.set_all_config(config)
        try:
            loop.run_until_complete(run())
        finally:
            pulumi.runtime.set_all_config({})
    return recording


def kubeconfig() -> str:
    """With the contexts `kind-one` and `kind-two`."""
    names = ("kind-one", "kind-two")
    contexts = ", ".join(f"{{name: {name}, context: {{cluster: {name}, user: all}}}}" for name in names)
    clusters = ", ".join(f"{{name: {name}, cluster: {{server: 'https://127.0.0.1:1'}}}}" for name in names)
    return (
        f"apiVersion: v1\nkind: Config\ncurrent-context: kind-one\ncontexts: [{contexts}]\n"
        f"clusters: [{clusters}]\nusers: [{{name: all, user: {{token: t}}}}]\n"
    )


def test_the_whole_program_declares_everything_through_its_own_providers(tmp_path: Path) -> None:
    made = declare(program("library"), tmp_path, {"own:kubeconfig": kubeconfig()})
    assert len(program("library").splitlines()) <= 40
    providers = made.of_type("pulumi:providers:kubernetes")
    assert sorted(each.name for each in providers) == ["one", "two"]
    assert {each.provider.rsplit("::", 2)[-2] for each in made.in_clusters()} == {"one", "two"}
    assert len(made.of_type("hybridmesh:index:HybridMesh")) == 1


def test_parts_declare_what_the_whole_does(tmp_path: Path) -> None:
    config = {"own:kubeconfig": kubeconfig()}
    whole = declare(program("library"), tmp_path, config)
    begin = program("library").partition("made = HybridMesh(")[0]
    parts = declare(begin + program("parts"), tmp_path, config)
    made = {each.name: each.inputs for each in parts.in_clusters()}
    assert {"mesh-one-istio-istiod", "mesh-one-istio-cacerts"} <= set(made)
    assert not any(name.startswith(("mesh-two", "mesh-one-gateway")) for name in made)
    assert made == {each.name: each.inputs for each in whole.in_clusters() if each.name in made}


def test_a_transformation_reaches_every_resource(tmp_path: Path) -> None:
    whole = program("library").replace("clusters=clusters)", "clusters=clusters, opts=options)")
    made = declare(program("transformation") + whole, tmp_path, {"own:kubeconfig": kubeconfig()})
    assert made.named("mesh-one-istio-istiod").inputs["timeout"] == 900
    assert "timeout" not in made.named("mesh-two-istio-istiod").inputs


def test_own_resources_stand_beside_the_mesh(tmp_path: Path, local_stack: dict[str, Any]) -> None:
    """Below the program of a project, as docs/your-own-mesh.md has them."""
    main = (PROJECT / "__main__.py").read_text().replace("gc.disable()", "")
    text = main + program("resources", "docs/your-own-mesh.md")
    made = declare(text, tmp_path, {"hybrid-mesh:mesh": json.dumps(local_stack)})
    assert "mesh-east-provider" in made.named("shop").provider


def declare_existing(clusters: dict[str, ExistingCluster], secrets: dict[str, str]) -> Recording:
    recording = Recording()

    async def run() -> None:
        HybridMesh(
            "mesh", plan=plan_from(EXTERNAL, "dev", existing=clusters), secrets=secrets, clusters=clusters
        )
        await wait_for_rpcs()

    with hermetic() as loop:
        pulumi.runtime.set_mocks(recording, project="own", stack="dev")
        loop.run_until_complete(run())
    return recording


def test_a_cluster_of_the_program_needs_no_provider_of_the_program() -> None:
    """The mesh makes one from the kubeconfig, which stays a secret."""
    clusters = {"edge": ExistingCluster(kubeconfig=KUBECONFIG, context="edge")}
    made = declare_existing(clusters, {"plant-kubeconfig": SECRETS["plant-kubeconfig"]})
    provider = made.named("mesh-edge-provider")
    assert (provider.inputs["kubeconfig"], provider.inputs["context"]) == (KUBECONFIG, "edge")
    assert "kubeconfig" in provider.secret


def test_the_address_for_peers_is_the_programs() -> None:
    clusters = {"edge": ExistingCluster(kubeconfig=KUBECONFIG, peer_endpoint="https://198.18.4.9:6443")}
    made = declare_existing(clusters, SECRETS)
    remote = made.named("mesh-plant-peering-remote-secrets").inputs["stringData"]
    assert "https://198.18.4.9:6443" in remote["edge"]


@pytest.mark.parametrize("name", ["egde", "east"])
def test_a_cluster_that_the_plan_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} is not a cluster of type kubeconfig.*edge, plant"):
        declare_existing({name: ExistingCluster(kubeconfig=KUBECONFIG)}, SECRETS)


def test_the_state_names_no_folder_of_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chart that comes with the package is in the checkout, or in the environment of the project."""
    chart = "components/charts/gateway-api-crds"
    assert _vendored(chart) == chart
    site = ".venv/lib/python3.11/site-packages/hybrid_mesh"
    monkeypatch.setattr(declare_module, "__file__", str(tmp_path / site / "components/declare.py"))
    monkeypatch.chdir(tmp_path)
    assert _vendored(chart) == f"{site}/{chart}"


def test_a_mesh_is_built_in_python() -> None:
    exec(compile(program("config"), "docs/library.md", "exec"), {})


def test_every_public_name_is_there_and_documented() -> None:
    page = (PROJECT / "docs/library.md").read_text()
    for name in hybrid_mesh.__all__:
        assert f"`{name}" in page
        assert getattr(hybrid_mesh, name).__name__ == name
    with pytest.raises(AttributeError, match="HybridMash"):
        hybrid_mesh.HybridMash  # noqa: B018 - the access is the test


def test_the_package_alone_loads_no_sdk() -> None:
    code = "import sys, hybrid_mesh; sys.exit(bool({'pulumi', 'pydantic', 'grpc'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
