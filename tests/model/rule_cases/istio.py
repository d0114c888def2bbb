"""Meshes that break the rules of `model.checks.istio`."""

from tests.model.rule_cases.case import RATINGS, Case

ISTIO = [
    Case("the_istio_release_is_supported", {"istio.version": "1.30.3"}, "istio.version", "1.30.3", "1.31.x"),
    Case(
        "the_istio_release_is_supported", {"istio.version": "v1.31.0"}, "istio.version", "v1.31.0", "1.31.0"
    ),
    Case("tetrate_names_its_sources", {"istio.distribution": "tetrate"}, "istio.hub", "", "Tetrate's"),
    Case(
        "the_hub_is_a_registry",
        {"istio.hub": "https://docker.io/"},
        "istio.hub",
        "https://docker.io/",
        "scheme",
    ),
    Case(
        "charts_come_from_their_kind_of_place",
        {"istio.charts": {"type": "repository", "url": "oci://ghcr.io/istio"}},
        "istio.charts.url",
        "oci://ghcr.io/istio",
        "type: oci",
    ),
    Case(
        "charts_come_from_their_kind_of_place",
        {"istio.charts": {"type": "oci", "url": "https://ghcr.io/istio"}},
        "istio.charts.url",
        "https://ghcr.io/istio",
        "oci://",
    ),
    Case(
        "charts_come_from_their_kind_of_place",
        {"istio.charts": {"type": "folder", "path": ""}},
        "istio.charts.path",
        "",
        "base, istiod and gateway",
    ),
    Case("packages_come_from_a_web_server", {"istio.packages": "/srv"}, "istio.packages", "/srv", "https://"),
    Case(
        "packages_without_tls_are_verified",
        {"istio.packages": "http://packages.example.com"},
        "istio.packageSha256.amd64Deb",
        "",
        "https",
        "dev",
    ),
    Case(
        "packages_without_tls_are_verified",
        {
            "istio.packages": "http://packages.example.com",
            f"{RATINGS}.machines": {"type": "bundle", "package": "rpm", "architecture": "arm64"},
            "istio.packageSha256": {"amd64Deb": "0" * 64},
        },
        "istio.packageSha256.arm64Rpm",
        "",
        "https",
        "dev",
    ),
    Case(
        "local_clusters_get_the_gateway_api",
        {"istio.gatewayApi": "existing"},
        "istio.gatewayApi",
        "existing",
        "install",
    ),
    Case(
        "plain_envoys_are_local", {"istio.proxy": "envoy"}, "istio.proxy", "envoy", "Leave `proxy` out", "dev"
    ),
    Case(
        "the_trust_domain_is_one",
        {"trustDomain": "spiffe://Mesh.example.com/"},
        "trustDomain",
        "spiffe://Mesh.example.com/",
        "for example mesh.example.com",
    ),
    Case("the_trust_domain_is_one", {"trustDomain": ""}, "trustDomain", "", "domain name"),
    Case(
        "intermediates_end_before_the_root",
        {"trust": {"issuer": "self-signed", "rootValidityDays": 90}},
        "trust.intermediateValidityDays",
        "730",
        "rootValidityDays",
    ),
]
