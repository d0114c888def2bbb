"""`hybridmesh:index:CertificateAuthority`: the root of the mesh's trust and one intermediate per cluster.

Inputs: `trustDomain`, `meshId`, `clusters` (names), `rootValidityDays`, `intermediateValidityDays`, `issuer`
("self-signed" or "files"), `rootCertificatePem` and `rootKeyPem` (with "files"), `rotation`. Outputs: the
inputs, `rootCertificatePem`, `rootKeyPem` (secret), `intermediates` (secret): cluster -> the data of its
Secret `cacerts`, and `validity`: cluster -> `from` and `until` (RFC 3339) of its intermediate.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from hybrid_mesh.model.config.renewal import EXPIRY_WARNING
from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.declared import DeclaredHandler
from hybrid_mesh.plugins.framework.engine import Severity
from hybrid_mesh.plugins.framework.errors import CheckFailure, ResourceError
from hybrid_mesh.plugins.framework.handler import CreateCall, Created, UpdateCall
from hybrid_mesh.plugins.framework.values import UNKNOWN, Path, Properties, contains_unknown
from hybrid_mesh.plugins.hybridmesh.authority import (
    AuthorityError,
    Root,
    life_of,
    make_intermediate,
    make_root,
    read_root,
    require_self_signed,
)
from hybrid_mesh.plugins.hybridmesh.validity import log_renewal, renewal_due, utc_now, wrong_days

ROOT_INPUTS: Final = {
    "issuer": "trust.issuer",
    "rootValidityDays": "trust.rootValidityDays",
    "rootCertificatePem": "trust.certificate",
    "rootKeyPem": "trust.key",
}
"""Inputs that determine the root, and their configuration keys."""
_PREVIEWED: Final = {
    "ca-cert.pem": UNKNOWN,
    "ca-key.pem": UNKNOWN,
    "root-cert.pem": UNKNOWN,
    "cert-chain.pem": UNKNOWN,
}


class CertificateAuthorityHandler(DeclaredHandler):
    inputs = frozenset(
        {
            "trustDomain",
            "meshId",
            "clusters",
            "rootValidityDays",
            "intermediateValidityDays",
            "issuer",
            "rootCertificatePem",
            "rootKeyPem",
            "rotation",
        }
    )
    optional = frozenset({"rootCertificatePem", "rootKeyPem"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "rootValidityDays": 3650,
        "intermediateValidityDays": 730,
        "issuer": "self-signed",
        "rotation": "none",
    }
    computed = ("rootCertificatePem", "rootKeyPem", "intermediates", "validity")
    secret_outputs = frozenset({"rootKeyPem", "intermediates"})
    no_import = "a certificate authority cannot be imported; set trust.issuer: files to use your own root"

    def wrong_values(self, olds: Properties, inputs: Properties) -> Iterable[CheckFailure]:
        yield from wrong_days(inputs, "rootValidityDays", "intermediateValidityDays")
        if inputs["rotation"] not in ("none", UNKNOWN):
            yield CheckFailure("rotation", "trust.rotation must be none")
        if inputs["issuer"] not in ("self-signed", "files", UNKNOWN):
            yield CheckFailure("issuer", "trust.issuer must be self-signed or files")
        yield from _wrong_files(inputs, new=not olds)
        if olds:
            yield from _root_changes(self.completed(olds), inputs)

    def outdated(
        self, old_outputs: Properties, old_inputs: Properties, news: Properties, context: CallContext
    ) -> Iterable[Path]:
        """The intermediates in the last third of their validity, and the record of the validity, which
        earlier versions did not make. For a root near its expiry, it logs a warning."""
        del old_inputs
        now = utc_now()
        start, life = life_of(old_outputs["rootCertificatePem"])
        if start + life - now < EXPIRY_WARNING:
            context.log(Severity.WARNING, f"the mesh's root certificate expires on {start + life:%Y-%m-%d}")
        due = _due(old_outputs, news, now)
        for cluster in due:
            log_renewal(cluster, context)
        unrecorded: list[Path] = [] if "validity" in old_outputs else [("validity",)]
        return [*unrecorded, *(("intermediates", cluster) for cluster in due)]

    def create(self, call: CreateCall) -> Created:
        if call.preview or contains_unknown(call.inputs):
            return Created("", _previewed(call.inputs, {}))
        now = utc_now()
        root = _root(call.inputs, now)
        intermediates = {
            cluster: _intermediate(root, call.inputs, cluster, now) for cluster in call.inputs["clusters"]
        }
        return Created(f"{call.inputs['meshId']}-ca", _outputs(call.inputs, root, intermediates))

    def update(self, call: UpdateCall) -> Properties:
        """Issues intermediates that are new, due for renewal, or of another validity. Others remain
        unchanged."""
        now = utc_now()
        kept = _kept(call.old_outputs, call.old_inputs, call.news, now)
        if call.preview or contains_unknown(call.news):
            return _previewed(call.news, kept, call.old_outputs)
        root = _known_root(call.old_outputs)
        intermediates = dict(kept)
        for cluster in call.news["clusters"]:
            if cluster not in kept:
                call.context.status(f"issuing the intermediate certificate of cluster {cluster}")
                intermediates[cluster] = _intermediate(root, call.news, cluster, now)
        return _outputs(call.news, root, intermediates)


def _wrong_files(inputs: Properties, *, new: bool) -> list[CheckFailure]:
    """Failures of a root in files. A `new` one must be self-signed; an earlier version took others."""
    certificate, key = inputs.get("rootCertificatePem"), inputs.get("rootKeyPem")
    if inputs["issuer"] == "self-signed":
        if certificate is not None or key is not None:
            return [CheckFailure("rootCertificatePem", "your own root requires trust.issuer: files")]
        return []
    if inputs["issuer"] is UNKNOWN or certificate is UNKNOWN or key is UNKNOWN:
        return []
    if certificate is None or key is None:
        missing = "rootCertificatePem" if certificate is None else "rootKeyPem"
        return [CheckFailure(missing, "trust.issuer: files requires both the root's certificate and its key")]
    try:
        read_root(certificate, key)
        if new:
            require_self_signed(certificate)
    except AuthorityError as failure:
        return [CheckFailure("rootCertificatePem", str(failure))]
    return []


def _root_changes(previous: Properties, inputs: Properties) -> list[CheckFailure]:
    """Refuses changes of the root: VMs and proxies that only trust the old root would be cut off."""
    return [
        CheckFailure(
            name,
            f"{key} determines the mesh's root, which cannot change with trust.rotation: none; "
            f"restore the previous value of {key}",
        )
        for name, key in ROOT_INPUTS.items()
        if inputs.get(name) is not UNKNOWN and inputs.get(name) != previous.get(name)
    ]


def _due(outputs: Properties, inputs: Properties, now: datetime) -> list[str]:
    intermediates = outputs.get("intermediates", {})
    names = inputs["clusters"] if isinstance(inputs["clusters"], list) else []
    return [
        name
        for name in names
        if name in intermediates and renewal_due(*life_of(intermediates[name]["ca-cert.pem"]), now)
    ]


def _kept(
    outputs: Properties, old_inputs: Properties, inputs: Properties, now: datetime
) -> dict[str, dict[str, str]]:
    if old_inputs.get("intermediateValidityDays") != inputs["intermediateValidityDays"]:
        return {}
    due = _due(outputs, inputs, now)
    names = inputs["clusters"] if isinstance(inputs["clusters"], list) else []
    return {
        name: data for name, data in outputs["intermediates"].items() if name in names and name not in due
    }


def _root(inputs: Properties, now: datetime) -> Root:
    try:
        if inputs["issuer"] == "files":
            return read_root(inputs["rootCertificatePem"], inputs["rootKeyPem"])
    except AuthorityError as failure:
        raise ResourceError(str(failure)) from failure
    return make_root(inputs["trustDomain"], inputs["meshId"], inputs["rootValidityDays"], now)


def _known_root(outputs: Properties) -> Root:
    try:
        return read_root(outputs["rootCertificatePem"], outputs["rootKeyPem"])
    except AuthorityError as failure:
        raise ResourceError(str(failure)) from failure


def _intermediate(root: Root, inputs: Properties, cluster: str, now: datetime) -> dict[str, str]:
    try:
        return make_intermediate(
            root, inputs["trustDomain"], cluster, inputs["intermediateValidityDays"], now
        )
    except AuthorityError as failure:
        raise ResourceError(str(failure)) from failure


def _outputs(inputs: Properties, root: Root, intermediates: Mapping[str, Any]) -> Properties:
    ordered = {name: intermediates[name] for name in sorted(intermediates)}
    return {
        **inputs,
        "rootCertificatePem": root.certificate_pem,
        "rootKeyPem": root.key_pem,
        "intermediates": ordered,
        "validity": {name: _validity(data["ca-cert.pem"]) for name, data in ordered.items()},
    }


def _validity(certificate_pem: str) -> dict[str, str]:
    start, life = life_of(certificate_pem)
    return {"from": start.isoformat(), "until": (start + life).isoformat()}


def _previewed(inputs: Properties, kept: Mapping[str, Any], old: Properties | None = None) -> Properties:
    names = inputs["clusters"]
    known = isinstance(names, list) and not contains_unknown(names)
    intermediates = {name: kept.get(name, dict(_PREVIEWED)) for name in names} if known else UNKNOWN
    root = old or {}
    return {
        **inputs,
        "rootCertificatePem": root.get("rootCertificatePem", UNKNOWN),
        "rootKeyPem": root.get("rootKeyPem", UNKNOWN),
        "intermediates": intermediates,
        "validity": UNKNOWN,
    }
