"""The double of the kubernetes plug-in, for runs without an API server.

A cluster is its API server's URL. The double keeps the rules whose breach a real cluster would punish: no
object in a namespace that is not there, none of a kind without its definition, no istiod before its
certificates, no injected proxy before istiod; and the server-side values that a program reads.
"""

from __future__ import annotations

import base64
import hashlib
import os
from importlib.metadata import version
from pathlib import Path
from typing import Final

from plugins.framework.calls import CallContext
from plugins.framework.differences import compare, property_path
from plugins.framework.errors import CheckFailure, ResourceError
from plugins.framework.handler import Checked, Created, Diff, ReadState, ResourceHandler
from plugins.framework.server import serve
from plugins.framework.values import UNKNOWN, Properties, contains_unknown
from plugins.kubernetes_standin.kinds import CLUSTER_SCOPED, Kind
from plugins.kubernetes_standin.kubeconfig import parse
from plugins.kubernetes_standin.provider import RELEASE, KubernetesProvider
from plugins.kubernetes_standin.settings import Settings
from tests.engine.doubles import balancers
from tests.engine.doubles.store import Call, Thing, World

_BUILT_IN_NAMESPACES: Final = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
_DEFINED_BY: Final = {
    "networking.istio.io": "istio-base",
    "security.istio.io": "istio-base",
    "telemetry.istio.io": "istio-base",
    "gateway.networking.k8s.io": "gateway-api-crds",
}
_MORE_CLUSTER_SCOPED: Final = frozenset({("gateway.networking.k8s.io", "GatewayClass")})
_READER: Final = "istio-reader-service-account"


