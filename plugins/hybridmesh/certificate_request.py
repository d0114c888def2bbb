"""`hybridmesh:index:CertificateRequest`: a key, and the request by which a cloud's CA signs an intermediate.

For the issuers that keep the root's key to themselves (google-cas, aws-private-ca). Inputs: `trustDomain`,
`cluster`, `validityDays` (what the CA will be asked for). Outputs: the inputs, `requestPem`, `keyPem`
(secret) and `issuedAt`. A changed request makes the cloud issue another certificate.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from plugins.framework.calls import CallContext
from plugins.framework.differences import Difference
from plugins.framework.engine import Severity
from plugins.framework.errors import CheckFailure, ResourceError
from plugins.framework.handler import Checked, Created, Diff, ReadState, ResourceHandler
from plugins.framework.values import UNKNOWN, Properties, contains_unknown
from plugins.hybridmesh.authority import RENEWAL_SHARE, make_request, utc_now
from plugins.hybridmesh.inputs import missing, unexpected

INPUTS: Final = frozenset({"trustDomain", "cluster", "validityDays"})
OPTIONAL: Final[frozenset[str]] = frozenset()
OUTPUTS: Final = ("requestPem", "keyPem", "issuedAt")


class CertificateRequestHandler(ResourceHandler):
    secret_outputs: ClassVar[frozenset[str]] = frozenset({"keyPem"})

    def check(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        del olds, context
        failures = [*unexpected(news, INPUTS), *missing(news, INPUTS)]
        days = news.get("validityDays", 1)
        if days is not UNKNOWN and not (isinstance(days, int) and days >= 1):
            failures.append(
                CheckFailure("validityDays", f"{days!r} is no number of days; give a whole number from 1 on")
            )
        return Checked(news, failures)

    def diff(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        context: CallContext,
    ) -> Diff:
        """Besides the inputs, an intermediate in the last third of its life is a change: "renewal due"."""
        del identity
        found = Diff.of_inputs(old_inputs, news)
        if not _due(old_outputs, old_inputs):
            return found
        context.log(
            Severity.INFO, f"renewal due: the intermediate certificate of cluster {old_inputs['cluster']}"
        )
        return Diff(changes=True, detailed={**found.detailed, "requestPem": Difference.UPDATE})

    def create(self, inputs: Properties, *, preview: bool, timeout: float, context: CallContext) -> Created:
        del timeout, context
        if preview or contains_unknown(inputs):
            return Created("", {**inputs, **dict.fromkeys(OUTPUTS, UNKNOWN)})
        return Created(f"{inputs['cluster']}-request", _made(inputs))

    def read(
        self, identity: str, inputs: Properties, outputs: Properties, context: CallContext
    ) -> ReadState | None:
        del context
        if "keyPem" not in outputs:
            raise ResourceError("a certificate request cannot be imported: its key was never elsewhere")
        return ReadState(identity, inputs, outputs)

    def update(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        *,
        preview: bool,
        timeout: float,
        context: CallContext,
    ) -> Properties:
        """A new key and a new request."""
        del identity, old_outputs, old_inputs, timeout, context
        if preview or contains_unknown(news):
            return {**news, **dict.fromkeys(OUTPUTS, UNKNOWN)}
        return _made(news)

    def delete(
        self, identity: str, outputs: Properties, inputs: Properties, *, timeout: float, context: CallContext
    ) -> None:
        """Nothing: key and request exist in the state only."""


def _made(inputs: Properties) -> dict[str, Any]:
    request, key = make_request(inputs["trustDomain"], inputs["cluster"])
    return {**inputs, "requestPem": request, "keyPem": key, "issuedAt": utc_now().isoformat()}


def _due(outputs: Properties, inputs: Properties) -> bool:
    issued = datetime.fromisoformat(outputs["issuedAt"]).astimezone(UTC)
    return utc_now() >= issued + timedelta(days=inputs["validityDays"]) * RENEWAL_SHARE
