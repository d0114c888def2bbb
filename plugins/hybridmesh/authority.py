"""The mesh's certificate authority: one self-signed root and one intermediate per cluster, in Istio's form.

Source of the fields: Istio's `tools/certs` (subject, basicConstraints, keyUsage, istiod's SAN) and
`istio/pkg/security` (which keys of the Secret `cacerts` istiod reads). Keys are ECDSA P-256, which istiod
accepts.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from hybrid_mesh.model.istio_facts import ISTIOD_HOST

CLOCK_SKEW: Final = timedelta(minutes=5)
"""Certificates are valid from shortly before their creation, as clocks differ."""

NAME_LIMIT: Final = 64
"""Maximum length of an organization and of a common name (RFC 5280, `ub-organization-name` and
`ub-common-name`). A trust domain may be longer; in these fields it is a description only."""

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class AuthorityError(Exception):
    """A configured root is not a valid CA. The text says why and contains no key."""


@dataclass(frozen=True)
class Root:
    certificate: x509.Certificate
    key: PrivateKey

    @property
    def certificate_pem(self) -> str:
        return _pem(self.certificate)

    @property
    def key_pem(self) -> str:
        return _key_pem(self.key)


def make_root(trust_domain: str, mesh_id: str, validity_days: int, now: datetime) -> Root:
    """A new self-signed root."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, trust_domain[:NAME_LIMIT]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{mesh_id} Root CA"[:NAME_LIMIT]),
        ]
    )
    builder = _builder(
        name, name, key.public_key(), now - CLOCK_SKEW, now + timedelta(days=validity_days), path_length=None
    )
    return Root(builder.sign(key, hashes.SHA256()), key)


def read_root(certificate_pem: str, key_pem: str) -> Root:
    """The root from two PEM texts. Raises AuthorityError if they are not a valid certificate authority."""
    certificate, key = _pair(certificate_pem, key_pem, "root")
    _require_authority(certificate, "root", may_sign_authorities=True)
    return Root(certificate, key)


def require_self_signed(certificate_pem: str) -> None:
    """Raises AuthorityError if another authority has signed the certificate: it would renew it, and a root
    cannot change."""
    certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    if certificate.issuer != certificate.subject:
        raise AuthorityError(
            f"the root certificate is not a root: {certificate.issuer.rfc4514_string()} has signed it. Set "
            "trust.issuer: intermediates, and hand over one intermediate for each cluster"
        )


def read_chain(certificate_pem: str, key_pem: str, chain_pem: str, root_pem: str) -> dict[str, str]:
    """The data of a Secret `cacerts` (as `make_intermediate`) from an intermediate, its key, the certificates
    above it up to the root, and the root. Raises AuthorityError if istiod could not sign with it, or proxies
    that trust the root would not accept what it signs."""
    certificate, _ = _pair(certificate_pem, key_pem, "intermediate")
    _require_authority(certificate, "intermediate", may_sign_authorities=False)
    try:
        above = x509.load_pem_x509_certificates(chain_pem.encode())
        roots = x509.load_pem_x509_certificates(root_pem.encode())
    except ValueError as failure:
        raise AuthorityError("the chain or the root is not valid PEM") from failure
    if len(roots) != 1 or roots[0].issuer != roots[0].subject:
        raise AuthorityError("the root must be one certificate that is self-signed")
    chain = [certificate, *(each for each in above if each != roots[0]), roots[0]]
    for below, issuer in pairwise(chain):
        try:
            below.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature) as failure:
            names = below.subject.rfc4514_string(), issuer.subject.rfc4514_string()
            raise AuthorityError(
                f"{names[0]} is not signed by {names[1]}, the next in the chain"
            ) from failure
    now = datetime.now(UTC)
    for each in chain:
        if not each.not_valid_before_utc <= now < each.not_valid_after_utc:
            validity = f"{each.not_valid_before_utc:%Y-%m-%d} to {each.not_valid_after_utc:%Y-%m-%d}"
            raise AuthorityError(f"{each.subject.rfc4514_string()} is valid from {validity}")
    return {
        "ca-cert.pem": _pem(certificate),
        "ca-key.pem": key_pem.strip() + "\n",
        "root-cert.pem": _pem(roots[0]),
        "cert-chain.pem": "".join(map(_pem, chain)),
    }


