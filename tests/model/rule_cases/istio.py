"""Meshes that break the rules of `model.checks.istio`."""

from tests.model.rule_cases.case import RATINGS, Case

ISTIO = [
    Case("the_istio_release_is_supported", {"istio.version": "1.30.3"}, "1.31.x"),
    Case("the_istio_release_is_supported", {"istio.version": "v1.31.0"}, "1.31.0"),
    Case(
        "tetrate_names_its_sources",
        {"istio.distribution": "tetrate"},
        "Tetrate's",
        path="istio.hub",
        value="",
    ),
    Case("the_hub_is_a_registry", {"istio.hub": "https://docker.io/"}, "scheme"),
    Case(
        "chart_sources_match_their_type",
        {"istio.charts": {"type": "repository", "url": "oci://ghcr.io/istio"}},
        "type: oci",
        path="istio.charts.url",
        value="oci://ghcr.io/istio",
    ),
    Case(
        "chart_sources_match_their_type",
        {"istio.charts": {"type": "oci", "url": "https://ghcr.io/istio"}},
        "oci://",
        path="istio.charts.url",
        value="https://ghcr.io/istio",
    ),
    Case(
        "chart_sources_match_their_type",
        {"istio.charts": {"type": "folder", "path": ""}},
        "base, istiod and gateway",
        path="istio.charts.path",
        value="",
    ),
    Case(
        "pull_secrets_have_one_source",
        {"istio.pullSecret": "registry", "istio.values.global": {"imagePullSecrets": ["own"]}},
        "Leave one",
        path="istio.values.global.imagePullSecrets",
        value="[own]",
    ),
    Case("packages_are_downloaded_over_http", {"istio.packages": "/srv"}, "https://"),
    Case(
        "packages_without_tls_are_verified",
        {"istio.packages": "http://packages.example.com"},
        "https",
        path="istio.packageSha256.amd64Deb",
        value="",
        stack="dev",
    ),
    Case(
        "packages_without_tls_are_verified",
        {
            "istio.packages": "http://packages.example.com",
            f"{RATINGS}.machines": {"type": "bundle", "package": "rpm", "architecture": "arm64"},
            "istio.packageSha256": {"amd64Deb": "0" * 64},
        },
        "https",
        path="istio.packageSha256.arm64Rpm",
        value="",
        stack="dev",
    ),
    Case("upstream_envoy_is_local", {"istio.proxy": "envoy"}, "Leave `proxy` out", stack="dev"),
    Case(
        "the_trust_domain_is_valid",
        {"trustDomain": "spiffe://Mesh.example.com/"},
        "for example mesh.example.com",
    ),
    Case("the_trust_domain_is_valid", {"trustDomain": ""}, "domain name"),
    Case(
        "intermediates_end_before_the_root",
        {"trust": {"issuer": "self-signed", "rootValidityDays": 90}},
        "rootValidityDays",
        path="trust.intermediateValidityDays",
        value="730",
    ),
]
