"""Meshes that break the rules of `model.checks.flat_keys`."""

from tests.model.rule_cases.case import Case

FILES = {"issuer": "files"}

FLAT_KEYS = [
    Case(
        "a_flat_key_has_one_purpose",
        {"trust": {**FILES, "key": "root", "certificate": "root"}},
        "trust.key",
        "root",
        "root-key",
    ),
    Case("a_flat_key_has_one_purpose", {"trust": {**FILES, "key": "mesh"}}, "trust.key", "mesh", "root-key"),
    Case(
        "a_flat_key_has_one_purpose",
        {"clusters.one.secret": "mesh"},
        "clusters.one.secret",
        "mesh",
        "one-kubeconfig",
        "dev",
    ),
    Case(
        "a_flat_key_has_one_purpose",
        {"trust": FILES, "clusters.one.secret": "root-certificate"},
        "clusters.one.secret",
        "root-certificate",
        "one-kubeconfig",
        "dev",
    ),
]