def make_intermediate(
    root: Root, trust_domain: str, cluster: str, validity_days: int, now: datetime
) -> dict[str, str]:
    """The data of one cluster's Secret `cacerts`, signed by `root`. It expires before the root does.

    Keys: `ca-cert.pem`, `ca-key.pem`, `root-cert.pem`, `cert-chain.pem` (intermediate, then root). Raises
    AuthorityError if the root has expired.
    """
    expiry = min(now + timedelta(days=validity_days), root.certificate.not_valid_after_utc)
    if expiry <= now:
        raise AuthorityError(f"the root certificate expired on {expiry:%Y-%m-%d}")
    key = ec.generate_private_key(ec.SECP256R1())
    name = _intermediate_name(trust_domain, cluster)
    start = max(now - CLOCK_SKEW, root.certificate.not_valid_before_utc)
    builder = _builder(name, root.certificate.subject, key.public_key(), start, expiry, path_length=0)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(ISTIOD_HOST)]), critical=False)
    builder = builder.add_extension(_authority_key(root.certificate), critical=False)
    certificate = _pem(builder.sign(root.key, hashes.SHA256()))
    return {
        "ca-cert.pem": certificate,
        "ca-key.pem": _key_pem(key),
        "root-cert.pem": root.certificate_pem,
        "cert-chain.pem": certificate + root.certificate_pem,
    }


def make_request(trust_domain: str, cluster: str) -> tuple[str, str]:
    """A signing request for the intermediate of `cluster`, as `make_intermediate` would make it, and its key;
    both in PEM.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(_intermediate_name(trust_domain, cluster))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_authority_usage(), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(ISTIOD_HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return request.public_bytes(serialization.Encoding.PEM).decode(), _key_pem(key)


def life_of(certificate_pem: str) -> tuple[datetime, timedelta]:
    """Start and duration of the certificate's validity."""
    certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    start = certificate.not_valid_before_utc
    return start, certificate.not_valid_after_utc - start


def _intermediate_name(trust_domain: str, cluster: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, trust_domain[:NAME_LIMIT]),
            x509.NameAttribute(NameOID.COMMON_NAME, "Intermediate CA"),
            x509.NameAttribute(NameOID.LOCALITY_NAME, cluster),
        ]
    )


def _authority_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=True,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    start: datetime,
    end: datetime,
    *,
    path_length: int | None,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_authority_usage(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _authority_key(root: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    try:
        identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        key = root.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _pair(certificate_pem: str, key_pem: str, title: str) -> tuple[x509.Certificate, PrivateKey]:
    """A certificate and its key. Raises AuthorityError that names them by `title`."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    except ValueError as failure:
        raise AuthorityError(f"the {title} certificate is not a valid PEM certificate") from failure
    try:
        key = serialization.load_pem_private_key(key_pem.encode(), password=None)
    except (ValueError, TypeError) as failure:
        raise AuthorityError(f"the {title} key is not an unencrypted PEM private key") from failure
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise AuthorityError(f"the {title} key is neither an ECDSA nor an RSA key")
    if _public(key.public_key()) != _public(certificate.public_key()):
        raise AuthorityError(f"the {title} key does not belong to the {title} certificate")
    return certificate, key


def _require_authority(certificate: x509.Certificate, title: str, *, may_sign_authorities: bool) -> None:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        raise AuthorityError(f"the {title} certificate lacks basicConstraints CA:true") from None
    if not constraints.ca:
        raise AuthorityError(f"the {title} certificate must be a CA (basicConstraints)")
    if may_sign_authorities and constraints.path_length == 0:
        raise AuthorityError(
            f"the {title} certificate must be a CA that may sign intermediates (basicConstraints)"
        )
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not usage.key_cert_sign:
        raise AuthorityError(f"the {title} certificate's keyUsage lacks keyCertSign")


def _public(key: object) -> bytes:
    assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
    encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(encoding, form)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
