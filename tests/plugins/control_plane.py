"""A bare Kubernetes control plane on loopback: etcd, API server, controller manager; no node."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import shutil
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.waiting import eventually

CHECKOUT: Final = Path(__file__).parents[2]
BINARIES: Final = ("etcd", "kube-apiserver", "kube-controller-manager")


def binary(name: str) -> str | None:
    """The path of a tool of the toolchain, else of one on PATH."""
    own = CHECKOUT / ".toolchain" / "bin" / name
    return str(own) if own.exists() else shutil.which(name)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class ControlPlane:
    """A running control plane. `request` talks to it as an administrator, past the code under test."""

    folder: Path
    port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Starts everything and waits until the default namespace and its service account are there."""
        self._make_certificates()
        etcd = self._start_etcd()
        self._start_api_server(etcd)
        eventually("the API server is ready", self._is_ready)
        self._spawn(
            "kube-controller-manager",
            f"--kubeconfig={self.folder / 'kubeconfig'}",
            f"--service-account-private-key-file={self.folder / 'ca.key'}",
            f"--root-ca-file={self.folder / 'ca.crt'}",
            "--leader-elect=false",
            "--use-service-account-credentials=false",
            "--secure-port=0",
            "--controllers=*",
        )
        eventually(
            "it has accounts",
            lambda: self.find("/api/v1/namespaces/default/serviceaccounts/default") is not None,
        )

    def stop(self) -> None:
        """Ends every process that was started."""
        for process in self.processes:
            process.kill()  # nothing of theirs is kept
        for process in self.processes:
            process.wait()

    @property
    def kubeconfig(self) -> str:
        """An administrator's kubeconfig, as JSON."""
        return (self.folder / "kubeconfig").read_text()

    def request(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> Any:
        """One request as an administrator. Raises urllib.error.HTTPError."""
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": content_type},
        )
        with urllib.request.urlopen(request, context=self._tls(), timeout=30) as answer:
            return json.load(answer)

    def find(self, path: str) -> Any | None:
        """The object at a path, None when there is none."""
        try:
            return self.request("GET", path)
        except urllib.error.HTTPError as failure:
            if failure.code == 404:
                return None
            raise

    def patch(self, path: str, body: Any, manager: str = "kubectl-edit") -> Any:
        """A change made by hand."""
        return self.request("PATCH", f"{path}?fieldManager={manager}", body, "application/merge-patch+json")

    def _is_ready(self) -> bool:
        try:
            return bool(self.request("GET", "/api/v1/namespaces/default"))
        except (urllib.error.URLError, ConnectionError, ssl.SSLError):
            return False

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.folder / "ca.crt")
        context.load_cert_chain(self.folder / "admin.crt", self.folder / "admin.key")
        return context

    def _spawn(self, name: str, *arguments: str) -> None:
        path = binary(name)
        assert path is not None
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen([path, *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            )

    def _start_etcd(self) -> str:
        client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self._spawn(
            "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
        )
        return client

    def _start_api_server(self, etcd: str) -> None:
        self._spawn(
            "kube-apiserver",
            f"--etcd-servers={etcd}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={self.port}",
            f"--tls-cert-file={self.folder / 'server.crt'}",
            f"--tls-private-key-file={self.folder / 'server.key'}",
            f"--client-ca-file={self.folder / 'ca.crt'}",
            f"--service-account-key-file={self.folder / 'ca.key'}",
            f"--service-account-signing-key-file={self.folder / 'ca.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=RBAC",
            "--endpoint-reconciler-type=none",
        )

    def _make_certificates(self) -> None:
        authority = ec.generate_private_key(ec.SECP256R1())
        issuer = _name("test-ca")
        _write(self.folder / "ca.key", authority)
        _certificate(self.folder / "ca.crt", issuer, authority, issuer, authority)
        for name, organisation in (("server", ""), ("admin", "system:masters")):
            key = ec.generate_private_key(ec.SECP256R1())
            _write(self.folder / f"{name}.key", key)
            _certificate(self.folder / f"{name}.crt", _name(name, organisation), key, issuer, authority)
        encoded = {
            file: base64.b64encode((self.folder / file).read_bytes()).decode()
            for file in ("ca.crt", "admin.crt", "admin.key")
        }
        cluster = {
            "server": f"https://127.0.0.1:{self.port}",
            "certificate-authority-data": encoded["ca.crt"],
        }
        user = {"client-certificate-data": encoded["admin.crt"], "client-key-data": encoded["admin.key"]}
        kubeconfig = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "admin", "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
            "current-context": "test",
        }
        (self.folder / "kubeconfig").write_text(json.dumps(kubeconfig))


def _name(common: str, organisation: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organisation:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(attributes)


def _write(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)


def _certificate(
    path: Path,
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    authority: ec.EllipticCurvePrivateKey,
) -> None:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=subject == issuer, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
            ),
            critical=False,
        )
    )
    if subject != issuer:
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    path.write_bytes(builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
