"""Meshes that break the rules of `model.checks.trust`."""

from tests.model.rule_cases.cloud import prod

LONG_DOMAIN = f"{'a' * 56}.example.com"
PRIVATE_CA = {"issuer": "aws-private-ca", "region": "us-east-1"}

TRUST = [
    prod("cloud_authorities_are_in_a_region", {"trust.location": "us-east-1"}, "europe-west4"),
    prod(
        "cloud_authorities_are_in_a_region",
        {"trust": {"issuer": "aws-private-ca", "region": "us-east-1", "arn": "x"}},
        "list-certificate-authorities",
        path="trust.arn",
        value="x",
    ),
    prod(
        "cloud_authorities_are_in_a_region",
        {
            "trust": {
                "issuer": "aws-private-ca",
                "region": "us-east-1",
                "arn": "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/1a2b",
            }
        },
        "region: eu-west-1",
        path="trust.region",
        value="us-east-1",
    ),
    prod(
        "intermediates_end_before_the_root",
        {"trust.rootValidityDays": 365},
        "rootValidityDays",
        path="trust.intermediateValidityDays",
        value="730",
    ),
    prod(
        "intermediates_end_before_the_root",
        {"trust": {**PRIVATE_CA, "rootValidityDays": 730}},
        "rootValidityDays",
        path="trust.intermediateValidityDays",
        value="730",
    ),
    prod("trust_domains_fit_into_certificates", {"trustDomain": LONG_DOMAIN}, "an existing authority"),
    prod(
        "trust_domains_fit_into_certificates",
        {"trustDomain": LONG_DOMAIN, "trust": PRIVATE_CA},
        "Choose a shorter trust domain",
    ),
]
