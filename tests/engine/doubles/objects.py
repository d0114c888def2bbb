"""Objects of a cluster, under the double of the kubernetes plug-in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from hybrid_mesh.plugins.framework.differences import compare, property_path
from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.handler import CheckCall, Checked, Diff, DiffCall
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties
from tests.engine.doubles import balancers
from tests.engine.doubles.in_cluster import InClusterHandler
from tests.engine.doubles.kinds import Kind
from tests.engine.doubles.secret_data import token_data, with_data

if TYPE_CHECKING:
    from tests.engine.doubles.cluster import ClusterProvider

_DEFINED_BY: Final = {
    "networking.istio.io": "istio-base",
    "security.istio.io": "istio-base",
    "telemetry.istio.io": "istio-base",
    "gateway.networking.k8s.io": "gateway-api-crds",
}
AUTONAMED: Final = "pulumi.com/autonamed"
_READER: Final = "istio-reader-service-account"


class ObjectHandler(InClusterHandler):
    """One kind of object."""

    def __init__(self, provider: ClusterProvider, kind: Kind) -> None:
        super().__init__(provider)
        self._kind = kind
        self.token = kind.token

    def check(self, call: CheckCall) -> Checked:
        if self.skips_updates():
            return Checked(call.olds)
        given = call.news.get("metadata", {})
        if given is UNKNOWN:
            return Checked(call.news)
        metadata = dict(given)
        if "generateName" in metadata:
            raise ResourceError(
                "the `.metadata.generateName` field is not supported in Server-Side Apply mode"
            )
        if "name" not in metadata:
            mark = hashlib.sha256(call.context.random_seed + call.context.urn.encode()).hexdigest()[:8]
            metadata["name"] = call.olds.get("metadata", {}).get("name") or f"{call.context.name}-{mark}"
            metadata["annotations"] = {**metadata.get("annotations", {}), AUTONAMED: "true"}
        if self._kind.namespaced:
            metadata.setdefault("namespace", "default")
        inputs = {**call.news, "metadata": metadata}
        return Checked(with_data(inputs) if self._kind.name == "Secret" else inputs)

    def diff(self, call: DiffCall) -> Diff:
        found = compare(call.old_inputs, call.news)
        replaces = sorted({str(p[0]) for p in found if self._kind.replaced_by(p, self._provider.settings)})
        named = call.news.get("metadata", {}).get("annotations", {}).get(AUTONAMED) != "true"
        moved = {("metadata", "name"), ("metadata", "namespace")} & {tuple(path[:2]) for path in found}
        return Diff(
            changes=bool(found),
            replaces=replaces,
            delete_before_replace=bool(replaces) and named and not moved,
            detailed={property_path(path): how for path, how in found.items()},
        )

    def identity(self, inputs: Properties) -> str:
        metadata = inputs["metadata"]
        return (
            f"{metadata['namespace']}/{metadata['name']}" if self._kind.namespaced else str(metadata["name"])
        )

    def admit(self, inputs: Properties) -> None:
        if self._kind.namespaced:
            self.require_namespace(inputs["metadata"]["namespace"])
        definer = _DEFINED_BY.get(self._kind.group)
        if definer and not self.release(definer):
            raise ResourceError(f"no matches for kind {self._kind.name!r} in {self._kind.api_version!r}")

    def foreseen(self, inputs: Properties) -> Properties:
        metadata = inputs.get("metadata", {})
        known = metadata if metadata is UNKNOWN else {**metadata, "uid": UNKNOWN, "resourceVersion": UNKNOWN}
        late = {"status": UNKNOWN} if self._kind.name in ("Service", "Gateway", "Deployment") else {}
        if self._kind.name == "Secret" and "account-token" in str(inputs.get("type")):
            late = {"data": UNKNOWN}
        return {**inputs, "metadata": known, **late}

    def outputs(self, inputs: Properties, identity: str) -> Properties:
        server = self._provider.server
        uid = hashlib.sha256(f"{server} {self.token} {identity}".encode()).hexdigest()[:32]
        made = {**inputs, "metadata": {**inputs["metadata"], "uid": uid}}
        if self._kind.name == "Secret":
            made["data"] = self._secret_data(inputs)
        if self._gateway_api("Gateway"):
            address = balancers.address(self._world, server, self._service(inputs, identity))
            kind = "IPAddress" if address[0].isdigit() else "Hostname"
            made["status"] = {"addresses": [{"type": kind, "value": address}]}
        if self._kind.name == "Service":
            made["status"] = balancers.status(self._world, server, identity, inputs.get("spec", {}))
        return made

    def created(self, inputs: Properties) -> None:
        server, identity = self._provider.server, self.identity(inputs)
        if self._gateway_api("Gateway") and not self.release("istiod"):
            raise ResourceError(f"Gateway {identity}: no controller programs it, istiod is not installed")
        if self._gateway_api("Gateway") and inputs["spec"].get("addresses"):
            if not self.exists(balancers.SERVICE, self._service(inputs, identity)):
                raise ResourceError(f"Gateway {identity}: failed to assign to any requested addresses")
        elif self._gateway_api("Gateway"):
            annotations = inputs["metadata"].get("annotations", {})
            kind = annotations.get("networking.istio.io/service-type", "LoadBalancer")
            balancers.add_service(self._world, server, f"{identity}-istio", {"type": kind})
        if self._kind.name == "Service" and inputs.get("spec", {}).get("type") == "LoadBalancer":
            balancers.add(self._world, server, identity)

    def deleted(self, identity: str, inputs: Properties) -> None:
        server = self._provider.server
        if self._gateway_api("Gateway") and not inputs["spec"].get("addresses"):
            balancers.let_go(self._world, server, f"{identity}-istio")
        if self._kind.name == "Service":
            balancers.remove(self._world, server, identity)
        if self._kind.name == "Namespace":
            balancers.empty_namespace(self._world, server, identity)

    def _gateway_api(self, kind: str) -> bool:
        return self._kind.group == "gateway.networking.k8s.io" and self._kind.name == kind

    @staticmethod
    def _service(inputs: Properties, identity: str) -> str:
        """The Service of a Gateway: an existing one, by its host name, or the one that istiod makes."""
        for address in inputs["spec"].get("addresses", ()):
            name, namespace, *_ = address["value"].split(".")
            return f"{namespace}/{name}"
        return f"{identity}-istio"

    def _secret_data(self, inputs: Properties) -> Properties:
        if inputs.get("type") == "kubernetes.io/service-account-token":
            if not self.release("istio-base"):
                raise ResourceError(f"no service account {_READER}: its token is never filled in")
            return token_data(self._provider.server, inputs["metadata"]["name"])
        return dict(inputs.get("data", {}))
