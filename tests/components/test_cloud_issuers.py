"""Certificate authorities of clouds as the issuers of the mesh."""

import pytest

from tests.components.cloud_answers import ROOT
from tests.components.cloud_stacks import awaited
from tests.components.conftest import Declared, declare_mesh, read_stack


@pytest.mark.parametrize("issuer", ["google-cas", "aws-private-ca"])
def test_the_roots_key_is_nowhere(prod: Declared, private_ca: Declared, issuer: str) -> None:
    declared = prod if issuer == "google-cas" else private_ca
    assert not declared.recording.of_type("hybridmesh:index:CertificateAuthority")
    for cluster in ("gke-eu", "eks-us"):
        secret = declared.recording.named(f"mesh-{cluster}-istio-cacerts")
        data = secret.inputs["stringData"]
        assert set(data) == {"ca-cert.pem", "ca-key.pem", "root-cert.pem", "cert-chain.pem"}
        assert data["root-cert.pem"] == ROOT == declared.outputs["rootCertificate"]
        assert data["cert-chain.pem"] == data["ca-cert.pem"] + ROOT
        assert data["ca-key.pem"] == "an intermediate's key"
        assert "stringData" in secret.secret


def test_a_private_ca_signs_what_may_sign_leaves_only(private_ca: Declared) -> None:
    made = private_ca.recording.of_type("aws:acmpca/certificate:Certificate")
    templates = {each.name.removeprefix("mesh-trust-issuer-"): each.inputs["templateArn"] for each in made}
    assert templates["root"].endswith("template/RootCACertificate/V1")
    subordinate = "arn:aws:acm-pca:::template/SubordinateCACertificate_PathLen0/V1"
    assert {templates["intermediate-gke-eu"], templates["intermediate-eks-us"]} == {subordinate}
    assert awaited(private_ca, "mesh-trust-issuer-intermediate-gke-eu") == {"mesh-trust-issuer-root"}


def test_existing_issuers_are_used_as_they_are() -> None:
    raw = read_stack("prod")
    arn = "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1a2b3c"
    raw["trust"] = {"issuer": "aws-private-ca", "region": "us-east-1", "arn": arn}
    theirs = declare_mesh(raw, stack="prod")
    assert not theirs.recording.of_type("aws:acmpca/certificateAuthority:CertificateAuthority")
    signed = theirs.recording.named("mesh-trust-issuer-intermediate-gke-eu").inputs
    assert signed["certificateAuthorityArn"] == arn
    raw["trust"] = {"issuer": "google-cas", "location": "europe-west4", "pool": "roots"}
    pooled = declare_mesh(raw, stack="prod")
    assert not pooled.recording.of_type("gcp:certificateauthority/caPool:CaPool")
    assert pooled.recording.named("mesh-trust-issuer-intermediate-gke-eu").inputs["pool"] == "roots"
    assert pooled.outputs["rootCertificate"] == ROOT


def test_the_id_of_a_google_root_has_the_length_that_google_allows() -> None:
    raw = read_stack("prod")
    raw["id"] = "m" * 63
    declared = declare_mesh(raw, stack="prod")
    (root,) = declared.recording.of_type("gcp:certificateauthority/authority:Authority")
    found = root.inputs["certificateAuthorityId"]
    assert len(found) == 63
    assert found.startswith("mmm")
