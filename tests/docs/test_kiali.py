"""The values for Kiali's chart fit the mesh and the Secret of the page about Kiali."""

import copy

import yaml

from hybrid_mesh.model.objects.kiali import ACCOUNT, SECRET_NAME
from hybrid_mesh.model.plan.build import plan_from
from tests.commands import PROJECT
from tests.docs.pages import blocks
from tests.model.meshes import LOCAL


def test_the_values_are_those_of_the_mesh() -> None:
    values = yaml.safe_load((PROJECT / "docs" / "kiali" / "values.yaml").read_text())
    (block,) = [block for block in blocks("docs/kiali.md") if block.language == "yaml"]
    plan = plan_from({**copy.deepcopy(dict(LOCAL)), **yaml.safe_load(block.text)}, "test")
    assert plan.kiali is not None
    assert values["kubernetes_config"]["cluster_name"] == plan.kiali.cluster
    assert values["external_services"]["prometheus"]["query_scope"]["mesh_id"] == plan.mesh_id
    assert values["deployment"]["view_only_mode"], "the accounts of the other clusters can only read"
    page = (PROJECT / "docs" / "kiali.md").read_text()
    assert f"--namespace {plan.kiali.namespace}" in page
    assert SECRET_NAME in page
    assert f"istio-system/{ACCOUNT}" in page
