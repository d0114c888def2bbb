"""The issuer's own TLS: an authority that is part of the lab's state, and a new server certificate at each
start."""

from pathlib import Path
from typing import Final

from hybrid_mesh.local.linux.files import write_durably
from hybrid_mesh.local.pki import SERVER, Authority, Pair, subject

SERVER_DAYS: Final = 398
HOST_NAME: Final = "issuer.lab.hybrid-mesh.local"


class ServerCertificate:
    """A certificate for `address` (an IP), signed by the authority in `folder`, in files for an SSL
    context."""

    def __init__(self, folder: Path, address: str) -> None:
        self.certificate_file = folder / "server.pem"
        self.key_file = folder / "server-key.pem"
        authority = _authority(folder)
        self.authority_pem = authority.pair.certificate.decode()
        pair = authority.issue(subject(HOST_NAME), [SERVER], names=[HOST_NAME, address], days=SERVER_DAYS)
        write_durably(self.key_file, pair.key)
        write_durably(self.certificate_file, pair.certificate)


def _authority(folder: Path) -> Authority:
    """The authority in `folder`, created if it does not exist. It is complete once its certificate exists."""
    certificate, key = folder / "authority.pem", folder / "authority-key.pem"
    if not certificate.exists():
        made = Authority.create("Hybrid Mesh lab issuer").pair
        write_durably(key, made.key)
        write_durably(certificate, made.certificate)
    return Authority(Pair(certificate.read_bytes(), key.read_bytes()))
