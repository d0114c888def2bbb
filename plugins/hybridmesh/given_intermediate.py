"""`hybridmesh:index:GivenIntermediate`: the intermediate of one cluster, issued by an authority whose root
key nobody hands over (`trust.issuer: intermediates`).

Inputs: `cluster`, `certificatePem`, `keyPem` (secret), `chainPem` (the certificates above it up to the root)
and `rootCertificatePem`. Outputs: the inputs and `data` (secret), the data of the cluster's Secret `cacerts`.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from cryptography import x509

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.declared import DeclaredHandler
from hybrid_mesh.plugins.framework.engine import Severity
from hybrid_mesh.plugins.framework.errors import CheckFailure
from hybrid_mesh.plugins.framework.handler import CreateCall, Created, UpdateCall
from hybrid_mesh.plugins.framework.values import UNKNOWN, Path, Properties, contains_unknown
from hybrid_mesh.plugins.hybridmesh.authority import AuthorityError, read_chain
from hybrid_mesh.plugins.hybridmesh.validity import renewal_due, utc_now

_ROOT: Final = "rootCertificatePem"


class GivenIntermediateHandler(DeclaredHandler):
    inputs = frozenset({"cluster", "certificatePem", "keyPem", "chainPem", _ROOT})
    computed = ("data",)
    identifying = frozenset({"cluster"})
    secret_outputs = frozenset({"keyPem", "data"})
    no_import = "the intermediates are in the stack's configuration; there is nothing to import"

    def wrong_values(self, olds: Properties, inputs: Properties) -> Iterable[CheckFailure]:
        if not self.inputs <= inputs.keys() or contains_unknown(inputs):
            return
        if olds and olds.get(_ROOT) not in (inputs[_ROOT], UNKNOWN, None):
            yield CheckFailure(_ROOT, "the mesh's root cannot change: VMs and proxies trust the old one only")
        try:
            _data(inputs)
        except AuthorityError as failure:
            yield CheckFailure("certificatePem", f"cluster {inputs['cluster']}: {failure}")

    def outdated(
        self, old_outputs: Properties, old_inputs: Properties, news: Properties, context: CallContext
    ) -> Iterable[Path]:
        """Nothing: only you can renew it. It warns in the last third of its validity."""
        del old_inputs, news
        certificate = x509.load_pem_x509_certificate(old_outputs["certificatePem"].encode())
        start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        life: timedelta = end - start
        if renewal_due(start, life, utc_now()):
            cluster = old_outputs["cluster"]
            text = (
                f"the intermediate certificate of cluster {cluster} expires on {end:%Y-%m-%d}: set "
                f"hybrid-mesh:{cluster}-ca-certificate and {cluster}-ca-key to a new one"
            )
            context.log(Severity.WARNING, text)
        return ()

    def create(self, call: CreateCall) -> Created:
        if call.preview:
            return Created("", self.previewed(call.inputs))
        return Created(f"{call.inputs['cluster']}-ca", {**call.inputs, "data": _data(call.inputs)})

    def update(self, call: UpdateCall) -> Properties:
        return self.previewed(call.news) if call.preview else {**call.news, "data": _data(call.news)}


def _data(inputs: Properties) -> dict[str, str]:
    return read_chain(*(inputs[name] for name in ("certificatePem", "keyPem", "chainPem", _ROOT)))
