"""`hybridmesh:index:SharedNamespace`: a namespace of a shared cluster.

An existing namespace is used, and labels are added to it. A destroy only deletes a namespace that this
resource created and that has no objects of other owners. Otherwise it removes the labels, keeps the namespace
and reports that.

Inputs: `clusterName`, `incarnation` (identifies the cluster), `kubeconfig` (secret; text or path; default:
the default kubeconfig) and `context` (both ignored in diffs), `namespace`, `labels`, `quarantined` (no I/O).
Outputs: the inputs and `created`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from hybrid_mesh.plugins.framework.api_server import MANAGER, ApiServer
from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.declared import DeclaredHandler
from hybrid_mesh.plugins.framework.engine import Severity
from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.handler import (
    CreateCall,
    Created,
    DeleteCall,
    ReadCall,
    ReadState,
    UpdateCall,
)
from hybrid_mesh.plugins.framework.values import Properties
from hybrid_mesh.plugins.hybridmesh.namespace_contents import objects_of_others

_ANSWER_SECONDS: Final = 15.0
_GONE_SECONDS: Final = 300.0
_ASK_SECONDS: Final = 0.5
_NAMED: Final = 5
"""Maximum number of other owners' objects in a message."""
_PROGRAMS: Final = "pulumi-kubernetes"
"""Prefix of the field managers of Pulumi's Kubernetes plug-in."""


class SharedNamespaceHandler(DeclaredHandler):
    inputs = frozenset(
        {"clusterName", "incarnation", "kubeconfig", "context", "namespace", "labels", "quarantined"}
    )
    optional = frozenset({"kubeconfig", "context"})
    defaults: ClassVar[Mapping[str, Any]] = {"labels": {}, "quarantined": False}
    computed = ("created",)
    identifying = frozenset({"clusterName", "incarnation", "namespace"})
    not_compared = frozenset({"kubeconfig", "context"})
    secret_outputs = frozenset({"kubeconfig"})
    no_import = "a shared namespace cannot be imported; one that exists is used when it is declared"

    def create(self, call: CreateCall) -> Created:
        if call.preview:
            return Created("", self.previewed(call.inputs))
        identity = f"{call.inputs['clusterName']}/{call.inputs['namespace']}"
        if call.inputs["quarantined"]:
            return Created(identity, {**call.inputs, "created": False})
        space = _Space(call.inputs, call.timeout, call.context)
        live = space.settled()
        if live is not None:
            _refuse_former(live, call.inputs["labels"], call.context)
        space.apply(live)
        return Created(identity, {**call.inputs, "created": live is None})

    def read(self, call: ReadCall) -> ReadState | None:
        """Reports labels that others have changed or removed as drift."""
        self.refuse_import(call.inputs)
        if call.inputs["quarantined"]:
            return ReadState(call.identity, call.inputs, call.outputs)
        live = _Space(call.inputs, 0, call.context).find()
        if live is None:
            return None
        there = live["metadata"].get("labels") or {}
        labels = {key: there[key] for key in call.inputs["labels"] if key in there}
        return ReadState(
            call.identity, {**call.inputs, "labels": labels}, {**call.outputs, "labels": labels}, ready=True
        )

    def update(self, call: UpdateCall) -> Properties:
        created = call.old_outputs["created"]
        if not (call.preview or call.news["quarantined"]):
            space = _Space(call.news, call.timeout, call.context)
            live = space.settled()
            space.apply(live)
            created = created or live is None
        return {**call.news, "created": created}

    def delete(self, call: DeleteCall) -> None:
        known = {**call.outputs, **call.inputs}
        if known["quarantined"]:
            return
        space = _Space(known, call.timeout, call.context)
        live = space.find()
        if live is None:
            return
        kept = space.objects_of_others() if known["created"] else []
        if known["created"] and not kept:
            space.delete(live)
            return
        space.release()
        if kept:
            more = f" and {len(kept) - _NAMED} more" if len(kept) > _NAMED else ""
            reason = f"it has objects that this stack did not create: {', '.join(kept[:_NAMED])}{more}"
        else:
            reason = "it existed before this stack"
        severity = Severity.WARNING if kept else Severity.INFO
        call.context.log(
            severity, f"namespace {space.name} of cluster {known['clusterName']} is kept: {reason}"
        )


class _Space:
    """Reads and changes one namespace."""

    def __init__(self, inputs: Properties, timeout: float, context: CallContext) -> None:
        self.name = inputs["namespace"]
        self._labels = inputs["labels"]
        self._timeout, self._context = timeout or _GONE_SECONDS, context
        self._server = ApiServer(inputs.get("kubeconfig"), inputs.get("context"))
        self._path = f"/api/v1/namespaces/{self.name}"

    def find(self) -> Any | None:
        return self._server.find(self._path, _ANSWER_SECONDS)

    def settled(self) -> Any | None:
        """The namespace, after waiting for a deletion in progress."""
        live = self.find()
        if live is not None and live["metadata"].get("deletionTimestamp"):
            self._wait_until_gone(live)
            return self.find()
        return live

    def apply(self, live: Any | None) -> None:
        """Creates it, or adds the labels to the existing one."""
        there = {} if live is None else live["metadata"].get("labels") or {}
        for key, value in self._labels.items():
            if there.get(key, value) != value:
                text = f"namespace {self.name}: changing label {key} from {there[key]} to {value}"
                self._context.log(Severity.WARNING, text)
        self._server.apply(self._path, self._manifest({"labels": self._labels}), _ANSWER_SECONDS)

    def release(self) -> None:
        """Removes the labels that no other manager has set."""
        self._server.apply(self._path, self._manifest({}), _ANSWER_SECONDS)

    def objects_of_others(self) -> list[str]:
        return objects_of_others(self._server, self.name)

    def delete(self, live: Any) -> None:
        """Deletes it, if it is still the same one, and waits for its deletion."""
        body = {"preconditions": {"uid": live["metadata"]["uid"]}}
        self._server.request("DELETE", self._path, _ANSWER_SECONDS, body=body)
        self._wait_until_gone(live)

    def _wait_until_gone(self, live: Any) -> None:
        uid = live["metadata"]["uid"]
        condition = f"namespace {self.name} is gone"
        self._context.wait_for(
            lambda: (self.find() or {"metadata": {"uid": ""}})["metadata"]["uid"] != uid,
            condition=condition,
            timeout=self._timeout,
            interval=_ASK_SECONDS,
        )

    def _manifest(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name, **metadata}}


def _refuse_former(live: Any, labels: Mapping[str, str], context: CallContext) -> None:
    """Earlier versions declared such a namespace as a Kubernetes object, which the same `up` would now
    delete with everything in it. Raises ResourceError before that."""
    managers = {
        entry["manager"]
        for entry in live["metadata"].get("managedFields", ())
        for key in labels
        if f"f:{key}" in entry.get("fieldsV1", {}).get("f:metadata", {}).get("f:labels", {})
    }
    if any(name.startswith(_PROGRAMS) and name != MANAGER for name in managers):
        former = context.urn.replace("$hybridmesh:index:SharedNamespace::", "$kubernetes:core/v1:Namespace::")
        name = live["metadata"]["name"]
        removals = " ".join(f"{key}-" for key in sorted(labels))
        raise ResourceError(
            f"the labels of namespace {name} are managed by a Pulumi program as a Kubernetes object. If this "
            f"stack did so before, run `pulumi state delete '{former}'`. Run `kubectl label namespace {name} "
            f"{removals}`, then up again"
        )
