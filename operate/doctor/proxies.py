"""What a proxy serves: the roots that it trusts and its own certificate, as Envoy says it."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature

PAGE: Final = "config_dump?resource=dynamic_active_secrets"
"""The page of Envoy's admin interface with the secrets in use; it leaves keys out (envoyproxy.io,
"Administration interface")."""
_ROOTS, _OWN = "ROOTCA", "default"
"""Names by which Istio's agent serves the mesh's roots and the workload's certificate
(pkg/security/security.go)."""


@dataclass(frozen=True)
class ProxyEvidence:
    """`roots` are those that it trusts; `chain` is its own certificate and those above it, () while it has
    none. `others` are further certificates that it serves, such as those of an ingress, by name."""

    roots: tuple[x509.Certificate, ...]
    chain: tuple[x509.Certificate, ...]
    others: Mapping[str, x509.Certificate] = field(default_factory=dict)


def read_proxy(text: str) -> ProxyEvidence:
    """Reads Envoy's PAGE. Raises ValueError for anything else."""
    try:
        served = json.loads(text).get("configs") or ()
        secrets = {str(each["name"]): each.get("secret") or {} for each in served}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError("the proxy does not say what it serves") from None
    chains = {
        name: _inline(secret, "tls_certificate", "certificate_chain") for name, secret in secrets.items()
    }
    others = {name: found[0] for name, found in chains.items() if found and name != _OWN}
    roots = _inline(secrets.get(_ROOTS, {}), "validation_context", "trusted_ca")
    return ProxyEvidence(roots, chains.get(_OWN, ()), others)


def read_certificates(pem: str | None) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM text, () for anything else."""
    try:
        return tuple(x509.load_pem_x509_certificates((pem or "").encode()))
    except ValueError:
        return ()


def signed(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether `authority` has signed `certificate`."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _inline(secret: Mapping[str, Any], *keys: str) -> tuple[x509.Certificate, ...]:
    value: Any = secret
    for key in keys:
        value = value.get(key) or {}
    try:
        return read_certificates(base64.b64decode(value.get("inline_bytes") or "").decode())
    except (binascii.Error, UnicodeDecodeError):
        return ()
