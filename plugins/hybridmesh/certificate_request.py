"""`hybridmesh:index:CertificateRequest`: a key, and the signing request for an intermediate to a cloud's CA.

For the issuers whose root key never leaves the cloud (google-cas, aws-private-ca). Inputs: `trustDomain`,
`cluster`, `validityDays` (the validity to request from the CA), `authorityEnds` (optional: when the CA
expires). Outputs: the inputs, `requestPem`, `keyPem` (secret) and `issuedAt`. A changed request makes the
cloud issue a new certificate.

The engine compares a request before the certificate that answers it, so its renewal is counted from what was
requested. The program refuses a certificate of less than three quarters of that
(`model.config.renewal.LEAST_SHARE`).
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hybrid_mesh.model.config.renewal import EXPIRY_WARNING, RENEWAL_SHARE
from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.declared import DeclaredHandler
from hybrid_mesh.plugins.framework.engine import Severity
from hybrid_mesh.plugins.framework.errors import CheckFailure, ResourceError
from hybrid_mesh.plugins.framework.handler import CreateCall, Created, UpdateCall
from hybrid_mesh.plugins.framework.values import UNKNOWN, Path, Properties, contains_unknown
from hybrid_mesh.plugins.hybridmesh.authority import make_request
from hybrid_mesh.plugins.hybridmesh.validity import log_renewal, renewal_due, utc_now, wrong_days


class CertificateRequestHandler(DeclaredHandler):
    inputs = frozenset({"trustDomain", "cluster", "validityDays", "authorityEnds"})
    optional = frozenset({"authorityEnds"})
    not_compared = frozenset({"authorityEnds"})
    computed = ("requestPem", "keyPem", "issuedAt")
    secret_outputs = frozenset({"keyPem"})
    no_import = "a certificate request cannot be imported: its key exists in the state only"

    def wrong_values(self, olds: Properties, inputs: Properties) -> Iterable[CheckFailure]:
        del olds
        return wrong_days(inputs, "validityDays")

    def outdated(
        self, old_outputs: Properties, old_inputs: Properties, news: Properties, context: CallContext
    ) -> Iterable[Path]:
        """The request of an intermediate in the last third of its validity. Logs a warning if the authority
        will have to refuse the next renewal."""
        issued = datetime.fromisoformat(old_outputs["issuedAt"]).astimezone(UTC)
        validity = timedelta(days=old_inputs["validityDays"])
        if renewal_due(issued, validity, utc_now()):
            log_renewal(old_inputs["cluster"], context)
            return [("requestPem",)]
        renewal = issued + validity * RENEWAL_SHARE
        if renewal - utc_now() < EXPIRY_WARNING and (refusal := _refusal(news, renewal)):
            context.log(Severity.WARNING, refusal)
        return []

    def create(self, call: CreateCall) -> Created:
        _require_authority(call.inputs)
        if call.preview or contains_unknown(call.inputs):
            return Created("", self.previewed(call.inputs))
        return Created(f"{call.inputs['cluster']}-request", _made(call.inputs))

    def update(self, call: UpdateCall) -> Properties:
        """A new key and a new request."""
        _require_authority(call.news)
        if call.preview or contains_unknown(call.news):
            return self.previewed(call.news)
        return _made(call.news)


def _require_authority(inputs: Properties) -> None:
    """Raises ResourceError, in a preview too, if the authority expires before the requested certificate."""
    if not contains_unknown(inputs) and (refusal := _refusal(inputs, utc_now())):
        raise ResourceError(refusal)


def _refusal(inputs: Properties, at: datetime) -> str | None:
    """Why a certificate cannot be issued at a time; None if it can, or if nobody knows. An authority that was
    created a moment ago may be as short as its intermediates."""
    ends, days = inputs.get("authorityEnds"), inputs["validityDays"]
    if not isinstance(ends, str) or days is UNKNOWN:
        return None
    expiry = datetime.fromisoformat(ends).astimezone(UTC)
    left = (expiry - at).days
    if expiry - at >= timedelta(days=days - 1):
        return None
    return (
        f"trust.intermediateValidityDays: the authority expires on {expiry:%Y-%m-%d}, so it cannot issue the "
        f"intermediate of cluster {inputs['cluster']} on {at:%Y-%m-%d} for {days} days. Renew the authority"
        + (f", or set intermediateValidityDays to at most {left}." if left >= 1 else ".")
    )


def _made(inputs: Properties) -> dict[str, Any]:
    request, key = make_request(inputs["trustDomain"], inputs["cluster"])
    return {**inputs, "requestPem": request, "keyPem": key, "issuedAt": utc_now().isoformat()}
