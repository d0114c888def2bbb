"""The HTTPRoutes of an ingress, and how a plan shows them."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from hybrid_mesh.cli.main import app
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.objects.ingress import routes
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading.problems import ConfigurationError
from tests.model.meshes import LOCAL, changed

ROUTES = "ingress.public.routes"
ROUTE = {"name": "billing", "pathPrefix": "/billing", "backends": [{"group": "legacy", "port": 9080}]}


def test_a_path_reaches_the_backend_unchanged_unless_its_prefix_is_replaced() -> None:
    replaced = {**ROUTE, "name": "shop", "pathPrefix": "/shop", "replacePrefix": "/v2/"}
    mesh = MeshConfig.model_validate(changed(LOCAL, {ROUTES: [ROUTE, replaced]}))
    plain, rewriting, *_ = routes("public", mesh.ingress["public"], mesh.workload_groups)
    assert "filters" not in plain["spec"]["rules"][0]
    assert rewriting["spec"]["rules"][0]["filters"] == [
        {
            "type": "URLRewrite",
            "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2/"}},
        }
    ]


def test_a_replacement_is_a_path() -> None:
    mesh = changed(LOCAL, {ROUTES: [{**ROUTE, "replacePrefix": "v2"}]})
    with pytest.raises(ConfigurationError, match=r"routes\.0\.replacePrefix \(v2\)"):
        plan_from(mesh, "local")


def test_a_plan_shows_what_replaces_a_prefix(tmp_path: Path) -> None:
    mesh = changed(LOCAL, {ROUTES: [{**ROUTE, "replacePrefix": "/"}]})
    path = tmp_path / "Pulumi.mine.yaml"
    path.write_text(yaml.safe_dump({"config": {"hybrid-mesh:mesh": mesh}}))
    printed = CliRunner().invoke(app, ["plan", "--file", str(path)])
    assert "/billing → /" in printed.stdout
