"""The certificates of one cluster: an authority, and a client certificate for each component (ECDSA P-256).

The subjects: https://kubernetes.io/docs/setup/best-practices/certificates/.
"""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hybrid_mesh.local.linux.files import write_durably
from hybrid_mesh.local.pki import CLIENT, SERVER, Authority, Pair, private_pem, subject

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


class ClusterPki:
    """The folder of a cluster's keys and certificates; `ensure` creates missing ones."""

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
        """Creates missing pairs. `server_names`: names and addresses of the API server."""
        if self.complete:
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority = Authority.create(f"{node}-ca")
        self._write(AUTHORITY, authority.pair)
        for part, (common_name, organization) in _CLIENTS.items():
            self._write(part, authority.issue(subject(common_name, organization), [CLIENT]))
        both = [CLIENT, SERVER]
        self._write(API_SERVER, authority.issue(subject("kube-apiserver"), both, names=server_names))
        kubelet = subject(f"system:node:{node}", "system:nodes")
        self._write(KUBELET, authority.issue(kubelet, both, names=[node, *node_addresses]))
        accounts = ec.generate_private_key(ec.SECP256R1())
        write_durably(self.key(ACCOUNTS), private_pem(accounts))
        public = accounts.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        write_durably(self.folder / f"{ACCOUNTS}.pub", public, 0o644)
        write_durably(self.folder / "complete", b"", 0o644)

    def _write(self, part: str, pair: Pair) -> None:
        write_durably(self.certificate(part), pair.certificate, 0o644)
        write_durably(self.key(part), pair.key)
