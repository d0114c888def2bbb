"""What the double of the kubernetes plug-in does alike with objects and releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.handler import (
    CreateCall,
    Created,
    DeleteCall,
    ReadCall,
    ReadState,
    ResourceHandler,
    UpdateCall,
)
from hybrid_mesh.plugins.framework.values import Properties, contains_unknown
from tests.engine.doubles import balancers
from tests.engine.doubles.kinds import RELEASE
from tests.engine.doubles.store import Call, Thing

if TYPE_CHECKING:
    from tests.engine.doubles.cluster import ClusterProvider

_BUILT_IN_NAMESPACES: Final = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})


class InClusterHandler(ResourceHandler):
    """What objects and releases share."""

    token: str

    def __init__(self, provider: ClusterProvider) -> None:
        self._provider, self._world = provider, provider.world

    def read(self, call: ReadCall) -> ReadState | None:
        if not self._provider.reachable():
            if self._provider.has("deleteUnreachable"):
                return None
            if self._provider.has("skipUpdateUnreachable"):
                return ReadState(call.identity, call.inputs, call.outputs)
            raise unreachable()
        if _elsewhere(call):
            return None
        balancers.settle(self._world)
        found = self._world.find("kubernetes", self.token, call.identity, self._provider.server)
        return ReadState(call.identity, found.inputs, found.outputs) if found else None

    def update(self, call: UpdateCall) -> Properties:
        if call.preview or contains_unknown(call.news):
            return {**self.foreseen(call.news), **_kept(call.old_outputs, call.old_inputs)}
        if not self._provider.reachable():
            if self._provider.has("skipUpdateUnreachable"):
                return call.old_outputs
            raise unreachable()
        self._fail_if_told("update", call.context)
        outputs = {**self.outputs(call.news, call.identity), **_kept(call.old_outputs, call.old_inputs)}
        self.updated(outputs)
        self._keep("update", call.identity, call.news, outputs, call.context)
        return outputs

    def delete(self, call: DeleteCall) -> None:
        if not self._provider.reachable():
            if self._provider.has("deleteUnreachable") and self.token != RELEASE:
                return
            raise unreachable()
        self._fail_if_told("delete", call.context)
        server = self._provider.server
        self.deleted(call.identity, call.inputs)
        self._world.drop("kubernetes", self.token, call.identity, server)
        self._world.record(Call("delete", "kubernetes", self.token, call.context.name, call.identity, server))

    def create(self, call: CreateCall) -> Created:
        if call.preview:
            return Created("", self.foreseen(call.inputs))
        if contains_unknown(call.inputs):
            raise ResourceError("an input is not known although it is created now")
        if not self._provider.reachable():
            raise unreachable()
        self._fail_if_told("create", call.context)
        identity = self.identity(call.inputs)
        server = self._provider.server
        upsert = self._provider.has("upsertExistingObjects")
        if self._world.find("kubernetes", self.token, identity, server) and not upsert:
            raise ResourceError(f"{self.token} {identity} exists already in {server}")
        self.admit(call.inputs)
        outputs = self.outputs(call.inputs, identity)
        self._keep("create", identity, call.inputs, outputs, call.context)
        self.created(call.inputs)
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

    def skips_updates(self) -> bool:
        """Whether the cluster is unreachable and everything in it is to stay as it was."""
        return self._provider.has("skipUpdateUnreachable") and not self._provider.reachable()

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


def _elsewhere(call: ReadCall) -> bool:
    """Whether the plug-in would look in another namespace than the id says: if inputs contain the kind,
    it takes theirs, "default" if there is none (provider/pkg/provider/provider.go, `Read`).
    """
    if "kind" not in call.inputs or "/" not in call.identity:
        return False
    namespace = (call.inputs.get("metadata") or {}).get("namespace", "default")
    return bool(namespace != call.identity.partition("/")[0])


def _kept(outputs: Properties, inputs: Properties) -> Properties:
    """What the cluster had added, which an update leaves."""
    return {name: value for name, value in outputs.items() if name not in {*inputs, "metadata", "data"}}


def unreachable() -> ResourceError:
    return ResourceError("configured Kubernetes cluster is unreachable: connection refused")
