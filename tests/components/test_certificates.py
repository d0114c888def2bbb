"""A listener's certificate is its own, for its host name, and valid PEM; no message holds a key."""

from datetime import UTC, datetime, timedelta

import pulumi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hybrid_mesh.components.certificates import listener_certificate

PATH = "ingress.shop.listeners.1.certificate"


def certificate(*names: str) -> tuple[str, str]:
    """A self-signed certificate for DNS names, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example.com")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=90))
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
    made = builder.sign(key, hashes.SHA256())
    return (
        made.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    )


@pytest.mark.parametrize(
    ("names", "host"),
    [
        (("shop.example.com",), "shop.example.com"),
        (("*.example.com",), "shop.example.com"),
        (("*.example.com",), "*.example.com"),
        ((), None),
    ],
)
def test_a_certificate_that_fits_is_the_data_of_a_secret(names: tuple[str, ...], host: str | None) -> None:
    pem, key = certificate(*names)
    assert listener_certificate(PATH, host, pem, key) == {"tls.crt": pem, "tls.key": key}
    authority, _ = certificate()
    assert listener_certificate(PATH, host, pem, key, authority)["ca.crt"] == authority


PEM, KEY = certificate("shop.example.com")


@pytest.mark.parametrize(
    ("host", "texts", "reason"),
    [
        ("other.example.com", (PEM, KEY), "is for shop.example.com, and not for other.example.com"),
        ("*.example.com", (PEM, KEY), "not for"),
        ("shop.example.com", (certificate()[0], KEY), "does not belong"),
        ("shop.example.com", ("x", KEY), "the certificate is not valid PEM"),
        ("shop.example.com", (PEM, PEM), "not an unencrypted PEM key"),
        ("shop.example.com", (PEM, KEY, "x"), "authority is not valid PEM"),
        ("shop.example.com", certificate(), "for no DNS name"),
    ],
)
def test_another_one_ends_the_run(host: str, texts: tuple[str, ...], reason: str) -> None:
    with pytest.raises(pulumi.RunError, match=reason) as raised:
        listener_certificate(PATH, host, *texts)
    assert str(raised.value).startswith(PATH)
    assert "PRIVATE" not in str(raised.value)
