"""The root of the certificates that istiod in a cluster has already.

Source of the keys: `pkg/security` and `security/pkg/pki/ca` of Istio ("Plug in CA Certificates").
"""

import base64
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from hybrid_mesh.model.istio_facts import ROOT_CONFIG_MAP, SYSTEM_NAMESPACE
from hybrid_mesh.plugins.framework.api_server import ApiServer
from hybrid_mesh.plugins.framework.values import UNKNOWN

_ANSWER_SECONDS: Final = 15.0
_OBJECTS: Final = f"/api/v1/namespaces/{SYSTEM_NAMESPACE}"


def found_root(server: ApiServer) -> str | None:
    """The roots (PEM) of the Secret `cacerts`; without it those that a running istiod has published; None if
    there are neither. Raises ApiServerError."""
    secret = server.find(f"{_OBJECTS}/secrets/cacerts", _ANSWER_SECONDS)
    if secret is not None:
        data: Mapping[str, str] = secret.get("data") or {}
        # istiod prefers the keys of cert-manager.
        root = data.get("ca.crt" if "tls.crt" in data else "root-cert.pem")
        return base64.b64decode(root).decode() if root else None
    published = server.find(f"{_OBJECTS}/configmaps/{ROOT_CONFIG_MAP}", _ANSWER_SECONDS)
    return None if published is None else (published.get("data") or {}).get("root-cert.pem")


def root_problems(path: str, root: str | None, expected: Any) -> Iterator[str]:
    """What is wrong with `root`. `expected` (PEM) is the mesh's root: None if it is this one, UNKNOWN in a
    preview. One may have roots that the other does not have yet, as in a rotation."""
    key = f"{path}.certificates"
    if not root:
        yield (
            f"{key}: the cluster has no Secret cacerts with a root certificate in {SYSTEM_NAMESPACE}. "
            "Create it, or set `certificates: own`"
        )
        return
    found = _fingerprints(root)
    if not found:
        yield f"{key}: the root certificate in the cluster's Secret cacerts is not valid PEM"
    elif expected is not None and expected is not UNKNOWN:
        wanted = _fingerprints(expected)
        if not (found <= wanted or wanted <= found):
            yield (
                f"{key}: the root certificate of this cluster ({_short(found)}) is not the mesh's "
                f"({_short(wanted)}), so the other clusters would not trust its workloads. Give all clusters "
                "certificates of one root"
            )


def _fingerprints(pem: str) -> frozenset[str]:
    try:
        certificates = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return frozenset()
    return frozenset(each.fingerprint(hashes.SHA256()).hex() for each in certificates)


def _short(fingerprints: frozenset[str]) -> str:
    return ", ".join(sorted(each[:16] for each in fingerprints))
