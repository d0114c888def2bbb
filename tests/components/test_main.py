"""`__main__.py`: what a user sees of a right and of a wrong stack file."""

import gc
import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime.stack import wait_for_rpcs

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.model.reading.stack_file import load_stack_file, stack_file
from tests.commands import PROJECT
from tests.components.conftest import hermetic
from tests.components.recording import Recording
from tests.model.meshes import STAGING


def run(config: Mapping[str, Any], recording: Recording | None = None) -> tuple[Recording, dict[str, Any]]:
    """Runs the program on the flat keys `config`; what it declared and what it exported.

    It turns the garbage collector off, as it ends soon; the tests' process does not.
    """
    recording = recording or Recording()
    exports: dict[str, Any] = {}

    async def program() -> None:
        try:
            runpy.run_path(str(PROJECT / "__main__.py"))
        finally:
            await wait_for_rpcs()

    with hermetic() as loop, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pulumi, "export", exports.__setitem__)
        patch.setattr(gc, "disable", lambda: None)
        pulumi.runtime.set_mocks(recording, project="hybrid-mesh", stack="local")
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
        pulumi.runtime.set_all_config(texts)
        try:
            loop.run_until_complete(program())
        finally:
            pulumi.runtime.set_all_config({})
    return recording, exports


def test_it_declares_one_mesh_and_exports_its_outputs(local_stack: dict[str, Any]) -> None:
    recording, exports = run({"hybrid-mesh:mesh": local_stack})
    assert len(recording.of_type("hybridmesh:index:HybridMesh")) == 1
    assert set(exports) >= {"meshId", "clusters", "groups", "bundles", "ingresses"}


def test_every_problem_is_one_clear_line(local_stack: dict[str, Any]) -> None:
    local_stack["workloadGroups"]["legacy"]["cluster"] = "nowhere"
    local_stack["ingress"]["public"]["cluster"] = "nowhere"
    with pytest.raises(pulumi.RunError) as failure:
        run({"hybrid-mesh:mesh": local_stack})
    text = str(failure.value)
    assert text.startswith("stacks/Pulumi.local.yaml is wrong:\n")
    assert "workloadGroups.legacy.cluster (nowhere)" in text
    assert "ingress.public.cluster (nowhere)" in text


def test_placeholders_are_refused_before_any_resource() -> None:
    recording = Recording()
    with pytest.raises(pulumi.RunError, match=r"project \(example-mesh-staging\)") as failure:
        run({"hybrid-mesh:mesh": STAGING}, recording)
    assert "operators.cidrs.0 (198.51.100.0/28)" in str(failure.value)
    assert recording.declared == []


def test_problems_have_the_places_that_plan_prints(
    local_stack: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = stack_file(PROJECT, "local").read_text()
    wrong = good.replace("network: boston}", "network: bostn}")
    line = wrong[: wrong.index("bostn")].count("\n") + 1
    (tmp_path / "stacks").mkdir()
    stack_file(tmp_path, "local").write_text(wrong)
    monkeypatch.chdir(tmp_path)
    local_stack["clusters"]["west"]["network"] = "bostn"
    with pytest.raises(pulumi.RunError) as failure:
        run({"hybrid-mesh:mesh": local_stack})
    stack = load_stack_file(stack_file(tmp_path, "local"))
    with pytest.raises(ConfigurationError) as of_plan:
        plan_from(stack.mesh, "local", file=stack)
    assert str(of_plan.value).startswith(f"stacks/Pulumi.local.yaml:{line}:36: clusters.west.network (bostn)")
    assert str(of_plan.value) in str(failure.value)


def test_problems_of_another_mesh_than_the_files_have_no_places(
    local_stack: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    local_stack["clusters"]["west"]["network"] = "bostn"
    with pytest.raises(pulumi.RunError) as failure:
        run({"hybrid-mesh:mesh": local_stack})
    assert "\nclusters.west.network (bostn)" in str(failure.value)


def test_a_file_that_the_engine_reads_otherwise_is_refused(
    local_stack: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stacks").mkdir()
    good = stack_file(PROJECT, "local").read_text()
    labels = "labels: {app: legacy, day: 2026-11-27"
    stack_file(tmp_path, "local").write_text(good.replace("labels: {app: legacy", labels))
    monkeypatch.chdir(tmp_path)
    local_stack["workloadGroups"]["legacy"]["labels"]["day"] = "2026-11-27 00:00:00 +0000 UTC"
    with pytest.raises(pulumi.RunError, match=r"legacy\.labels\.day \(2026-11-27\): a date"):
        run({"hybrid-mesh:mesh": local_stack})


def test_a_missing_mesh_is_named() -> None:
    with pytest.raises(pulumi.RunError, match="hybrid-mesh:mesh"):
        run({})


def test_a_missing_secret_is_named(local_stack: dict[str, Any]) -> None:
    local_stack["trust"] = {"issuer": "files"}
    with pytest.raises(pulumi.RunError, match=r"root-(key|certificate)"):
        run({"hybrid-mesh:mesh": local_stack})


def test_a_root_of_ones_own_reaches_the_authority_secret(local_stack: dict[str, Any]) -> None:
    local_stack["trust"] = {"issuer": "files"}
    flat = {"hybrid-mesh:root-certificate": "certificate", "hybrid-mesh:root-key": "key"}
    recording, _ = run({"hybrid-mesh:mesh": local_stack, **flat})
    authority = recording.named("mesh-trust-authority")
    assert (authority.inputs["issuer"], authority.inputs["rootKeyPem"]) == ("files", "key")
    assert "rootKeyPem" in authority.secret
