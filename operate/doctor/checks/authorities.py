"""The certificate authorities of the clusters: of the mesh's root, and valid for long enough."""

import base64
import binascii
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from hybrid_mesh.model.config.renewal import EXPIRY_WARNING, RENEWAL_SHARE
from hybrid_mesh.model.istio_facts import ROOT_CONFIG_MAP, SYSTEM_NAMESPACE
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.proxies import ProxyEvidence, read_certificates, signed

Certificate = x509.Certificate

ROOT_SHARE: Final = 1 / 3
"""Share of a root's validity that is left when its end becomes a warning, for roots with short lives."""
_SECRET: Final = "cacerts"  # noqa: S105 - a Secret's name
_UP: Final = ("hybrid-mesh up",)
_OWN_TRUST: Final = ("Hand over a renewed certificate (docs/operations.md), then: hybrid-mesh up",)


@dataclass(frozen=True)
class Issuer:
    """The CA of a cluster: its `intermediate` and the certificates `above`, the `roots` of its Secret, and
    those that its istiod distributes."""

    intermediate: Certificate | None
    above: tuple[Certificate, ...]
    roots: tuple[Certificate, ...]
    distributed: tuple[Certificate, ...]

    @property
    def root(self) -> Certificate | None:
        """The one of its roots that its certificates lead to."""
        below = self.intermediate
        for candidate in (*self.above, *self.roots):
            if below is not None and signed(below, candidate):
                below = candidate
        return below if below in self.roots else None


def authorities(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """Every cluster that answered."""
    issuers = read_issuers(evidence)
    mesh = _most_trusted(evidence, issuers)
    renewed = _UP if plan.trust.issuer not in ("existing", "intermediates") else _OWN_TRUST
    for name, each in issuers.items():
        subject = f"cluster {name}"
        if mesh is not None and not _agrees(each, mesh):
            had = called(each.root or each.roots[0])
            problem = (
                f"its Secret {_SECRET} is of the root {had}, and the mesh's is {called(mesh)}: other members "
                "refuse the certificates that istiod issues with it"
            )
            yield Finding("root-differs", Severity.BROKEN, subject, problem, _UP)
        yield from _intermediate(subject, each, evidence.taken, renewed)
    yield from _roots(issuers, evidence.taken)


def read_issuers(evidence: Evidence) -> dict[str, Issuer]:
    """The CAs of the clusters that answered, by cluster."""
    return {name: _issuer(found) for name, found in evidence.answering()}


def needed_roots(evidence: Evidence, issuers: Mapping[str, Issuer]) -> tuple[Certificate, ...]:
    """The roots of the certificates that members present: each member must trust all of them. In a rotation
    that can be two."""
    mesh = _most_trusted(evidence, issuers)
    if mesh is None:
        return ()
    roots = {each.root for each in issuers.values() if each.root is not None and _agrees(each, mesh)}
    return tuple(sorted(roots or {mesh}, key=called))


def called(certificate: Certificate) -> str:
    """Its common name and the beginning of its fingerprint, as two roots may have one name."""
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    known = str(names[0].value) if names else certificate.subject.rfc4514_string() or "without a name"
    return f"{known} ({certificate.fingerprint(SHA256()).hex()[:8]})"


def trusted(root: Certificate, roots: Iterable[Certificate]) -> bool:
    """Whether one of `roots` has the name and the key of `root`, as when a root was renewed with its key."""
    key = root.public_key()
    return any(each.subject == root.subject and each.public_key() == key for each in roots)


def _issuer(found: ClusterEvidence) -> Issuer:
    """The Secret in the form of Istio or of cert-manager (security/pkg/pki/ca in istio.io/istio)."""
    secret = found.get("Secret", SYSTEM_NAMESPACE, _SECRET) or {}
    own, above, roots = (
        read_certificates(_decoded(secret, *keys))
        for keys in (("ca-cert.pem", "tls.crt"), ("cert-chain.pem", "tls.crt"), ("root-cert.pem", "ca.crt"))
    )
    config = found.get("ConfigMap", SYSTEM_NAMESPACE, ROOT_CONFIG_MAP) or {}
    distributed = read_certificates((config.get("data") or {}).get("root-cert.pem"))
    return Issuer(own[0] if own else None, above, roots, distributed)


def _decoded(secret: Mapping[str, Mapping[str, str]], *keys: str) -> str:
    data = secret.get("data") or {}
    try:
        return base64.b64decode(next((data[key] for key in keys if data.get(key)), "")).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _most_trusted(evidence: Evidence, issuers: Mapping[str, Issuer]) -> Certificate | None:
    """The mesh's root: the one that is in most Secrets, in what most istiods distribute, and trusted by most
    proxies. None while nothing was read."""
    votes: Counter[Certificate] = Counter()
    for each in issuers.values():
        votes.update({*each.roots})
        votes.update({*each.distributed})
    for _, found in evidence.answering():
        for proxy in found.proxies.values():
            votes.update({*proxy.roots} if isinstance(proxy, ProxyEvidence) else ())
    for machine in evidence.running():
        votes.update({*machine.proxy.roots} if machine.proxy else ())
    return max(votes, key=lambda root: (votes[root], called(root))) if votes else None


def _agrees(each: Issuer, mesh: Certificate) -> bool:
    """In a rotation, a cluster has a certificate of the new root and still trusts the old one."""
    return not each.roots or trusted(mesh, each.roots)


def _intermediate(subject: str, each: Issuer, now: datetime, remedy: tuple[str, ...]) -> Iterator[Finding]:
    if each.intermediate is None:
        return
    begins, ends = each.intermediate.not_valid_before_utc, each.intermediate.not_valid_after_utc
    due = begins + (ends - begins) * RENEWAL_SHARE
    if ends <= now:
        problem = f"its intermediate ended on {ends:%Y-%m-%d %H:%M} UTC: no member accepts its certificates"
        yield Finding("intermediate-ends", Severity.BROKEN, subject, problem, remedy, ends)
    elif due <= now:
        problem = f"its intermediate ends in {left(ends - now)}, and its renewal is due"
        yield Finding("intermediate-ends", Severity.WARNING, subject, problem, remedy, due)


def _roots(issuers: Mapping[str, Issuer], now: datetime) -> Iterator[Finding]:
    """The roots that certificates of the clusters lead to, each once."""
    for root in sorted({each.root for each in issuers.values() if each.root is not None}, key=called):
        ends = root.not_valid_after_utc
        whole = ends - root.not_valid_before_utc
        if ends - now > min(EXPIRY_WARNING, whole * ROOT_SHARE):
            continue
        over = ends <= now
        when = f"ended on {ends:%Y-%m-%d}" if over else f"ends in {left(ends - now)}"
        severity = Severity.BROKEN if over else Severity.WARNING
        remedy = ("Replace the root before it ends: docs/operations.md says how.",)
        yield Finding("root-ends", severity, "mesh", f"the root {called(root)} {when}", remedy)


def left(span: timedelta) -> str:
    """How long something is still valid."""
    return f"{span // timedelta(hours=1)} h" if span < timedelta(days=3) else f"{span.days} days"
