"""Certificate authorities of clouds as the issuers of the mesh."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pulumi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from tests.components.cloud_answers import ROOT, issued
from tests.components.cloud_stacks import awaited
from tests.components.conftest import Declared, declare_mesh, read_stack

ARN = "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1a2b3c"
LOOKUP = "aws:acmpca/getCertificateAuthority:getCertificateAuthority"


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


@pytest.mark.parametrize("issuer", ["google-cas", "aws-private-ca"])
def test_a_request_knows_when_a_created_root_expires(
    prod: Declared, private_ca: Declared, issuer: str
) -> None:
    declared = prod if issuer == "google-cas" else private_ca
    ends = declared.recording.named("mesh-trust-issuer-request-gke-eu").inputs["authorityEnds"]
    assert datetime.fromisoformat(ends) - datetime.now(UTC) == pytest.approx(
        timedelta(days=3650), abs=timedelta(hours=1)
    )


def _with_private_ca(key: Any = None, **found: str) -> Declared:
    """The stack `prod` with an existing private CA of AWS, as `found`."""
    certificate = _self_signed(key or ec.generate_private_key(ec.SECP256R1()))
    ends = (datetime.now(UTC) + timedelta(days=3000)).isoformat()
    usual = {"status": "ACTIVE", "usageMode": "GENERAL_PURPOSE", "certificate": certificate, "notAfter": ends}
    raw = read_stack("prod")
    raw["trust"] = {"issuer": "aws-private-ca", "region": "us-east-1", "arn": ARN}
    return declare_mesh(raw, stack="prod", answers={LOOKUP: lambda _: {**usual, **found}})


def _self_signed(key: Any) -> str:
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "corporate root")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=3000))
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return made.sign(key, digest).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP384R1()), "SHA256WITHECDSA"),
        (rsa.generate_private_key(65537, 2048), "SHA256WITHRSA"),
    ],
    ids=["ecdsa", "rsa"],
)
def test_an_existing_private_ca_signs_with_its_own_kind_of_key(key: Any, algorithm: str) -> None:
    declared = _with_private_ca(key, notAfter="2034-05-06T07:08:09Z")
    assert not declared.recording.of_type("aws:acmpca/certificateAuthority:CertificateAuthority")
    signed = declared.recording.named("mesh-trust-issuer-intermediate-gke-eu").inputs
    assert (signed["certificateAuthorityArn"], signed["signingAlgorithm"]) == (ARN, algorithm)
    request = declared.recording.named("mesh-trust-issuer-request-gke-eu").inputs
    assert request["authorityEnds"] == "2034-05-06T07:08:09Z"


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"status": "DISABLED", "certificate": ""}, f"trust.arn: the authority {ARN} is DISABLED"),
        ({"status": "PENDING_CERTIFICATE", "certificate": ""}, "is PENDING_CERTIFICATE and cannot sign"),
        ({"usageMode": "SHORT_LIVED_CERTIFICATE"}, "usage mode GENERAL_PURPOSE"),
        ({"certificate": _self_signed(ed25519.Ed25519PrivateKey.generate())}, "neither RSA nor ECDSA"),
    ],
)
def test_a_private_ca_that_cannot_sign_intermediates_is_refused(found: dict[str, str], message: str) -> None:
    with pytest.raises(pulumi.RunError, match=re.escape(message)):
        _with_private_ca(**found)


def test_an_existing_pool_is_used_as_it_is() -> None:
    raw = read_stack("prod")
    raw["trust"] = {"issuer": "google-cas", "location": "europe-west4", "pool": "Roots_2"}
    pooled = declare_mesh(raw, stack="prod")
    assert not pooled.recording.of_type("gcp:certificateauthority/caPool:CaPool")
    assert pooled.recording.named("mesh-trust-issuer-intermediate-gke-eu").inputs["pool"] == "Roots_2"
    assert pooled.outputs["rootCertificate"] == ROOT


def _issued_for(days: int) -> Declared:
    token = "gcp:certificateauthority/certificate:Certificate"
    return declare_mesh(read_stack("prod"), stack="prod", answers={token: lambda _: issued("any", days)})


def test_an_intermediate_that_could_end_before_its_renewal_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match=r"for 300 days and not for the requested 730.*: 300, or renew"):
        _issued_for(300)


def test_an_intermediate_that_is_a_little_shorter_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *_: warnings.append(text))
    assert _issued_for(600).outputs["rootCertificate"] == ROOT
    assert sorted(text.partition("cluster ")[2].partition(" ")[0] for text in warnings) == [
        "eks-us",
        "gke-eu",
    ]
    assert all("issued the intermediate of cluster" in text for text in warnings)


def test_the_id_of_a_google_root_has_the_length_that_google_allows() -> None:
    raw = read_stack("prod")
    raw["id"] = "m" * 63
    declared = declare_mesh(raw, stack="prod")
    (root,) = declared.recording.of_type("gcp:certificateauthority/authority:Authority")
    found = root.inputs["certificateAuthorityId"]
    assert len(found) == 63
    assert found.startswith("mmm")
