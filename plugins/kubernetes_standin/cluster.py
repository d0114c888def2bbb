"""One cluster, as handlers use it: apply, get, await, delete."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from plugins.framework.calls import CallContext
from plugins.framework.engine import Severity
from plugins.framework.errors import ResourceError, WaitTimeoutError
from plugins.framework.values import Properties
from plugins.kubernetes_standin.api import APPLY, JSON_PATCH, Api, Reply, StatusError
from plugins.kubernetes_standin.awaiting import POLL_SECONDS, Awaited, condition_of, limit_of
from plugins.kubernetes_standin.discovery import Discovery, NoSuchKindError, Served
from plugins.kubernetes_standin.kinds import Kind, deletion_policy
from plugins.kubernetes_standin.normalise import annotation
from plugins.kubernetes_standin.ownership import taken_over
from plugins.kubernetes_standin.readiness import DEFAULT_TIMEOUT
from plugins.kubernetes_standin.settings import Settings

_KIND_SECONDS: Final = 120.0
_NAMESPACE_SECONDS: Final = 20.0
_WEBHOOK_SECONDS: Final = 30.0


class ConflictError(ResourceError):
    """Other field managers hold fields that the program sets to something else."""

    def __init__(self, what: str, failure: StatusError) -> None:
        fields = [
            f"{cause.get('field')} ({cause.get('message')})" for cause in failure.details.get("causes", [])
        ]
        super().__init__(
            f"server-side apply conflict on {what}: {'; '.join(fields) or failure}. Take the fields out of "
            "the program, or take them over: by the provider's enablePatchForce, or by the annotation "
            'pulumi.com/patchForce: "true"'
        )


@dataclass(frozen=True)
class Place:
    """Where an object is."""

    kind: Kind
    namespace: str
    name: str

    @property
    def identity(self) -> str:
        """The Pulumi id: `namespace/name`, or `name` for cluster-scoped kinds."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Cluster:
    """A cluster, connected to when first needed."""

    def __init__(self, settings: Settings, api: Api) -> None:
        self.settings = settings
        self.api = api
        self.discovery = Discovery(api)

    def forced(self, inputs: Properties) -> bool:
        """Whether the program takes over fields of other managers."""
        return annotation(inputs, "pulumi.com/patchForce") == "true" or self.settings.patch_force

    def take_over(self, place: Place, manager: str) -> None:
        """Makes `manager` the owner of what kubectl set in the object, if there is one."""
        live = self.find(place)
        entries = taken_over(live["metadata"].get("managedFields", []), manager) if live else None
        if entries is not None:
            path = self.discovery.served(place.kind).path(place.namespace, place.name)
            replacement = {"op": "replace", "path": "/metadata/managedFields", "value": entries}
            self.api.request("PATCH", path, body=[replacement], content_type=JSON_PATCH)

    def find(self, place: Place) -> Any | None:
        """The live object, None when it, its namespace or its kind is gone."""
        try:
            served = self.discovery.served(place.kind)
        except NoSuchKindError:
            return None
        return self.api.find(served.path(place.namespace, place.name))

    def served_eventually(self, kind: Kind, context: CallContext) -> Served:
        """How the kind is served, waiting for its CustomResourceDefinition. Raises NoSuchKindError in
        the end.
        """
        problem: list[NoSuchKindError] = []

        def ask() -> Served | None:
            try:
                return self.discovery.served(kind)
            except NoSuchKindError as failure:
                problem.append(failure)
                context.status(f"{failure}; waiting for its CustomResourceDefinition")
                return None

        try:
            return context.wait_for(ask, what=f"{kind.name} is served", timeout=_KIND_SECONDS, interval=0.5)
        except WaitTimeoutError:
            raise problem[-1] from None

    def apply(
        self, path: str, manifest: Properties, *, manager: str, force: bool, dry_run: bool = False
    ) -> Reply:
        """Server-side apply. Raises ConflictError, StatusError."""
        query = {"fieldManager": manager, "fieldValidation": "Strict"}
        if force:
            query["force"] = "true"
        if dry_run:
            query["dryRun"] = "All"
        try:
            return self.api.request("PATCH", path, query=query, body=manifest, content_type=APPLY)
        except StatusError as failure:
            if failure.code == 409 and any(
                cause.get("reason") == "FieldManagerConflict" for cause in failure.details.get("causes", [])
            ):
                what = f"{manifest.get('kind')} {path.rpartition('/')[2]}"
                raise ConflictError(what, failure) from None
            raise

    def apply_eventually(
        self, path: str, manifest: Properties, *, manager: str, force: bool, context: CallContext
    ) -> Any:
        """Applies; a namespace that is being made and a webhook that is starting are waited for."""
        began = time.monotonic()
        while True:
            try:
                reply = self.apply(path, manifest, manager=manager, force=force)
            except StatusError as failure:
                patience = _patience(failure)
                if time.monotonic() - began >= patience:
                    raise
                context.status(f"{failure}; trying again")
                context.pause(0.5)
                continue
            for warning in reply.warnings:
                context.log(Severity.WARNING, warning)
            return reply.body

    def wait_until_ready(
        self, place: Place, live: Any, inputs: Properties, timeout: float, context: CallContext
    ) -> Any:
        """The object once it is ready. Raises ResourceError with the cause when it does not get there.

        `timeout` in seconds, 0 for the annotation's or the kind's own.
        """
        condition = condition_of(place.kind, inputs)
        if condition is None:
            return live
        path = self.discovery.served(place.kind).path(place.namespace, place.name)
        awaited = Awaited(self.api, path, f"{place.kind.name} {place.identity}", live, condition, context)
        return awaited.wait(limit_of(place.kind, inputs, timeout))

    def wait_until_gone(self, place: Place, uid: str, timeout: float, context: CallContext) -> None:
        """Waits until the object with that uid is gone; says meanwhile what holds it."""
        path = self.discovery.served(place.kind).path(place.namespace, place.name)

        def gone() -> bool:
            now = self.api.find(path)
            if now is None or now["metadata"]["uid"] != uid:
                return True
            context.status(_what_holds(now))
            return False

        context.wait_for(
            gone,
            what=f"{place.kind.name} {place.identity} is gone",
            timeout=timeout or DEFAULT_TIMEOUT,
            interval=POLL_SECONDS,
        )

    def delete(self, place: Place, policy: str, timeout: float, context: CallContext) -> None:
        """Deletes and waits until the object is gone."""
        live = self.find(place)
        if live is None:
            return
        uid = live["metadata"]["uid"]
        path = self.discovery.served(place.kind).path(place.namespace, place.name)
        body = {"propagationPolicy": policy or deletion_policy(place.kind), "preconditions": {"uid": uid}}
        try:
            self.api.request("DELETE", path, body=body)
        except StatusError as failure:
            if failure.code not in {404, 409}:
                raise

        self.wait_until_gone(place, uid, timeout, context)


def _patience(failure: StatusError) -> float:
    """Seconds for which a refusal may be a matter of order."""
    if failure.code == 404 and failure.details.get("kind") == "namespaces":
        return _NAMESPACE_SECONDS
    if failure.code == 500 and "failed calling webhook" in str(failure):
        return _WEBHOOK_SECONDS
    return 0.0


def _what_holds(live: Mapping[str, Any]) -> str:
    finalizers = live["metadata"].get("finalizers") or live.get("spec", {}).get("finalizers") or []
    conditions = live.get("status", {}).get("conditions") or []
    remaining = [one["message"] for one in conditions if one.get("type") == "NamespaceContentRemaining"]
    held = f", held by {', '.join(map(str, finalizers))}" if finalizers else ""
    return f"being deleted{held}" + (f": {remaining[0]}" if remaining else "")
