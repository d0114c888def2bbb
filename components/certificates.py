"""Certificates of listeners, from configuration keys."""

import pulumi
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import ExtensionOID


def listener_certificate(
    path: str, host: str | None, certificate_pem: str, key_pem: str, client_authority_pem: str | None = None
) -> dict[str, str]:
    """The data of a listener's Secret. `path` is the key of the stack file, `host` the listener's host name.

    Raises pulumi.RunError, without a key in its text, unless these are PEM texts, the key belongs to the
    certificate, and the certificate is for `host`. Whether it has expired is not checked: a program without a
    clock declares the same at any time.
    """
    try:
        certificates = x509.load_pem_x509_certificates(certificate_pem.encode())
    except ValueError:
        raise pulumi.RunError(f"{path}: the certificate is not valid PEM") from None
    if not _belongs(key_pem, certificates[0].public_key(), path):
        raise pulumi.RunError(f"{path}: the private key does not belong to the certificate")
    names = _names(certificates[0])
    if host is not None and not any(_covers(name, host) for name in names):
        raise pulumi.RunError(
            f"{path}: the certificate is for {', '.join(names) or 'no DNS name'}, and not for {host}"
        )
    data = {"tls.crt": certificate_pem, "tls.key": key_pem}
    if client_authority_pem is None:
        return data
    try:
        x509.load_pem_x509_certificates(client_authority_pem.encode())
    except ValueError:
        raise pulumi.RunError(f"{path}: the clients' authority is not valid PEM") from None
    return {**data, "ca.crt": client_authority_pem}


def _belongs(key_pem: str, public_key: PublicKeyTypes, path: str) -> bool:
    try:
        key = serialization.load_pem_private_key(key_pem.encode(), password=None)
    except (ValueError, TypeError):
        raise pulumi.RunError(f"{path}: the private key is not an unencrypted PEM key") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise pulumi.RunError(f"{path}: the private key is neither an ECDSA nor an RSA key")
    return key.public_key() == public_key


def _names(certificate: x509.Certificate) -> list[str]:
    """The DNS names of a certificate (RFC 9525: the common name is not one)."""
    try:
        found = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    except x509.ExtensionNotFound:
        return []
    assert isinstance(found.value, x509.SubjectAlternativeName)
    return [name.lower() for name in found.value.get_values_for_type(x509.DNSName)]


def _covers(name: str, host: str) -> bool:
    """Whether a certificate's name is for all hosts of a listener (RFC 9525, 6.3)."""
    if name == host:
        return True
    first, _, rest = host.partition(".")
    return name.startswith("*.") and name[2:] == rest and first != "*"
