"""The certificate authorities of the clouds: they really sign, so a mesh under the doubles is a real one."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hybrid_mesh.plugins.hybridmesh.authority import PrivateKey, Root, make_root
from tests.engine.doubles.store import World

_DAY: Final = datetime.timedelta(days=1)


def root(world: World, name: str, algorithm: str = "EC") -> str:
    """The certificate of the root `name`, made at the first question with a key of this family, EC or RSA."""
    return _root(world, name, algorithm)[0].public_bytes(serialization.Encoding.PEM).decode()


def sign(world: World, name: str, request_pem: str, days: int, algorithm: str = "EC") -> str:
    """The certificate of a subordinate authority for a request, signed by the root `name`."""
    certificate, key = _root(world, name, algorithm)
    request = x509.load_pem_x509_csr(request_pem.encode())
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(certificate.subject)
        .public_key(request.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY / 24)
        .not_valid_after(now + days * _DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_SIGNING, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(request.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(certificate.public_key()),  # type: ignore[arg-type]
            critical=False,
        )
    )
    for extension in request.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            made = made.add_extension(extension.value, critical=False)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


_SIGNING: Final = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _root(world: World, name: str, algorithm: str) -> tuple[x509.Certificate, PrivateKey]:
    folder = world.folder / "authorities"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name.replace('/', '-').replace(':', '-')[-80:]}.pem"
    if not path.exists():
        _make_root(path, name, algorithm)
    text = path.read_bytes()
    key = serialization.load_pem_private_key(text, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    return x509.load_pem_x509_certificate(text), key


def _make_root(path: Path, name: str, algorithm: str) -> None:
    now = datetime.datetime.now(datetime.UTC)
    made = make_root("clouds.example.com", name[-50:], 3650, now)
    if algorithm.startswith("RSA"):
        made = _with_rsa(made.certificate)
    draft = path.with_suffix(".draft")
    draft.write_text(made.key_pem + made.certificate_pem)
    draft.rename(path)


def _with_rsa(like: x509.Certificate) -> Root:
    """A root as `like`, with a key of RSA."""
    key = rsa.generate_private_key(65537, 2048)
    builder = x509.CertificateBuilder(
        like.issuer,
        like.subject,
        key.public_key(),
        like.serial_number,
        like.not_valid_before_utc,
        like.not_valid_after_utc,
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return Root(builder.sign(key, hashes.SHA256()), key)
