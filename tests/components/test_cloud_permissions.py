"""The program's names are those that the policy of `hybrid-mesh plan --requirements` allows."""

from fnmatch import fnmatch

from hybrid_mesh.model.clouds.aws_permissions import STATEMENTS
from tests.components.conftest import Declared

KINDS = {"aws:iam/role:Role": "role", "aws:iam/instanceProfile:InstanceProfile": "instance-profile"}


def test_roles_and_profiles_have_names_that_the_policy_allows(prod: Declared) -> None:
    """Pulumi appends a suffix to the names here."""
    for token, kind in KINDS.items():
        made = prod.recording.of_type(token)
        assert made
        for each in made:
            assert "name" not in each.inputs
            arn = f"arn:aws:iam::123456789012:{kind}/{each.name}-1a2b3c4"
            assert any(fnmatch(arn, pattern) for pattern in STATEMENTS[0]["Resource"]), arn


def test_only_services_that_the_policy_names_are_given_a_role(prod: Declared) -> None:
    passed = STATEMENTS[1]["Condition"]["StringEquals"]["iam:PassedToService"]
    for role in prod.recording.of_type("aws:iam/role:Role"):
        assert any(service in str(role.inputs["assumeRolePolicy"]) for service in passed), role.name
