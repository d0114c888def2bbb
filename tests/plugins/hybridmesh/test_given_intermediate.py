"""GivenIntermediate: it takes what istiod can sign with, and says what does not belong together."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.values import Properties
from hybrid_mesh.plugins.hybridmesh import given_intermediate
from hybrid_mesh.plugins.hybridmesh.authority import Root, make_intermediate, make_root
from tests.plugins.hybridmesh.driver import Driver

NOW = datetime.now(UTC)
ROOT, OTHER = (make_root("mesh.example.com", name, 3650, NOW) for name in ("mesh1", "other"))


def issuing() -> Root:
    """An authority between the root and the intermediates, as Vault has one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Issuing CA")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(ROOT.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1000))
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
    )
    return Root(builder.sign(ROOT.key, hashes.SHA256()), key)


ISSUING = issuing()


def inputs(issuer: Root = ISSUING, days: int = 365, now: datetime = NOW, **more: Any) -> Properties:
    made = make_intermediate(issuer, "mesh.example.com", "east", days, now)
    above = "" if issuer in (ROOT, OTHER) else issuer.certificate_pem
    return {
        "cluster": "east",
        "certificatePem": made["ca-cert.pem"],
        "keyPem": made["ca-key.pem"],
        "chainPem": above + ROOT.certificate_pem,
        "rootCertificatePem": ROOT.certificate_pem,
        **more,
    }


@pytest.fixture
def given(drive: Callable[[str], Driver]) -> Driver:
    return drive("GivenIntermediate")


@pytest.mark.parametrize("issuer", [ISSUING, ROOT], ids=["two levels", "one level"])
def test_the_secret_has_the_whole_chain(given: Driver, issuer: Root) -> None:
    checked, failures = given.check(inputs(issuer))
    assert failures == {}
    identity, made = given.create(checked)
    data = made.value["data"]
    assert identity == "east-ca"
    assert made.secrets == {("keyPem",), ("data",)}
    assert data["ca-cert.pem"] == checked["certificatePem"]
    assert data["root-cert.pem"] == ROOT.certificate_pem
    assert data["cert-chain.pem"] == checked["certificatePem"] + checked["chainPem"]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"keyPem": ROOT.key_pem}, "the intermediate key does not belong to the intermediate certificate"),
        ({"keyPem": "x"}, "not an unencrypted PEM private key"),
        ({"certificatePem": "x"}, "the intermediate certificate is not a valid PEM certificate"),
        ({"chainPem": ROOT.certificate_pem}, "is not signed by"),
        ({"chainPem": "x"}, "the chain or the root is not valid PEM"),
        ({"rootCertificatePem": OTHER.certificate_pem}, "is not signed by"),
        ({"rootCertificatePem": ISSUING.certificate_pem}, "self-signed"),
    ],
)
def test_what_does_not_belong_together_is_refused(given: Driver, more: Properties, text: str) -> None:
    (refusal,) = given.check(inputs(**more))[1].values()
    assert refusal.startswith("cluster east: ")
    assert text in refusal
    assert "PRIVATE KEY" not in refusal


def test_a_certificate_that_is_no_authority_is_refused(given: Driver) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "leaf")]))
        .issuer_name(ISSUING.certificate.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(ISSUING.key, hashes.SHA256())
    )
    pem = leaf.public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    (refusal,) = given.check(inputs(certificatePem=pem, keyPem=private))[1].values()
    assert "must be a CA" in refusal


def test_an_expired_one_is_refused(given: Driver) -> None:
    before = NOW - timedelta(days=20)
    root = make_root("mesh.example.com", "mesh1", 3650, before)
    pem = {"chainPem": root.certificate_pem, "rootCertificatePem": root.certificate_pem}
    (refusal,) = given.check(inputs(root, days=10, now=before, **pem))[1].values()
    assert "is valid from" in refusal


def test_a_renewal_is_an_update_and_the_root_stays(given: Driver) -> None:
    olds, _ = given.check(inputs())
    identity, made = given.create(olds)
    news, failures = given.check(inputs(), olds)
    assert failures == {}
    assert not given.diff(identity, made.value, olds, news).replaces
    assert (
        given.update(identity, made.value, olds, news).value["data"]["ca-cert.pem"] == news["certificatePem"]
    )
    changed = inputs(OTHER, chainPem=OTHER.certificate_pem, rootCertificatePem=OTHER.certificate_pem)
    assert "cannot change" in given.check(changed, olds)[1]["rootCertificatePem"]


def test_the_end_of_one_is_announced(given: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    monkeypatch.setattr(CallContext, "log", lambda _, severity, text: texts.append(f"{severity.name} {text}"))
    news, _ = given.check(inputs())
    identity, made = given.create(news)
    given.diff(identity, made.value, news, news)
    assert texts == []
    monkeypatch.setattr(given_intermediate, "utc_now", lambda: NOW + timedelta(days=300))
    given.diff(identity, made.value, news, news)
    assert texts[0].startswith("WARNING the intermediate certificate of cluster east expires on ")