class ClusterProvider(KubernetesProvider):
    """One `kubernetes.Provider`; its own inputs are handled as the stand-in handles them."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__()
        self.version = version("pulumi-kubernetes")
        self.world = world or World.current()
        self.settings = Settings()

    def configure(self, inputs: Properties, context: CallContext) -> None:
        self.settings = Settings.of(inputs)

    def handler(self, token: str) -> ResourceHandler:
        if token == RELEASE:
            return ReleaseHandler(self)
        return ObjectHandler(self, Kind.of_token(token))

    @property
    def server(self) -> str:
        """The URL of the API server, which names the cluster."""
        content = parse(self.settings.kubeconfig, Path.cwd()) or parse(str(_ambient()), Path.cwd()) or {}
        wanted = self.settings.context or content.get("current-context")
        chosen = next(each["context"] for each in content["contexts"] if each["name"] == wanted)
        found = next(each["cluster"] for each in content["clusters"] if each["name"] == chosen["cluster"])
        return str(found["server"])

    def reachable(self) -> bool:
        return not self.world.dead(self.server)


def _ambient() -> Path:
    return Path(os.environ.get("KUBECONFIG", "~/.kube/config")).expanduser()


class _Handler(ResourceHandler):
    """What objects and releases share."""

    token: str

    def __init__(self, provider: ClusterProvider) -> None:
        self._provider, self._world = provider, provider.world

    def read(
        self, identity: str, inputs: Properties, outputs: Properties, context: CallContext
    ) -> ReadState | None:
        if not self._provider.reachable():
            if self._provider.settings.delete_unreachable:
                return None
            if self._provider.settings.skip_update_unreachable:
                return ReadState(identity, inputs, outputs)
            raise _unreachable()
        balancers.settle(self._world)
        found = self._world.find("kubernetes", self.token, identity, self._provider.server)
        return ReadState(identity, found.inputs, found.outputs) if found else None

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
        if preview or contains_unknown(news):
            return {**self.foreseen(news), **_kept(old_outputs, old_inputs)}
        if not self._provider.reachable():
            if self._provider.settings.skip_update_unreachable:
                return old_outputs
            raise _unreachable()
        self._fail_if_told("update", context)
        outputs = {**self.outputs(news, identity), **_kept(old_outputs, old_inputs)}
        self.updated(outputs)
        self._keep("update", identity, news, outputs, context)
        return outputs

    def delete(
        self, identity: str, outputs: Properties, inputs: Properties, *, timeout: float, context: CallContext
    ) -> None:
        if not self._provider.reachable():
            if self._provider.settings.delete_unreachable:
                return
            raise _unreachable()
        self._fail_if_told("delete", context)
        server = self._provider.server
        self.deleted(identity, inputs)
        self._world.drop("kubernetes", self.token, identity, server)
        self._world.record(Call("delete", "kubernetes", self.token, context.name, identity, server))

    def create(self, inputs: Properties, *, preview: bool, timeout: float, context: CallContext) -> Created:
        if preview:
            return Created("", self.foreseen(inputs))
        if contains_unknown(inputs):
            raise ResourceError("an input is not known although it is created now")
        if not self._provider.reachable():
            raise _unreachable()
        self._fail_if_told("create", context)
        identity = self.identity(inputs)
        server = self._provider.server
        upsert = self._provider.settings.upsert_existing_objects
        if self._world.find("kubernetes", self.token, identity, server) and not upsert:
            raise ResourceError(f"{self.token} {identity} exists already in {server}")
        self.admit(inputs)
        outputs = self.outputs(inputs, identity)
        self._keep("create", identity, inputs, outputs, context)
        self.created(inputs)
        return Created(identity, outputs)

    # what differs

    def identity(self, inputs: Properties) -> str:
        raise NotImplementedError

    def admit(self, inputs: Properties) -> None:
        """Raises ResourceError for what the cluster would refuse."""
        raise NotImplementedError

    def outputs(self, inputs: Properties, identity: str) -> Properties:
        raise NotImplementedError

    def foreseen(self, inputs: Properties) -> Properties:
        raise NotImplementedError

    def created(self, inputs: Properties) -> None:
        """After it was made."""

    def updated(self, outputs: Properties) -> None:
        """Before it is kept."""

    def deleted(self, identity: str, inputs: Properties) -> None:
        """Before it goes."""

    # shared

    def exists(self, token: str, identity: str) -> bool:
        return self._world.find("kubernetes", token, identity, self._provider.server) is not None

    def release(self, name: str) -> bool:
        mine = self._world.things("kubernetes", self._provider.server)
        return any(thing.type == RELEASE and thing.identity.endswith(f"/{name}") for thing in mine)

    def require_namespace(self, namespace: str) -> None:
        if namespace not in _BUILT_IN_NAMESPACES and not self.exists(
            "kubernetes:core/v1:Namespace", namespace
        ):
            raise ResourceError(f'namespaces "{namespace}" not found')

    def _keep(
        self, operation: str, identity: str, inputs: Properties, outputs: Properties, context: CallContext
    ) -> None:
        server = self._provider.server
        self._world.put(Thing("kubernetes", self.token, identity, context.name, inputs, outputs, server))
        self._world.record(Call(operation, "kubernetes", self.token, context.name, identity, server))

    def _fail_if_told(self, operation: str, context: CallContext) -> None:
        if message := self._world.fault(operation, context.name):
            raise ResourceError(message)


class ObjectHandler(_Handler):
    """One kind of object."""

    def __init__(self, provider: ClusterProvider, kind: Kind) -> None:
        super().__init__(provider)
        self._kind = kind
        module = kind.api_version if "/" in kind.api_version else f"core/{kind.api_version}"
        self.token = f"kubernetes:{module}:{kind.name}"
        self._namespaced = (kind.group, kind.name) not in CLUSTER_SCOPED | _MORE_CLUSTER_SCOPED

    def check(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        given = news.get("metadata", {})
        if given is UNKNOWN:
            return Checked(news)
        metadata = dict(given)
        if "name" not in metadata and "generateName" not in metadata:
            mark = hashlib.sha256(context.random_seed + context.urn.encode()).hexdigest()[:8]
            metadata["name"] = olds.get("metadata", {}).get("name") or f"{context.name}-{mark}"
        if self._namespaced:
            metadata.setdefault("namespace", "default")
        return Checked({**news, "metadata": metadata})

    def diff(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        context: CallContext,
    ) -> Diff:
        found = compare(old_inputs, news)
        named = {("metadata", "name"), ("metadata", "namespace")}
        replaces = ["metadata"] if any(tuple(path[:2]) in named for path in found) else []
        if self._kind.name in ("RoleBinding", "ClusterRoleBinding") and any(p[0] == "roleRef" for p in found):
            replaces.append("roleRef")
        return Diff(
            changes=bool(found),
            replaces=replaces,
            delete_before_replace=bool(replaces),
            detailed={property_path(path): how for path, how in found.items()},
        )

    def identity(self, inputs: Properties) -> str:
        metadata = inputs["metadata"]
        return f"{metadata['namespace']}/{metadata['name']}" if self._namespaced else str(metadata["name"])

    def admit(self, inputs: Properties) -> None:
        if self._namespaced:
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
        if self._kind.name == "Gateway" and self._kind.group == "gateway.networking.k8s.io":
            address = balancers.address(self._world, server, f"{identity}-istio")
            kind = "IPAddress" if address[0].isdigit() else "Hostname"
            made["status"] = {"addresses": [{"type": kind, "value": address}]}
        if self._kind.name == "Service":
            made["status"] = balancers.status(self._world, server, identity, inputs.get("spec", {}))
        return made

    def created(self, inputs: Properties) -> None:
        server, identity = self._provider.server, self.identity(inputs)
        if self._kind.name == "Gateway" and self._kind.group == "gateway.networking.k8s.io":
            if not self.release("istiod"):
                raise ResourceError(f"Gateway {identity}: no controller programs it, istiod is not installed")
            annotations = inputs["metadata"].get("annotations", {})
            kind = annotations.get("networking.istio.io/service-type", "LoadBalancer")
            balancers.add_service(self._world, server, f"{identity}-istio", {"type": kind})
        if self._kind.name == "Service" and inputs.get("spec", {}).get("type") == "LoadBalancer":
            balancers.add(self._world, server, identity)

    def deleted(self, identity: str, inputs: Properties) -> None:
        server = self._provider.server
        if self._kind.name == "Gateway" and self._kind.group == "gateway.networking.k8s.io":
            balancers.let_go(self._world, server, f"{identity}-istio")
        if self._kind.name == "Service":
            balancers.remove(self._world, server, identity)
        if self._kind.name == "Namespace":
            balancers.empty_namespace(self._world, server, identity)

    def _secret_data(self, inputs: Properties) -> Properties:
        if inputs.get("type") == "kubernetes.io/service-account-token":
            if not self.release("istio-base"):
                raise ResourceError(f"no service account {_READER}: its token is never filled in")
            token = f"token-{hashlib.sha256(self._provider.server.encode()).hexdigest()}"
            filled = {"token": token, "ca.crt": "the API server's authority", "namespace": "istio-system"}
            return {name: base64.b64encode(text.encode()).decode() for name, text in filled.items()}
        texts = inputs.get("stringData", {})
        encoded = {name: base64.b64encode(str(text).encode()).decode() for name, text in texts.items()}
        return {**inputs.get("data", {}), **encoded}


class ReleaseHandler(_Handler):
    """`kubernetes:helm.sh/v3:Release`. What a chart makes is known of Istio's charts only."""

    token = RELEASE

    def check(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        inputs = {"values": {}, "namespace": "default", **news}
        if "name" not in inputs:
            mark = hashlib.sha256(context.random_seed + context.urn.encode()).hexdigest()[:8]
            inputs["name"] = olds.get("name") or f"{context.name}-{mark}"
        failures = [] if inputs.get("chart") else [CheckFailure("chart", "a release needs a chart")]
        return Checked(inputs, failures)

    def diff(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        context: CallContext,
    ) -> Diff:
        found = compare(old_inputs, news)
        replaces = sorted({str(path[0]) for path in found} & {"name", "namespace"})
        return Diff(
            changes=bool(found),
            replaces=replaces,
            detailed={property_path(path): how for path, how in found.items()},
        )

    def identity(self, inputs: Properties) -> str:
        return f"{inputs['namespace']}/{inputs['name']}"

    def admit(self, inputs: Properties) -> None:
        if not inputs.get("createNamespace"):
            self.require_namespace(inputs["namespace"])
        chart = _chart(inputs)
        if chart == "istiod":
            if not self.exists("kubernetes:core/v1:Secret", "istio-system/cacerts"):
                raise ResourceError("istiod without cacerts signs by itself: no other cluster would trust it")
            if not self.release("istio-base"):
                raise ResourceError("no matches for kind 'EnvoyFilter': istio-base is not installed")
        if chart == "gateway":
            if not self.release("istiod"):
                raise ResourceError("the gateway's pod has no proxy image: istiod's webhook does not serve")
            balancers.demand_controller(self._world, self._provider.server)

    def outputs(self, inputs: Properties, identity: str) -> Properties:
        status = {
            "namespace": inputs["namespace"],
            "name": inputs["name"],
            "status": "deployed",
            "revision": 1,
            "version": str(inputs.get("version", "1.0.0")),
        }
        return {**inputs, "status": status, "resourceNames": {}, "manifest": {}}

    def foreseen(self, inputs: Properties) -> Properties:
        return {**inputs, "status": UNKNOWN, "resourceNames": UNKNOWN, "manifest": UNKNOWN}

    def created(self, inputs: Properties) -> None:
        if _chart(inputs) == "gateway":
            service = inputs["values"].get("service", {})
            spec = {
                "type": service.get("type", "LoadBalancer"),
                "loadBalancerIP": service.get("loadBalancerIP"),
            }
            balancers.add_service(self._world, self._provider.server, self.identity(inputs), spec)

    def updated(self, outputs: Properties) -> None:
        outputs["status"] = {**outputs["status"], "revision": outputs["status"]["revision"] + 1}

    def deleted(self, identity: str, inputs: Properties) -> None:
        if _chart(inputs) == "gateway":
            balancers.remove_service(self._world, self._provider.server, identity)


def _chart(inputs: Properties) -> str:
    return Path(str(inputs.get("chart", ""))).name


def _kept(outputs: Properties, inputs: Properties) -> Properties:
    """What the cluster had added, which an update leaves."""
    return {name: value for name, value in outputs.items() if name not in {*inputs, "metadata", "data"}}


def _unreachable() -> ResourceError:
    return ResourceError("configured Kubernetes cluster is unreachable: connection refused")


if __name__ == "__main__":
    serve(ClusterProvider())
