"""The Secrets with which the mesh's pods get their images from a private registry."""

import json
from typing import Any

import pulumi
import pytest

from tests.components.conftest import Declared, declare_mesh
from tests.model.meshes import LOCAL, changed

CONFIG = json.dumps({"auths": {"registry.example.com": {"auth": "dXNlcjpwYXNz"}}})
MESH = changed(LOCAL, {"istio.pullSecret": "registry"})


@pytest.fixture(scope="module")
def declared() -> Declared:
    return declare_mesh(MESH, secrets={"registry": CONFIG})


def credentials(declared: Declared) -> list[Any]:
    return [each for each in declared.recording.in_clusters() if "pull-secret" in each.name]


def test_every_namespace_of_the_mesh_has_them(declared: Declared) -> None:
    spaces = {
        (each.name.split("-")[1], each.inputs["metadata"]["namespace"]) for each in credentials(declared)
    }
    namespaces = {
        (each.name.split("-")[1], each.inputs["metadata"]["name"])
        for each in declared.recording.of_type("kubernetes:core/v1:Namespace")
    }
    assert spaces == namespaces
    assert ("east", "istio-system") in spaces


def test_they_are_secret_and_of_the_form_that_kubernetes_takes(declared: Declared) -> None:
    for each in credentials(declared):
        assert each.secret == {"stringData"}
        assert each.inputs["stringData"] == {".dockerconfigjson": CONFIG}
        assert each.inputs["type"] == "kubernetes.io/dockerconfigjson"
        assert each.inputs["metadata"]["name"] == "hybrid-mesh-registry"


def test_istiod_and_the_injected_pods_name_them(declared: Declared) -> None:
    values = declared.recording.named("mesh-east-istio-istiod").inputs["values"]
    assert values["global"]["imagePullSecrets"] == ["hybrid-mesh-registry"]


def test_they_are_there_before_the_pods(declared: Declared) -> None:
    names = [each.name for each in declared.recording.declared]
    for secret, pods in (
        ("mesh-east-istio-pull-secret", "mesh-east-istio-istiod"),
        ("mesh-east-pull-secret-istio-ingress", "mesh-ingress-public-gateway"),
        ("mesh-west-pull-secret-demo", "mesh-west-demo-deployment"),
    ):
        assert names.index(secret) < names.index(pods)


@pytest.mark.parametrize("text", ["user:pass", "[]", '{"auths": []}', '{"registry": {}}'])
def test_another_form_is_refused_without_its_content(text: str) -> None:
    with pytest.raises(pulumi.RunError, match="hybrid-mesh:registry: not a Docker") as raised:
        declare_mesh(MESH, secrets={"registry": text})
    assert text not in str(raised.value)
