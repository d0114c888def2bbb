"""Certificates in a stack's state: the clusters' intermediates, and the authorities above them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hybrid_mesh.model.config.renewal import LEAST_SHARE, RENEWAL_SHARE
from hybrid_mesh.operate.notices.types import Resource, of_type, text

ISSUED = {
    "gcp:certificateauthority/certificate:Certificate": ("pemCsr", "pemCertificate", "pemCertificateChains"),
    "aws:acmpca/certificate:Certificate": (
        "certificateSigningRequest",
        "certificate",
        "certificateChain",
    ),
}
"""By resource that a cloud's authority issues: the input with the request, and the outputs with the
certificate and with those above it."""


@dataclass(frozen=True)
class Intermediate:
    """The intermediate certificate of a cluster. The first `up` after `due` renews it."""

    cluster: str
    due: datetime
    ends: datetime
    asked: timedelta
    """The validity that was requested, as the next one will be."""

    @property
    def next_ends(self) -> datetime:
        """The earliest end of its successor that is not refused."""
        return self.due + self.asked * LEAST_SHARE


@dataclass(frozen=True)
class Authority:
    name: str
    ends: datetime
    root: bool


def intermediates(found: list[Resource]) -> Iterator[Intermediate]:
    """The intermediates whose validity the state shows."""
    for _, outputs in of_type(found, "hybridmesh:index:CertificateAuthority"):
        for cluster, validity in (outputs.get("validity") or {}).items():
            start, end = (_time(validity[key]) for key in ("from", "until"))
            yield Intermediate(cluster, start + (end - start) * RENEWAL_SHARE, end, end - start)
    requests = {
        outputs["requestPem"]: outputs
        for _, outputs in of_type(found, "hybridmesh:index:CertificateRequest")
        if text(outputs.get("requestPem"))
    }
    for token, (request, certificate, _) in ISSUED.items():
        for inputs, outputs in of_type(found, token):
            asked, pem = requests.get(inputs.get(request)), text(outputs.get(certificate))
            if asked is not None and pem is not None:
                validity = timedelta(days=asked["validityDays"])
                due = _time(asked["issuedAt"]) + validity * RENEWAL_SHARE
                ends = x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc
                yield Intermediate(asked["cluster"], due, ends, validity)


def authorities(found: list[Resource]) -> list[Authority]:
    """The root and the authorities between it and the intermediates, each once, the first to end first."""
    chains = [
        text(outputs.get("rootCertificatePem"))
        for _, outputs in of_type(found, "hybridmesh:index:CertificateAuthority")
    ]
    for token, (_, _, above) in ISSUED.items():
        chains += [_joined(outputs.get(above)) for _, outputs in of_type(found, token)]
    known: dict[bytes, Authority] = {}
    for chain in filter(None, chains):
        for certificate in x509.load_pem_x509_certificates(chain.encode()):
            root = certificate.subject == certificate.issuer
            authority = Authority(_name(certificate), certificate.not_valid_after_utc, root)
            known[certificate.public_bytes(Encoding.DER)] = authority
    return sorted(known.values(), key=lambda authority: (authority.ends, authority.name))


def _joined(above: object) -> str | None:
    return "".join(f"{each}\n" for each in above) if isinstance(above, list) else text(above)


def _name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def _time(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)
