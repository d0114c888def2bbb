"""What issuers read from certificates in PEM."""

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa


def shortfall(certificate_pem: str, days: int) -> int | None:
    """The validity of a certificate in whole days, if it is shorter than the `days` that were requested."""
    certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    validity = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return validity.days if validity < timedelta(days=days) else None


def expiry(certificate_pem: str) -> str:
    """When a certificate expires (RFC 3339)."""
    return x509.load_pem_x509_certificate(certificate_pem.encode()).not_valid_after_utc.isoformat()


def key_family(certificate_pem: str) -> str | None:
    """`RSA` or `ECDSA`, the algorithm of the certificate's own key; None for any other."""
    match x509.load_pem_x509_certificate(certificate_pem.encode()).public_key():
        case rsa.RSAPublicKey():
            return "RSA"
        case ec.EllipticCurvePublicKey():
            return "ECDSA"
    return None
