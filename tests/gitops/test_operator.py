"""The manifests of the Pulumi Kubernetes Operator."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from hybrid_mesh.model.plan.build import plan_from
from tests.commands import PROJECT

MANIFESTS = PROJECT / "gitops" / "pulumi-operator"
SCHEMA = yaml.safe_load((Path(__file__).parent / "stack.schema.yaml").read_text())
DOCUMENTS: list[dict[str, Any]] = [
    document for path in sorted(MANIFESTS.glob("*.yaml")) for document in yaml.safe_load_all(path.read_text())
]
STACKS = {document["spec"]["stack"]: document for document in DOCUMENTS if document["kind"] == "Stack"}
PLACEHOLDER = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|\b(?:ORGANISATION|REPOSITORY)\b")


def test_there_is_a_stack_for_each_environment() -> None:
    assert sorted(STACKS) == ["dev", "prod", "staging"]


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_is_one_by_the_operators_schema(name: str) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(STACKS[name])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("configRefs", {}),
        ("refresh", "true"),
        ("workspaceReclaimPolicy", "Keep"),
        ("stack", None),
        ("driftDetection", {"schedules": [{"cron": "17 3 * * *"}]}),
        ("updateTemplate", {"spec": {"expectNoChange": True}}),
    ],
)
def test_the_schema_refuses_what_the_operator_refuses(field: str, value: object) -> None:
    wrong = STACKS["prod"] | {"spec": STACKS["prod"]["spec"] | {field: value}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(wrong)


def test_a_stacks_name_leaves_room_for_its_workspaces_pod() -> None:
    longest = STACKS["prod"] | {"metadata": {"namespace": "hybrid-mesh", "name": "a" * 42}}
    jsonschema.Draft202012Validator(SCHEMA).validate(longest)
    longer = STACKS["prod"] | {"metadata": {"namespace": "hybrid-mesh", "name": "a" * 43}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(longer)


@pytest.mark.parametrize("name", STACKS)
def test_a_workspace_has_an_account_of_its_own_that_may_delegate_authentication(name: str) -> None:
    account = STACKS[name]["spec"]["workspaceTemplate"]["spec"]["serviceAccountName"]
    subject = {"kind": "ServiceAccount", "name": account, "namespace": "hybrid-mesh"}
    bindings = [
        document["roleRef"]["name"]
        for document in DOCUMENTS
        if document["kind"] == "ClusterRoleBinding" and subject in document["subjects"]
    ]
    assert bindings == ["system:auth-delegator"]
    assert any(
        document["kind"] == "ServiceAccount" and document["metadata"]["name"] == account
        for document in DOCUMENTS
    )


@pytest.mark.parametrize("name", STACKS)
def test_a_workspace_runs_the_pulumi_that_the_program_is_locked_to(name: str) -> None:
    locked = re.search(r"^pulumi==(\S+)", (PROJECT / "requirements.txt").read_text(), re.MULTILINE)
    assert locked is not None
    template = STACKS[name]["spec"]["workspaceTemplate"]["spec"]
    assert template["image"] == f"pulumi/pulumi:{locked[1]}-nonroot"
    assert template["securityProfile"] == "restricted"


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_a_stack_with_clouds_reads_its_file_and_is_never_made_or_destroyed_by_the_operator(name: str) -> None:
    spec = STACKS[name]["spec"]
    assert "config" not in spec
    assert (PROJECT / "stacks" / f"Pulumi.{name}.yaml").exists()
    assert spec["useLocalStackOnly"] is True
    assert spec["destroyOnFinalize"] is False


def test_production_waits_for_staging() -> None:
    (prerequisite,) = STACKS["prod"]["spec"]["prerequisites"]
    assert prerequisite["name"] == STACKS["staging"]["metadata"]["name"]


def test_a_mesh_in_the_manifest_can_be_planned_and_its_secrets_are_flat_keys() -> None:
    spec = STACKS["dev"]["spec"]
    plan = plan_from(spec["config"]["hybrid-mesh:mesh"], "dev")
    assert sorted(spec["secretsRef"]) == [f"hybrid-mesh:{name}" for name in plan.secrets]
    assert {reference["type"] for reference in spec["secretsRef"].values()} == {"Secret"}


def test_no_manifest_holds_a_secret() -> None:
    assert [document for document in DOCUMENTS if document["kind"] == "Secret"] == []
    for stack in STACKS.values():
        for reference in stack["spec"].get("envRefs", {}).values():
            assert reference["type"] == "Secret"


def test_every_placeholder_is_explained() -> None:
    text = "".join(path.read_text() for path in MANIFESTS.glob("*.yaml"))
    placeholders = set(PLACEHOLDER.findall(text)) - {
        "AWS_REGION",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "PULUMI_CONFIG_PASSPHRASE",
    }
    page = (PROJECT / "docs" / "pipelines.md").read_text()
    assert len(placeholders) >= 5
    assert [name for name in sorted(placeholders) if f"`{name}`" not in page] == []
