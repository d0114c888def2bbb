"""`hybridmesh:index:CertificateRequest`: a key, and the signing request for an intermediate to a cloud's CA.

For the issuers whose root key never leaves the cloud (google-cas, aws-private-ca). Inputs: `trustDomain`,
`cluster`, `validityDays` (the validity to request from the CA). Outputs: the inputs, `requestPem`, `keyPem`
(secret) and `issuedAt`. A changed request makes the cloud issue a new certificate.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.declared import DeclaredHandler
from hybrid_mesh.plugins.framework.errors import CheckFailure
from hybrid_mesh.plugins.framework.handler import CreateCall, Created, UpdateCall
from hybrid_mesh.plugins.framework.values import Path, Properties, contains_unknown
from hybrid_mesh.plugins.hybridmesh.authority import make_request
from hybrid_mesh.plugins.hybridmesh.validity import log_renewal, renewal_due, utc_now, wrong_days


class CertificateRequestHandler(DeclaredHandler):
    inputs = frozenset({"trustDomain", "cluster", "validityDays"})
    computed = ("requestPem", "keyPem", "issuedAt")
    secret_outputs = frozenset({"keyPem"})
    no_import = "a certificate request cannot be imported: its key exists in the state only"

    def wrong_values(self, olds: Properties, inputs: Properties) -> Iterable[CheckFailure]:
        del olds
        return wrong_days(inputs, "validityDays")

    def outdated(
        self, old_outputs: Properties, old_inputs: Properties, news: Properties, context: CallContext
    ) -> Iterable[Path]:
        """The request of an intermediate in the last third of its validity."""
        del news
        issued = datetime.fromisoformat(old_outputs["issuedAt"]).astimezone(UTC)
        if not renewal_due(issued, timedelta(days=old_inputs["validityDays"]), utc_now()):
            return []
        log_renewal(old_inputs["cluster"], context)
        return [("requestPem",)]

    def create(self, call: CreateCall) -> Created:
        if call.preview or contains_unknown(call.inputs):
            return Created("", self.previewed(call.inputs))
        return Created(f"{call.inputs['cluster']}-request", _made(call.inputs))

    def update(self, call: UpdateCall) -> Properties:
        """A new key and a new request."""
        if call.preview or contains_unknown(call.news):
            return self.previewed(call.news)
        return _made(call.news)


def _made(inputs: Properties) -> dict[str, Any]:
    request, key = make_request(inputs["trustDomain"], inputs["cluster"])
    return {**inputs, "requestPem": request, "keyPem": key, "issuedAt": utc_now().isoformat()}
