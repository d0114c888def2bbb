"""Rules on the mesh's trust."""

import re
from typing import assert_never

from hybrid_mesh.model.checks.networks import region_problems
from hybrid_mesh.model.checks.registry import rule
from hybrid_mesh.model.clouds.registry import AWS, GOOGLE
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.trust import (
    AwsPrivateCaTrustConfig,
    ExistingTrustConfig,
    FilesTrustConfig,
    GoogleCasTrustConfig,
    IntermediatesTrustConfig,
    SelfSignedTrustConfig,
)
from hybrid_mesh.model.reading.problems import Problem, Problems

ORGANIZATION_LIMIT = 64

_TRUST_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
_AUTHORITY = re.compile(r"arn:aws[a-z-]*:acm-pca:([a-z0-9-]+):[0-9]{12}:certificate-authority/[0-9a-f-]+")


@rule
def the_trust_domain_is_valid(mesh: MeshConfig) -> Problems:
    """`trustDomain` must consist of lowercase letters, digits, dots, dashes and underscores, 255 at most
    (SPIFFE)."""
    domain = mesh.trust_domain
    if len(domain) <= 255 and _TRUST_DOMAIN.fullmatch(domain) and ".." not in domain:
        return
    bare = domain.removeprefix("spiffe://").split("/", 1)[0].split(":", 1)[0].lower()
    suggestion = bare if bare != domain and _TRUST_DOMAIN.fullmatch(bare) else "mesh.example.com"
    yield Problem(
        "trustDomain",
        domain,
        "not a valid SPIFFE trust domain",
        f"Write a domain name without scheme, port and path, for example {suggestion}.",
    )


@rule
def intermediates_end_before_the_root(mesh: MeshConfig) -> Problems:
    """`intermediateValidityDays` must not exceed `rootValidityDays`. A root that the program creates in AWS
    Private CA requires one day less, as it is older than what it signs (AWS Private CA, "Manage the private
    CA lifecycle")."""
    trust = mesh.trust
    if isinstance(trust, FilesTrustConfig | IntermediatesTrustConfig | ExistingTrustConfig):
        return
    older = int(isinstance(trust, AwsPrivateCaTrustConfig) and trust.arn is None)
    if trust.intermediate_validity_days > trust.root_validity_days - older:
        yield Problem(
            "trust.intermediateValidityDays",
            str(trust.intermediate_validity_days),
            f"an intermediate must not outlive its root ({trust.root_validity_days} days)",
            "Make it shorter than rootValidityDays.",
        )


@rule
def cloud_authorities_are_in_a_region(mesh: MeshConfig) -> Problems:
    """The region must be a region of the cloud and, if `arn` is set, the one in it."""
    match mesh.trust:
        case GoogleCasTrustConfig(location=location):
            yield from region_problems("trust.location", location, GOOGLE)
        case AwsPrivateCaTrustConfig() as trust:
            yield from _private_ca_problems(trust)
        case (
            SelfSignedTrustConfig() | FilesTrustConfig() | IntermediatesTrustConfig() | ExistingTrustConfig()
        ):
            pass
        case other:
            assert_never(other)


@rule
def trust_domains_fit_into_certificates(mesh: MeshConfig) -> Problems:
    """`trustDomain` must have at most 64 characters if the program creates the root in a cloud, as the
    organization in the certificate is named after it (RFC 5280, `ub-organization-name`)."""
    match mesh.trust:
        case GoogleCasTrustConfig(pool=None) | AwsPrivateCaTrustConfig(arn=None):
            if len(mesh.trust_domain) > ORGANIZATION_LIMIT:
                yield Problem(
                    "trustDomain",
                    mesh.trust_domain,
                    f"the root's certificate names it as an organization, which has at most "
                    f"{ORGANIZATION_LIMIT} characters (got {len(mesh.trust_domain)})",
                    "Choose a shorter trust domain, or name an existing authority in `trust`.",
                )


def _private_ca_problems(trust: AwsPrivateCaTrustConfig) -> Problems:
    yield from region_problems("trust.region", trust.region, AWS)
    arn = _AUTHORITY.fullmatch(trust.arn) if trust.arn is not None else None
    if trust.arn is not None and arn is None:
        yield Problem(
            "trust.arn",
            trust.arn,
            "not a valid ARN of a private certificate authority",
            "Copy it from `aws acm-pca list-certificate-authorities`.",
        )
    if arn is not None and arn[1] != trust.region:
        yield Problem(
            "trust.region", trust.region, f"the authority's ARN says {arn[1]}", f"Write `region: {arn[1]}`."
        )
