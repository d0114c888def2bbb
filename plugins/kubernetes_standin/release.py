"""`kubernetes:helm.sh/v3:Release`: one Helm release."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Any, Final

from typing_extensions import override

from plugins.framework.calls import CallContext
from plugins.framework.differences import compare, property_path
from plugins.framework.engine import Severity
from plugins.framework.errors import CheckFailure, InitializationFailedError, ResourceError
from plugins.framework.handler import Checked, Created, Diff, ReadState, ResourceHandler
from plugins.framework.values import UNKNOWN, Properties, contains_unknown
from plugins.kubernetes_standin import charts, unreachable
from plugins.kubernetes_standin.api import UnreachableError
from plugins.kubernetes_standin.causes import pod_causes
from plugins.kubernetes_standin.cluster import Cluster, Place
from plugins.kubernetes_standin.helm import FIELD_MANAGER, Helm
from plugins.kubernetes_standin.normalise import without_nulls

_DEFAULT_TIMEOUT: Final = 300
_SUFFIX_LENGTH: Final = 8
_UNSUPPORTED: Final = (
    "skipCrds",
    "postrender",
    "verify",
    "keyring",
    "devel",
    "dependencyUpdate",
    "disableWebhooks",
)
_COMPUTED: Final = ("status", "resourceNames", "manifest")


class ReleaseHandler(ResourceHandler):
    """Installs, upgrades and uninstalls; what the chart makes is Helm's."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster = cluster
        self._folder = folder
        self._helm = Helm(cluster.settings, folder)

    @override
    def check(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        inputs = {**news, "values": news.get("values", {})}
        inputs.setdefault("namespace", self._cluster.settings.namespace)
        inputs.setdefault("name", olds.get("name") or _random_name(context))
        inputs.setdefault("timeout", _DEFAULT_TIMEOUT)
        problems = [
            CheckFailure(
                name, "the stand-in of the kubernetes plug-in cannot do this; the official plug-in can"
            )
            for name in _UNSUPPORTED
            if news.get(name)
        ]
        if _repository(news).keys() - {"repo"}:
            problems.append(CheckFailure("repositoryOpts", "the stand-in can only use repo, without a login"))
        chart = inputs.get("chart")
        if not chart:
            problems.append(CheckFailure("chart", "a release needs a chart"))
        elif isinstance(chart, str) and (path := charts.local_chart(chart, self._folder)):
            inputs["checksum"] = charts.checksum(path)
        elif isinstance(chart, str) and not chart.startswith("oci://") and not _repository(inputs):
            problems.append(
                CheckFailure(
                    "chart", f"there is no chart {chart} in {self._folder}; name repositoryOpts.repo?"
                )
            )
        return Checked(inputs, problems)

    @override
    def diff(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        context: CallContext,
    ) -> Diff:
        failed = _status(old_outputs) == "failed"
        found = compare(without_nulls(old_inputs), without_nulls(news), _COMPUTED)
        replaces = sorted({"name", "namespace"} & {str(path[0]) for path in found})
        return Diff(
            changes=bool(found) or failed,
            replaces=replaces,
            detailed={property_path(path): how for path, how in found.items()},
        )

    @override
    def create(self, inputs: Properties, *, preview: bool, timeout: float, context: CallContext) -> Created:
        if preview:
            return Created("", self._preview(inputs, context))
        namespace, name = inputs["namespace"], inputs["name"]
        adopts = self._cluster.settings.upsert_existing_objects
        action = self._recovered(inputs, context) if adopts else "install"
        return Created(f"{namespace}/{name}", self._perform(action, inputs, timeout, context))

    @override
    def read(
        self, identity: str, inputs: Properties, outputs: Properties, context: CallContext
    ) -> ReadState | None:
        namespace, _, name = identity.rpartition("/")
        try:
            self._cluster.api.get("/version")
            found = self._helm.find(namespace or self._cluster.settings.namespace, name)
        except UnreachableError as failure:
            known = ReadState(identity, inputs, outputs)
            return unreachable.read(self._cluster.settings, failure, known, context)
        if found is None:
            return None
        now = _live_inputs(inputs, found)
        return ReadState(identity, now, {**now, **_outputs(found, namespace)})

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
        if preview:
            status = old_outputs.get("status")
            kept = dict.fromkeys(("appVersion", "revision", "status", "version"), UNKNOWN)
            known = {"status": {**status, **kept}} if isinstance(status, dict) else {}
            return {**self._preview(news, context), **known}
        try:
            self._cluster.api.get("/version")
        except UnreachableError as failure:
            unreachable.skip_update(self._cluster.settings, failure, identity, context)
            return old_outputs
        action = self._recovered(news, context)
        if action == "upgrade":
            self._take_over(old_outputs.get("resourceNames") or {})
        return self._perform(action, news, timeout, context)

    @override
    def delete(
        self, identity: str, outputs: Properties, inputs: Properties, *, timeout: float, context: CallContext
    ) -> None:
        namespace, _, name = identity.rpartition("/")
        try:
            self._cluster.api.get("/version")
        except UnreachableError as failure:
            unreachable.forget(self._cluster.settings, failure, identity, context)
            return
        limit = int(timeout or inputs.get("timeout") or _DEFAULT_TIMEOUT)
        wait = "hookOnly" if inputs.get("skipAwait") else "watcher"
        arguments = {"name": name, "ignore_not_found": True, "timeout": limit, "wait": wait}
        self._helm.run("uninstall", namespace, arguments, context)

    def _recovered(self, inputs: Properties, context: CallContext) -> str:
        """What to do with the release: `install` or `upgrade`.

        An action that was killed leaves its release pending for ever, and Helm would refuse every other: it
        is rolled back, or uninstalled when it was the first.
        """
        namespace, name = inputs["namespace"], inputs["name"]
        found = self._helm.find(namespace, name)
        if found is None:
            return "install"
        if not _release_status(found).startswith("pending"):
            return "upgrade"
        first = _revision(found) <= 1
        how = "uninstalling" if first else "rolling back"
        context.log(Severity.WARNING, f"the last action on {name} was interrupted; {how}")
        self._helm.run("uninstall" if first else "rollback", namespace, {"name": name}, context)
        return "install" if first else "upgrade"

    def _take_over(self, names: dict[str, list[str]]) -> None:
        """Helm 4 refuses to set what kubectl has set since, as a conflict of server-side apply; Helm 3, which
        merges on its own side, overwrites it.
        """
        for kind, namespace, name in charts.places(names):
            self._cluster.take_over(Place(kind, namespace, name), FIELD_MANAGER)

    def _perform(self, action: str, inputs: Properties, timeout: float, context: CallContext) -> Properties:
        namespace = inputs["namespace"]
        try:
            found = self._helm.run(action, namespace, self._arguments(action, inputs, timeout), context)
        except ResourceError as failure:
            raise self._explained(failure, inputs) from None
        return {**inputs, **_outputs(found, namespace)}

    def _arguments(self, action: str, inputs: Properties, timeout: float) -> Properties:
        repository = _repository(inputs)
        path = charts.local_chart(inputs["chart"], self._folder)
        arguments: Properties = {
            "chart": str(path or inputs["chart"]),
            "name": inputs["name"],
            "values": charts.values(inputs, self._folder),
            "namespace": inputs["namespace"],
            "timeout": int(timeout or inputs["timeout"]),
            "wait": "hookOnly" if inputs.get("skipAwait") else "watcher",
            "rollback_on_failure": bool(inputs.get("atomic")),
            "description": inputs.get("description"),
            "chart_repo_url": None if path else repository.get("repo"),
            "chart_version": None if path else inputs.get("version"),
        }
        if action == "install":
            return {**arguments, "create_namespace": bool(inputs.get("createNamespace"))}
        return {
            **arguments,
            "cleanup_on_fail": bool(inputs.get("cleanupOnFail")),
            "reset_values": not inputs.get("reuseValues"),
            "reuse_values": bool(inputs.get("reuseValues")),
            "max_history": inputs.get("maxHistory"),
        }

    def _explained(self, failure: ResourceError, inputs: Properties) -> ResourceError:
        """A failed release that Helm recorded exists: the next `up` repairs it. The causes of its pods
        are told.
        """
        namespace, name = inputs["namespace"], inputs["name"]
        try:
            found = self._helm.find(namespace, name)
        except ResourceError:
            return failure
        if found is None:
            return failure
        outputs = _outputs(found, namespace)
        reasons = [f"Helm release {namespace}/{name}: {failure}", *self._causes(outputs["resourceNames"])]
        return InitializationFailedError(f"{namespace}/{name}", {**inputs, **outputs}, reasons)

    def _causes(self, names: dict[str, list[str]]) -> list[str]:
        causes: list[str] = []
        for kind, namespace, name in charts.workloads(names):
            live = self._cluster.find(Place(kind, namespace, name))
            if live is not None:
                causes += pod_causes(self._cluster.api, live)
        return causes

    def _preview(self, inputs: Properties, context: CallContext) -> Properties:
        names: Any = UNKNOWN
        path = None
        if isinstance(inputs.get("chart"), str):
            path = charts.local_chart(inputs["chart"], self._folder)
        if path is not None and not contains_unknown(inputs):
            arguments = {
                "chart": str(path),
                "values": charts.values(inputs, self._folder),
                "name": inputs["name"],
                "namespace": inputs["namespace"],
            }
            rendered = self._helm.render(arguments, context)
            names = charts.resource_names(rendered["manifest"], inputs["namespace"])
        return {**inputs, "resourceNames": names, "status": UNKNOWN}


def _random_name(context: CallContext) -> str:
    seed = context.random_seed or secrets.token_bytes(_SUFFIX_LENGTH)
    return f"{context.name}-{hashlib.sha256(seed).hexdigest()[:_SUFFIX_LENGTH]}"


def _repository(inputs: Properties) -> Properties:
    options = inputs.get("repositoryOpts")
    return options if isinstance(options, dict) else {}


def _release_status(found: Properties) -> str:
    return str(found["summary"].get("status", ""))


def _revision(found: Properties) -> int:
    summary = found["summary"]
    return int(summary.get("version", summary.get("revision", 0)))


def _status(outputs: Properties) -> str:
    status = outputs.get("status")
    return str(status.get("status", "")) if isinstance(status, dict) else ""


def _outputs(found: Properties, namespace: str) -> Properties:
    summary = found["summary"]
    return {
        "status": {
            "appVersion": summary.get("app_version", ""),
            "chart": summary.get("chart_name", summary.get("chart", "")),
            "name": summary["name"],
            "namespace": summary.get("namespace", namespace),
            "revision": _revision(found),
            "status": _release_status(found),
            "version": summary.get("chart_version", ""),
        },
        "resourceNames": charts.resource_names(summary.get("manifest", ""), namespace),
    }


def _live_inputs(inputs: Properties, found: Properties) -> Properties:
    """The inputs with the values and the chart version that the release has now."""
    summary = found["summary"]
    known = {**inputs, "values": found.get("config") or {}}
    if not inputs:
        known |= {"name": summary["name"], "namespace": summary.get("namespace", "")}
        known |= {"chart": summary.get("chart_name", ""), "version": summary.get("chart_version", "")}
    elif "version" in inputs and summary.get("chart_version"):
        known["version"] = summary["chart_version"]
    return known
