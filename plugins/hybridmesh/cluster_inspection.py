"""`hybridmesh:index:ClusterInspection`: what a cluster must have already, read and never changed.

Check reads it, in each preview and each up, so that an Istio, certificates or CRDs that cannot work are
refused before anything is changed.

Inputs: `clusterName`, `incarnation` (identifies the cluster), `kubeconfig` (secret; text or path; default:
the default kubeconfig) and `context` (both ignored in diffs), `quarantined` (no I/O); what must be there:
`istio` {meshId, network, trustDomain, version, gateways: network -> addresses, variables: name -> why it must
not be false}, `certificates` (whether istiod's must exist, with the root `expectedRootPem`), `gatewayApi`
(kind -> {version, release}), `objects` (`model.plan.inspection`). Outputs: the inputs and
`rootCertificatePem`, the root in the cluster; "" if `certificates` is false.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Final

from hybrid_mesh.model.istio_facts import BUNDLE_VERSION
from hybrid_mesh.plugins.framework.api_server import ApiServer
from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.declared import DeclaredHandler
from hybrid_mesh.plugins.framework.errors import CheckFailure, ResourceError
from hybrid_mesh.plugins.framework.handler import CheckCall, Checked, CreateCall, Created, UpdateCall
from hybrid_mesh.plugins.framework.values import Path, Properties, contains_unknown
from hybrid_mesh.plugins.hybridmesh.existing_certificates import found_root, root_problems
from hybrid_mesh.plugins.hybridmesh.existing_istio import istio_problems

_ANSWER_SECONDS: Final = 15.0
_CRDS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class ClusterInspectionHandler(DeclaredHandler):
    inputs = frozenset(
        {
            "clusterName",
            "incarnation",
            "kubeconfig",
            "context",
            "quarantined",
            "istio",
            "certificates",
            "expectedRootPem",
            "gatewayApi",
            "objects",
        }
    )
    optional = frozenset({"kubeconfig", "context", "istio", "expectedRootPem"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "quarantined": False,
        "certificates": False,
        "gatewayApi": {},
        "objects": [],
    }
    computed = ("rootCertificatePem",)
    identifying = frozenset({"clusterName", "incarnation"})
    not_compared = frozenset({"kubeconfig", "context"})
    secret_outputs = frozenset({"kubeconfig"})
    no_import = "what a cluster has already is read whenever it is declared; there is nothing to import"

    def check(self, call: CheckCall) -> Checked:
        """Reads the cluster, as soon as its kubeconfig is known."""
        checked = super().check(call)
        inputs = checked.inputs
        known = {**inputs, "expectedRootPem": None}
        if checked.failures or contains_unknown(known) or inputs["quarantined"]:
            return checked
        with _named(inputs):
            return Checked(inputs, list(_failures(_server(inputs), inputs)))

    def outdated(
        self, old_outputs: Properties, old_inputs: Properties, news: Properties, context: CallContext
    ) -> Iterable[Path]:
        """The root, if the cluster has got another one."""
        del old_inputs, context
        if contains_unknown({**news, "expectedRootPem": None}) or news["quarantined"]:
            return
        if _root(news) != old_outputs["rootCertificatePem"]:
            yield ("rootCertificatePem",)

    def create(self, call: CreateCall) -> Created:
        if call.preview:
            return Created("", self.previewed(call.inputs))
        return Created(str(call.inputs["clusterName"]), self._completed(call.inputs, ""))

    def update(self, call: UpdateCall) -> Properties:
        if call.preview:
            return self.previewed(call.news)
        return self._completed(call.news, call.old_outputs["rootCertificatePem"])

    @staticmethod
    def _completed(inputs: Properties, known: str) -> Properties:
        """The outputs. Here the mesh's root is known, which it may not be in a preview. Raises
        ResourceError."""
        if inputs["quarantined"]:
            return {**inputs, "rootCertificatePem": known}
        root = _root(inputs)
        path = f"clusters.{inputs['clusterName']}"
        if inputs["certificates"]:
            for problem in root_problems(path, root, inputs.get("expectedRootPem")):
                raise ResourceError(problem)
        return {**inputs, "rootCertificatePem": root}


def _server(inputs: Properties) -> ApiServer:
    return ApiServer(inputs.get("kubeconfig"), inputs.get("context"))


@contextmanager
def _named(inputs: Properties) -> Iterator[None]:
    """Says which cluster does not respond."""
    try:
        yield
    except ResourceError as failure:
        raise ResourceError(f"cluster {inputs['clusterName']}: {failure}") from failure


def _root(inputs: Properties) -> str:
    if not inputs["certificates"]:
        return ""
    with _named(inputs):
        return found_root(_server(inputs)) or ""


def _failures(server: ApiServer, inputs: Properties) -> Iterator[CheckFailure]:
    path = f"clusters.{inputs['clusterName']}"
    if inputs.get("istio") is not None:
        for problem in istio_problems(server, path, inputs["istio"]):
            yield CheckFailure("istio", problem)
    if inputs["certificates"]:
        for problem in root_problems(path, found_root(server), inputs.get("expectedRootPem")):
            yield CheckFailure("certificates", problem)
    for kind, wanted in inputs["gatewayApi"].items():
        for problem in _definition_problems(server, path, kind, wanted):
            yield CheckFailure("gatewayApi", problem)
    for each in inputs["objects"]:
        for problem in _object_problems(server, each):
            yield CheckFailure("objects", problem)


def _object_problems(server: ApiServer, wanted: Mapping[str, Any]) -> Iterator[str]:
    title = f"{wanted['key']}: the {wanted['title']} of the cluster"
    live = server.find(wanted["path"], _ANSWER_SECONDS)
    if live is None:
        yield f"{wanted['key']}: the cluster has no {wanted['title']}. Create it, or set this key to adopt"
        return
    spec = live.get("spec") or {}
    labels = wanted.get("labels")
    ports = {each["port"] for each in spec.get("ports") or ()}
    if missing := [port for port in wanted.get("ports") or () if port not in ports]:
        yield f"{title} does not have the port {missing[0]}, which the group's `ports` name"
    if labels is not None:
        for key, value in (spec.get("selector") or {}).items():
            if labels.get(key) != value:
                yield f"{title} selects {key}={value}, and the group's `labels` do not have it"


def _definition_problems(server: ApiServer, path: str, kind: str, wanted: Mapping[str, Any]) -> Iterator[str]:
    """`wanted` has the `version` of the API in use and the oldest `release` that istiod reads ("1.5")."""
    name = f"{kind.lower()}s.gateway.networking.k8s.io"
    needed = f"the mesh requires release {wanted['release']} of the Gateway API or a later one"
    remedy = "Upgrade it there, or set `gatewayApi: install`"
    found = server.find(f"{_CRDS}/{name}", _ANSWER_SECONDS)
    if found is None:
        yield f"{path}.istio.gatewayApi: the cluster does not have the CRD {name}; {needed}. {remedy}"
        return
    release = (found["metadata"].get("annotations") or {}).get(BUNDLE_VERSION, "unknown")
    served = {each["name"] for each in found["spec"]["versions"] if each["served"]}
    if _number(release) < _number(wanted["release"]):
        yield f"{path}.istio.gatewayApi: the CRD {name} is of release {release}; {needed}. {remedy}"
    elif wanted["version"] not in served:
        versions = ", ".join(sorted(served))
        yield (
            f"{path}.istio.gatewayApi: the CRD {name} serves {versions} and not {wanted['version']}; "
            f"{needed}. {remedy}"
        )


def _number(release: str) -> tuple[int, ...]:
    """`v1.5.1` or `1.5` as (1, 5); () if it is not a release."""
    parts = release.removeprefix("v").split("-")[0].split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()
