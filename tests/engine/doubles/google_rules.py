"""What Google's IAM refuses although its schemas take it, and the rules of all its services."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from tests.engine.doubles import google_clusters, google_compute
from tests.engine.doubles.google_shared import ACCOUNT, GoogleRule
from tests.engine.doubles.rules import CloudCall

_MEMBER: Final = re.compile(
    r"(user|group|serviceAccount):[^@\s:]+@[a-z0-9.-]+\.[a-z]+|domain:[a-z0-9.-]+|allUsers|allAuthenticatedUsers"
    r"|principal(Set)?://\S+|serviceAccount:[a-z0-9.:-]+\.svc\.id\.goog\[[^\]]+\]"
)
_ROLE: Final = re.compile(r"(projects/[^/]+/|organizations/\d+/)?roles/[A-Za-z0-9_.]+")


def _policy_member(call: CloudCall) -> Iterator[str]:
    """IAM, "Principal identifiers"; an account must exist before it gets a role."""
    role, member = call.inputs["role"], call.inputs["member"]
    if not _ROLE.fullmatch(role):
        yield f"Role ({role}) does not exist in the resource's hierarchy."
    if not _MEMBER.fullmatch(member):
        yield f'The member "{member}" is of an unknown type.'
    accounts = {f"serviceAccount:{each.outputs['email']}" for each in call.facts.world.of_type(ACCOUNT)}
    ours = f"@{call.facts.project}.iam.gserviceaccount.com"
    if member.startswith("serviceAccount:") and member.endswith(ours) and member not in accounts:
        yield f"Service account {member.removeprefix('serviceAccount:')} does not exist."


_RULES: Final[Mapping[str, tuple[GoogleRule, ...]]] = {
    **google_clusters.RULES,
    **google_compute.RULES,
    "gcp:projects/iAMMember:IAMMember": (_policy_member,),
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": (_policy_member,),
}


def broken(call: CloudCall) -> Iterator[str]:
    """The messages of the rules that a call breaks."""
    for rule in _RULES.get(call.token, ()):
        yield from rule(call)
