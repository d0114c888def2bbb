"""Meshes that break the rules of `model.checks.flat_keys`."""

from tests.model.rule_cases.case import Case

FILES = {"issuer": "files"}

FLAT_KEYS = [
    Case(
        "a_flat_key_has_one_purpose",
        {"trust": {**FILES, "key": "root", "certificate": "root"}},
        "root-key",
        path="trust.key",
        value="root",
    ),
    Case(
        "a_flat_key_has_one_purpose",
        {"trust": {**FILES, "key": "mesh"}},
        "root-key",
        path="trust.key",
        value="mesh",
    ),
    Case("a_flat_key_has_one_purpose", {"istio.pullSecret": "mesh"}, "registry"),
    Case("a_flat_key_has_one_purpose", {"clusters.one.secret": "mesh"}, "one-kubeconfig", stack="dev"),
    Case(
        "a_flat_key_has_one_purpose",
        {"trust": FILES, "clusters.one.secret": "root-certificate"},
        "one-kubeconfig",
        path="clusters.one.secret",
        value="root-certificate",
        stack="dev",
    ),
]
