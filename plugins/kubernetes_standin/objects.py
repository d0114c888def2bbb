"""Objects of any kind: namespaces, secrets, deployments, custom resources."""

from __future__ import annotations

from typing import Any, Final

from typing_extensions import override

from plugins.framework.calls import CallContext
from plugins.framework.differences import property_path
from plugins.framework.engine import Severity
from plugins.framework.errors import InitializationFailedError, ResourceError
from plugins.framework.handler import Checked, Created, Diff, ReadState, ResourceHandler
from plugins.framework.values import Properties, contains_unknown
from plugins.kubernetes_standin import normalise, previews, unreachable, validation
from plugins.kubernetes_standin.api import UnreachableError
from plugins.kubernetes_standin.cluster import Cluster, Place
from plugins.kubernetes_standin.discovery import NoSuchKindError
from plugins.kubernetes_standin.drift import live_inputs
from plugins.kubernetes_standin.kinds import Kind, immutable_fields, namespaced

_DELETION_POLICY: Final = "pulumi.com/deletionPropagationPolicy"


class ObjectHandler(ResourceHandler):
    """All objects of one kind, applied server-side under a field manager of the resource's own."""

    def __init__(self, kind: Kind, cluster: Cluster) -> None:
        self._kind = kind
        self._cluster = cluster

    @override
    def check(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        inputs = normalise.normalised(self._kind, olds, news, context)
        failures = []
        try:
            document = self._cluster.discovery.schema(self._kind)
            failures = validation.failures(document, self._kind, inputs) if document else []
        except UnreachableError:
            pass  # a preview goes on without the server's description; `up` will say that it is unreachable
        except ResourceError as failure:
            context.log(Severity.DEBUG, f"not validated: {failure}")
        return Checked(normalise.protected(self._kind, inputs), failures)

    @override
    def diff(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        context: CallContext,
    ) -> Diff:
        default = self._cluster.settings.namespace
        found = normalise.differences(self._kind, old_inputs, news, default)
        if not found:
            return Diff.none()
        paths = [property_path(path) for path in found]
        immutable = immutable_fields(self._kind, self._cluster.settings)
        replaces = sorted({path for path in paths if _is_below(path, immutable)})
        same_place = normalise.name_of(old_inputs) == normalise.name_of(news) and normalise.namespace_of(
            self._kind, old_inputs, default
        ) == normalise.namespace_of(self._kind, news, default)
        return Diff(
            changes=True,
            replaces=replaces,
            delete_before_replace=bool(replaces) and same_place and not normalise.autonamed(news),
            detailed={property_path(path): how for path, how in found.items()},
        )

    @override
    def create(self, inputs: Properties, *, preview: bool, timeout: float, context: CallContext) -> Created:
        manager = normalise.field_manager({}, inputs, context.urn)
        if preview:
            return Created("", self._preview({}, inputs, manager))
        served = self._cluster.served_eventually(self._kind, context)
        place = self._place(inputs, namespaced=served.namespaced)
        path = served.path(place.namespace, place.name)
        self._make_room(place, timeout, context)
        live = self._cluster.apply_eventually(
            path,
            self._manifest(inputs, place),
            manager=manager,
            force=self._cluster.forced(inputs),
            context=context,
        )
        return Created(
            place.identity, self._ready(place, live, inputs, manager, timeout=timeout, context=context)
        )

    @override
    def read(
        self, identity: str, inputs: Properties, outputs: Properties, context: CallContext
    ) -> ReadState | None:
        try:
            place = self._place_of(identity)
            live = self._cluster.find(place)
        except UnreachableError as failure:
            known = ReadState(identity, inputs, outputs)
            return unreachable.read(self._cluster.settings, failure, known, context)
        if live is None:
            return None
        manager = normalise.field_manager(outputs, inputs, context.urn)
        now = live_inputs(inputs, live) if inputs else normalise.imported_inputs(live)
        return ReadState(
            identity,
            normalise.protected(self._kind, now),
            normalise.protected(self._kind, normalise.outputs_of(live, manager)),
        )

    @override
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
        manager = normalise.field_manager(old_outputs, news, context.urn)
        try:
            if preview:
                return self._preview(old_outputs, news, manager)
            served = self._cluster.discovery.served(self._kind)
            place = self._place_of(identity)
            self._cluster.take_over(place, manager)
            live = self._cluster.apply_eventually(
                served.path(place.namespace, place.name),
                self._manifest(news, place),
                manager=manager,
                force=self._cluster.forced(news),
                context=context,
            )
        except UnreachableError as failure:
            unreachable.skip_update(self._cluster.settings, failure, identity, context)
            return normalise.protected(self._kind, old_outputs)
        return self._ready(place, live, news, manager, timeout=timeout, context=context)

    @override
    def delete(
        self, identity: str, outputs: Properties, inputs: Properties, *, timeout: float, context: CallContext
    ) -> None:
        try:
            policy = normalise.annotation(inputs, _DELETION_POLICY).capitalize()
            self._cluster.delete(self._place_of(identity), policy, timeout, context)
        except UnreachableError as failure:
            unreachable.forget(self._cluster.settings, failure, identity, context)
        if self._kind.name == "CustomResourceDefinition":
            self._forget_schemas(outputs)

    def _ready(
        self,
        place: Place,
        live: Any,
        inputs: Properties,
        manager: str,
        *,
        timeout: float,
        context: CallContext,
    ) -> Properties:
        try:
            ready = self._cluster.wait_until_ready(place, live, inputs, timeout, context)
        except ResourceError as failure:
            last = self._last(place) or live
            outputs = normalise.protected(self._kind, normalise.outputs_of(last, manager))
            raise InitializationFailedError(place.identity, outputs, [str(failure)]) from None
        outputs = normalise.outputs_of(ready, manager)
        if self._kind.name == "CustomResourceDefinition":
            self._forget_schemas(outputs)
        return normalise.protected(self._kind, outputs)

    def _last(self, place: Place) -> Any | None:
        try:
            return self._cluster.find(place)
        except ResourceError:
            return None

    def _preview(self, old_outputs: Properties, inputs: Properties, manager: str) -> Properties:
        outputs = None
        if not contains_unknown(inputs):
            place = self._place(inputs, namespaced=None)
            outputs = previews.dry_run(self._cluster, place, inputs, manager, creating=not old_outputs)
        if outputs is None:
            outputs = normalise.manifest(inputs)
        unknown = previews.with_unknowns(self._kind, outputs, old_outputs, self._cluster.settings.namespace)
        return normalise.protected(self._kind, unknown)

    def _make_room(self, place: Place, timeout: float, context: CallContext) -> None:
        """Waits for an object of that place that is being deleted; refuses one that is there to stay."""
        live = self._cluster.find(place)
        if live is None:
            return
        if live["metadata"].get("deletionTimestamp"):
            self._cluster.wait_until_gone(place, live["metadata"]["uid"], timeout, context)
        elif not self._cluster.settings.upsert_existing_objects:
            raise ResourceError(
                f"{place.kind.name} {place.identity} already exists and is not managed by this stack; "
                "import it, or set the provider's upsertExistingObjects"
            )

    def _place(self, inputs: Properties, *, namespaced: bool | None) -> Place:
        namespace = normalise.namespace_of(self._kind, inputs, self._cluster.settings.namespace)
        if namespaced is None:
            namespaced = self._is_namespaced()
        return Place(self._kind, namespace if namespaced else "", normalise.name_of(inputs))

    def _is_namespaced(self) -> bool:
        known = namespaced(self._kind)
        if known is not None:
            return known
        try:
            return self._cluster.discovery.served(self._kind).namespaced
        except (NoSuchKindError, UnreachableError):
            return True

    def _place_of(self, identity: str) -> Place:
        namespace, _, name = identity.rpartition("/")
        if not namespace and self._is_namespaced():
            namespace = self._cluster.settings.namespace
        return Place(self._kind, namespace, name)

    def _manifest(self, inputs: Properties, place: Place) -> Properties:
        sent = normalise.manifest(inputs)
        if place.namespace:
            sent["metadata"] = {**sent.get("metadata", {}), "namespace": place.namespace}
        return sent

    def _forget_schemas(self, outputs: Properties) -> None:
        spec = outputs.get("spec", {})
        for version in spec.get("versions", []):
            self._cluster.discovery.forget_schema(f"{spec.get('group')}/{version.get('name')}")


def _is_below(path: str, fields: tuple[str, ...]) -> bool:
    return any(
        path == field or path.startswith((f"{field}.", f"{field}[")) or field.startswith(f"{path}.")
        for field in fields
    )
