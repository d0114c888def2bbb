"""`hybridmesh:index:SharedObject`: an object that a cluster may have already.

An existing one is taken over by server-side apply, and kept by a destroy. One that this resource created is
deleted.

Inputs: `clusterName`, `incarnation` (identifies the cluster), `kubeconfig` (secret; text or path; default:
the default kubeconfig) and `context` (both ignored in diffs), `apiVersion`, `kind`, `namespace`, `name`,
`manifest` (what is applied), `quarantined` (no I/O). Outputs: the inputs and `created`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from hybrid_mesh.plugins.framework.api_server import MANAGER, ApiServer
from hybrid_mesh.plugins.framework.declared import DeclaredHandler
from hybrid_mesh.plugins.framework.engine import Severity
from hybrid_mesh.plugins.framework.errors import CheckFailure, ResourceError
from hybrid_mesh.plugins.framework.handler import (
    CheckCall,
    Checked,
    CreateCall,
    Created,
    DeleteCall,
    ReadCall,
    ReadState,
    UpdateCall,
)
from hybrid_mesh.plugins.framework.values import Properties, contains_unknown

_ANSWER_SECONDS: Final = 15.0
_GONE_SECONDS: Final = 120.0
_ASK_SECONDS: Final = 0.5
_PROGRAMS: Final = "pulumi-kubernetes"
"""Prefix of the field managers of Pulumi's Kubernetes plug-in."""


class SharedObjectHandler(DeclaredHandler):
    inputs = frozenset(
        {
            "clusterName",
            "incarnation",
            "kubeconfig",
            "context",
            "apiVersion",
            "kind",
            "namespace",
            "name",
            "manifest",
            "quarantined",
        }
    )
    optional = frozenset({"kubeconfig", "context"})
    defaults: ClassVar[Mapping[str, Any]] = {"quarantined": False}
    computed = ("created",)
    identifying = frozenset({"clusterName", "incarnation", "apiVersion", "kind", "namespace", "name"})
    not_compared = frozenset({"kubeconfig", "context"})
    secret_outputs = frozenset({"kubeconfig"})
    no_import = "a shared object cannot be imported; one that exists is used when it is declared"

    def check(self, call: CheckCall) -> Checked:
        """A Service keeps the labels in its selector that others have set. Server-side apply would add to
        them, and the Service select nothing."""
        checked = super().check(call)
        inputs = checked.inputs
        if checked.failures or contains_unknown(inputs) or inputs["quarantined"]:
            return checked
        if inputs["kind"] == "Service" and (live := _find(inputs)) is not None:
            selector = inputs["manifest"]["spec"].get("selector") or {}
            there = (live.get("spec") or {}).get("selector") or {}
            if others := sorted(set(there) - set(selector)):
                reason = (
                    f"{_title(inputs)} of cluster {inputs['clusterName']} selects {others[0]}="
                    f"{there[others[0]]} too, so it would not select the group's VMs. Set `service.selector` "
                    "to labels that the pods and the VMs have, or `service.name` to another name"
                )
                return Checked(inputs, [CheckFailure("manifest", reason)])
        return checked

    def create(self, call: CreateCall) -> Created:
        if call.preview:
            return Created("", self.previewed(call.inputs))
        inputs = call.inputs
        identity = f"{inputs['clusterName']}/{_title(inputs)}"
        if inputs["quarantined"]:
            return Created(identity, {**inputs, "created": False})
        live = _find(inputs)
        if live is not None:
            _refuse_own(live, inputs, call.context.urn)
        _apply(inputs)
        return Created(identity, {**inputs, "created": live is None})

    def read(self, call: ReadCall) -> ReadState | None:
        self.refuse_import(call.inputs)
        if not call.inputs["quarantined"] and _find(call.inputs) is None:
            return None
        return ReadState(call.identity, call.inputs, call.outputs, ready=True)

    def update(self, call: UpdateCall) -> Properties:
        created = call.old_outputs["created"]
        if not (call.preview or call.news["quarantined"]):
            created = created or _find(call.news) is None
            _apply(call.news)
        return {**call.news, "created": created}

    def delete(self, call: DeleteCall) -> None:
        known = {**call.outputs, **call.inputs}
        live = None if known["quarantined"] else _find(known)
        if live is None:
            return
        if not known["created"]:
            text = f"{_title(known)} of cluster {known['clusterName']} is kept: it existed before this stack"
            call.context.log(Severity.INFO, text)
            return
        uid = live["metadata"]["uid"]
        body = {"preconditions": {"uid": uid}}
        _server(known).request("DELETE", _path(known), _ANSWER_SECONDS, body=body)
        call.context.wait_for(
            lambda: (_find(known) or {"metadata": {"uid": ""}})["metadata"]["uid"] != uid,
            condition=f"{_title(known)} is gone",
            timeout=call.timeout or _GONE_SECONDS,
            interval=_ASK_SECONDS,
        )


def _server(inputs: Properties) -> ApiServer:
    return ApiServer(inputs.get("kubeconfig"), inputs.get("context"))


def _find(inputs: Properties) -> Any | None:
    return _server(inputs).find(_path(inputs), _ANSWER_SECONDS)


def _apply(inputs: Properties) -> None:
    _server(inputs).apply(_path(inputs), inputs["manifest"], _ANSWER_SECONDS)


def _path(inputs: Properties) -> str:
    api, kind = inputs["apiVersion"], inputs["kind"].lower()
    plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
    root = "/api" if "/" not in api else "/apis"
    return f"{root}/{api}/namespaces/{inputs['namespace']}/{plural}/{inputs['name']}"


def _title(inputs: Properties) -> str:
    return f"{inputs['kind']} {inputs['namespace']}/{inputs['name']}"


def _refuse_own(live: Any, inputs: Properties, urn: str) -> None:
    """If this stack declared the object as its own before, the same `up` would now delete it. Raises
    ResourceError before that."""
    managers = {entry["manager"] for entry in live["metadata"].get("managedFields", ())}
    if any(name.startswith(_PROGRAMS) and name != MANAGER for name in managers):
        api = f"core/{inputs['apiVersion']}" if "/" not in inputs["apiVersion"] else inputs["apiVersion"]
        former = urn.replace("$hybridmesh:index:SharedObject::", f"$kubernetes:{api}:{inputs['kind']}::")
        place = f"{inputs['name']} -n {inputs['namespace']}"
        raise ResourceError(
            f"{_title(inputs)} is managed by a Pulumi program. If this stack owned it before, run `pulumi "
            f"state delete '{former}'` and `kubectl patch {inputs['kind'].lower()} {place} --type merge -p "
            """'{"metadata":{"managedFields":[{}]}}'`, then up again"""
        )
