"""The certificates of one cluster: an authority, and what each of its parts proves itself with. ECDSA P-256.

Who needs which subject: https://kubernetes.io/docs/setup/best-practices/certificates/.
"""

import datetime
import os
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY = "ca"
API_SERVER = "apiserver"
ADMIN = "admin"
CONTROLLER_MANAGER = "controller-manager"
SCHEDULER = "scheduler"
KUBELET = "kubelet"
KUBELET_CLIENT = "apiserver-kubelet-client"
PROXY = "kube-proxy"
DNS = "coredns"
ACCOUNTS = "service-accounts"

_CLIENTS = {
    ADMIN: ("hybrid-mesh-admin", "system:masters"),
    CONTROLLER_MANAGER: ("system:kube-controller-manager", None),
    SCHEDULER: ("system:kube-scheduler", None),
    KUBELET_CLIENT: ("hybrid-mesh-apiserver", "system:masters"),
    PROXY: ("system:kube-proxy", None),
    DNS: ("system:coredns", None),
}
_LIFE = datetime.timedelta(days=3650)


class ClusterPki:
    """The folder of a cluster's keys and certificates; `ensure` makes what is not there yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def certificate(self, name: str) -> Path:
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    @property
    def complete(self) -> bool:
        return (self.folder / "complete").exists()

    @property
    def authority_pem(self) -> str:
        return self.certificate(AUTHORITY).read_text()

    def ensure(self, node: str, server_names: list[str], node_addresses: list[str]) -> None:
        """Makes every pair, once. `server_names`: names and addresses the API server is called by."""
        if self.complete:
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority_key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"{node}-ca", None)
        authority = _builder(name, name, authority_key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        signed = authority.add_extension(usage, critical=True).sign(authority_key, hashes.SHA256())
        self._write(AUTHORITY, signed, authority_key)
        for part, (common_name, organization) in _CLIENTS.items():
            self._issue(part, _name(common_name, organization), [], signed, authority_key)
        self._issue(API_SERVER, _name("kube-apiserver", None), server_names, signed, authority_key)
        kubelet = _name(f"system:node:{node}", "system:nodes")
        self._issue(KUBELET, kubelet, [node, *node_addresses], signed, authority_key)
        accounts = ec.generate_private_key(ec.SECP256R1())
        self._write_key(ACCOUNTS, accounts)
        public = accounts.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (self.folder / f"{ACCOUNTS}.pub").write_bytes(public)
        (self.folder / "complete").touch()

    def _issue(
        self,
        part: str,
        subject: x509.Name,
        names: list[str],
        authority: x509.Certificate,
        authority_key: ec.EllipticCurvePrivateKey,
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        purposes = [ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = _builder(subject, authority.subject, key.public_key())
        if names:
            purposes.append(ExtendedKeyUsageOID.SERVER_AUTH)
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
            )
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        self._write(part, builder.sign(authority_key, hashes.SHA256()), key)

    def _write(self, part: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate(part).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self._write_key(part, key)

    def _write_key(self, part: str, key: ec.EllipticCurvePrivateKey) -> None:
        content = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        descriptor = os.open(self.key(part), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _LIFE)
    )


def _name(common_name: str, organization: str | None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
