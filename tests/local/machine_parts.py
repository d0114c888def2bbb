"""What the machine tests are built from: an API client, and a mesh authority of their own."""

import datetime
import http.client
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.clusters.pki import ADMIN, AUTHORITY, ClusterPki

ISTIOD_ENVIRONMENT = {
    "POD_NAMESPACE": "istio-system",
    "POD_NAME": "istiod-1",
    "PILOT_ENABLE_METADATA_EXCHANGE": "false",
    "PILOT_ENABLE_ALPN_FILTER": "false",
    "ISTIO_MULTIROOT_MESH": "true",
    "INJECTION_WEBHOOK_CONFIG_NAME": "",
    "VALIDATION_WEBHOOK_CONFIG_NAME": "",
}
ECHO_UNIT = """[Unit]
Description=Echo server
[Service]
ExecStart=/usr/local/bin/echo-server --port=8080 --istio-version= --cluster=west
Restart=always
[Install]
WantedBy=multi-user.target
"""


def api_client(pki: ClusterPki) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=str(pki.certificate(AUTHORITY)))
    context.load_cert_chain(pki.certificate(ADMIN), pki.key(ADMIN))
    return http.client.HTTPSConnection("127.0.0.1", 6443, timeout=10, context=context)


def write_mesh_authority(folder: Path) -> None:
    """A root, and an intermediate of it for istiod, in the four files of Istio's `cacerts`."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root CA")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Intermediate CA")])
    root = _certificate(root_name, root_name, root_key, root_key)
    intermediate = _certificate(name, root_name, key, root_key)
    folder.mkdir()
    (folder / "root-cert.pem").write_bytes(_pem(root))
    (folder / "ca-cert.pem").write_bytes(_pem(intermediate))
    (folder / "cert-chain.pem").write_bytes(_pem(intermediate) + _pem(root))
    (folder / "ca-key.pem").write_bytes(_private_pem(key))


def write_expired_certificate(folder: Path) -> None:
    """Replaces the agent's certificate below `folder` by one that ended an hour ago; owner and mode stay."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "expired")])
    certificate = _certificate(name, name, key, key, datetime.timedelta(hours=-1))
    (folder / "cert-chain.pem").write_bytes(_pem(certificate))
    (folder / "key.pem").write_bytes(_private_pem(key))


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    life: datetime.timedelta = datetime.timedelta(days=10),
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=2))
        .not_valid_after(now + life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
