"""The CRDs of the Gateway API that the program installs accept what the model makes, with every field."""

import json
from functools import cache
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from hybrid_mesh.model.istio_facts import GATEWAY_API_KINDS
from hybrid_mesh.model.objects.planned import PlannedObject
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading.stack_file import load_stack_file
from tests.commands import PROJECT
from tests.model.agreed import GOLDEN

CRDS = PROJECT / "components/charts/gateway-api-crds/standard"
GROUP = "gateway.networking.k8s.io"


def made() -> dict[str, dict[str, Any]]:
    """The objects of all golden plans and of the longest example, by plan, kind and name."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((GOLDEN / "plan").rglob("manifests.yaml")):
        for each in yaml.safe_load_all(path.read_text()):
            if each.get("apiVersion", "").startswith(f"{GROUP}/"):
                found[f"{path.parent.name} {each['kind']} {each['metadata']['name']}"] = each
    example = load_stack_file(PROJECT / "model/reference/examples/datacenter.yaml")
    for cluster in plan_from(example.mesh, "datacenter").clusters.values():
        for planned in cluster.objects:
            if isinstance(planned, PlannedObject) and planned.manifest["apiVersion"].startswith(f"{GROUP}/"):
                manifest = json.loads(json.dumps(planned.manifest))
                found[f"example {manifest['kind']} {manifest['metadata']['name']}"] = manifest
    return found


MADE = made()


@cache
def definitions() -> list[dict[str, Any]]:
    found = [each for path in CRDS.glob("*.yaml") for each in yaml.safe_load_all(path.read_text())]
    return [each for each in found if each["kind"] == "CustomResourceDefinition"]


@cache
def schemas() -> dict[tuple[str, str], dict[str, Any]]:
    """API version and kind -> the schema of what the API server stores, without tolerance for other
    fields."""
    found = {}
    for crd in definitions():
        for version in crd["spec"]["versions"]:
            if version["served"]:
                schema = version["schema"]["openAPIV3Schema"]
                schema["properties"]["metadata"] = {"type": "object", "required": ["name"]}
                found[f"{GROUP}/{version['name']}", crd["spec"]["names"]["kind"]] = _closed(schema)
    return found


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        closed["additionalProperties"] = False
    return closed


def test_every_kind_of_route_is_among_them() -> None:
    assert {each["kind"] for each in MADE.values()} >= {"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"}


@pytest.mark.parametrize("name", MADE)
def test_its_crd_accepts_it(name: str) -> None:
    each = MADE[name]
    schema = schemas()[each["apiVersion"], each["kind"]]
    assert [error.message for error in Draft202012Validator(schema).iter_errors(each)] == []


def test_another_field_is_not_accepted() -> None:
    schema = schemas()[f"{GROUP}/v1", "Gateway"]
    listener = {"name": "a", "port": 80, "protocol": "HTTP", "hostName": "a.example.com"}
    spec = {"gatewayClassName": "istio", "listeners": [listener]}
    wrong = {"apiVersion": f"{GROUP}/v1", "kind": "Gateway", "metadata": {"name": "a"}, "spec": spec}
    [error] = Draft202012Validator(schema).iter_errors(wrong)
    assert "hostName" in error.message


def test_istiod_reads_the_kinds_in_the_release_that_the_program_installs() -> None:
    releases = {
        crd["spec"]["names"]["kind"]: crd["metadata"]["annotations"][f"{GROUP}/bundle-version"]
        for crd in definitions()
    }
    for kind, oldest in GATEWAY_API_KINDS.items():
        assert tuple(map(int, releases[kind].removeprefix("v").split("."))) >= oldest
