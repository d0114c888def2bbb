"""Rules on what proxies report: access logs, traces and metrics."""

import re
from collections.abc import Iterable

from hybrid_mesh.model.checks.registry import rule
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.telemetry import TagConfig
from hybrid_mesh.model.reading.problems import Problem, Problems

SECRET_HEADERS = frozenset(
    {"authorization", "cookie", "proxy-authorization", "set-cookie", "x-forwarded-client-cert"}
)
"""Headers with credentials, which spans and log entries would show to everyone who reads them."""

_REQUEST_HEADER = re.compile(r"%(?:REQ|RESP|TRAILER)[A-Z_]*\(([^)]*)\)", re.IGNORECASE)

_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_BRACKETS = re.compile(r"\([^()\[\]{}]*\)|\[[^()\[\]{}]*\]|\{[^()\[\]{}]*\}")

_SET_BY_PROXIES = frozenset(
    {
        "component",
        "downstream_cluster",
        "error",
        "guid:x-request-id",
        "host.name",
        "http.method",
        "http.protocol",
        "http.status_code",
        "http.url",
        "node_id",
        "peer.address",
        "request_size",
        "response_flags",
        "response_size",
        "upstream_address",
        "upstream_cluster",
        "upstream_cluster.name",
        "user_agent",
        "zone",
    }
)
"""Tags that Envoy sets in every span (source/common/tracing/common_values.h), and `host.name`."""


@rule
def telemetry_reports_something(mesh: MeshConfig) -> Problems:
    """`telemetry` requires at least one of `accessLogs`, `traces` and `metrics`."""
    given = mesh.telemetry
    if given is not None and (given.access_logs, given.traces, given.metrics) == (None, None, None):
        yield Problem("telemetry", "", "nothing is reported", "Set accessLogs, traces or metrics.")


@rule
def telemetry_lists_each_cluster_once(mesh: MeshConfig) -> Problems:
    """`clusters` must list each cluster once."""
    names = mesh.telemetry.clusters if mesh.telemetry is not None else ()
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem(
                f"telemetry.clusters.{index}", name, "this cluster is listed twice", "List it once."
            )


@rule
def telemetry_needs_our_istio(mesh: MeshConfig) -> Problems:
    """`telemetry` does not apply to clusters with `istio.ownership: existing`, whose mesh configuration the
    program never changes: `clusters` must list the others."""
    if mesh.telemetry is None:
        return
    foreign = {name for name, each in mesh.clusters.items() if each.istio.ownership == "existing"}
    others = sorted(mesh.clusters.keys() - foreign)
    remedy = f"List the others in `telemetry.clusters`: [{', '.join(others)}]." if others else "Leave it out."
    reason = "is installed by others, and its mesh configuration with the extension providers is theirs"
    for index, name in enumerate(mesh.telemetry.clusters):
        if name in foreign:
            message = f"the Istio of this cluster {reason}"
            yield Problem(f"telemetry.clusters.{index}", name, message, remedy)
    if foreign and not mesh.telemetry.clusters:
        yield Problem("telemetry", "", f"the Istio of cluster {min(foreign)} {reason}", remedy)


@rule
def access_logs_go_somewhere(mesh: MeshConfig) -> Problems:
    """`accessLogs` requires `stdout`, `otlp` or both."""
    logs = mesh.telemetry.access_logs if mesh.telemetry is not None else None
    if logs is not None and logs.stdout is None and logs.otlp is None:
        yield Problem(
            "telemetry.accessLogs", "", "the logs go nowhere", "Set `stdout: json`, `otlp`, or both."
        )


@rule
def log_fields_have_a_place(mesh: MeshConfig) -> Problems:
    """`accessLogs.fields` requires `stdout: json` or `otlp`."""
    logs = mesh.telemetry.access_logs if mesh.telemetry is not None else None
    if logs is not None and logs.fields and logs.stdout == "text" and logs.otlp is None:
        yield Problem(
            "telemetry.accessLogs.fields",
            ", ".join(logs.fields),
            "entries in text have no fields",
            "Set `stdout: json`, or leave it out.",
        )


@rule
def reports_have_no_credentials(mesh: MeshConfig) -> Problems:
    """`fields` and `tags` must not hold headers with credentials: `authorization`, `cookie`,
    `proxy-authorization`, `set-cookie` and `x-forwarded-client-cert`."""
    if mesh.telemetry is None:
        return
    texts: dict[str, tuple[str, list[str]]] = {}
    if (logs := mesh.telemetry.access_logs) is not None:
        for name, text in logs.fields.items():
            texts[f"telemetry.accessLogs.fields.{name}"] = (text, _headers(text))
    if (traces := mesh.telemetry.traces) is not None:
        for name, tag in traces.tags.items():
            path = f"telemetry.traces.tags.{name}"
            if tag.header is not None:
                texts[f"{path}.header"] = (tag.header, [tag.header])
            if tag.operator is not None:
                texts[f"{path}.operator"] = (tag.operator, _headers(tag.operator))
    for path, (text, headers) in texts.items():
        if any(header.lower() in SECRET_HEADERS for header in headers):
            yield Problem(path, text, "everyone who reads the reports would see credentials", "Leave it out.")


@rule
def expressions_are_whole(mesh: MeshConfig) -> Problems:
    """`filter` and the values of `metrics.tags` must be expressions of CEL: not blank, with a closing bracket
    and quote for each opening one. `up` refuses what else istiod's webhook finds in `filter`."""
    if mesh.telemetry is None:
        return
    texts: dict[str, str] = {}
    if mesh.telemetry.access_logs is not None and mesh.telemetry.access_logs.filter is not None:
        texts["telemetry.accessLogs.filter"] = mesh.telemetry.access_logs.filter
    if mesh.telemetry.metrics is not None:
        for name, text in mesh.telemetry.metrics.tags.items():
            if text is not None:
                texts[f"telemetry.metrics.tags.{name}"] = text
    for path, text in texts.items():
        if not text.strip() or not _is_balanced(text):
            remedy = "Write it like response.code >= 400, with each bracket and quote closed."
            yield Problem(path, text, "not a whole expression", remedy)


def _is_balanced(text: str) -> bool:
    bare = _QUOTED.sub("", text)
    while (shorter := _BRACKETS.sub("", bare)) != bare:
        bare = shorter
    return not set(bare) & set("()[]{}'\"")


@rule
def tags_have_one_value(mesh: MeshConfig) -> Problems:
    """A tag of `traces.tags` must have exactly one of `literal`, `header`, `environment` and `operator`, and
    `default` only with `header` or `environment`."""
    for name, tag in _tags(mesh):
        path = f"telemetry.traces.tags.{name}"
        given = [
            key for key in ("literal", "header", "environment", "operator") if getattr(tag, key) is not None
        ]
        if len(given) != 1:
            found = ", ".join(given)
            yield Problem(
                path, found, "a tag has one value", "Set one of literal, header, environment and operator."
            )
        elif tag.default is not None and given[0] not in ("header", "environment"):
            message = f"a tag with {given[0]} always has a value"
            yield Problem(f"{path}.default", tag.default, message, "Leave it out.")


@rule
def tags_are_yours(mesh: MeshConfig) -> Problems:
    """`traces.tags` must not replace tags that the proxies set: those that begin with `istio.`, those of
    Envoy such as `node_id` and `http.url`, and `host.name`."""
    for name, _ in _tags(mesh):
        if name in _SET_BY_PROXIES or name.startswith("istio."):
            yield Problem(
                f"telemetry.traces.tags.{name}", name, "the proxies set this tag", "Choose another name."
            )


@rule
def metrics_need_istios_proxies(mesh: MeshConfig) -> Problems:
    """`metrics` is not allowed with `istio.proxy: envoy`: upstream Envoy does not have Istio's metrics, only
    its own."""
    if mesh.telemetry is not None and mesh.telemetry.metrics is not None and mesh.istio.proxy == "envoy":
        yield Problem(
            "telemetry.metrics",
            "",
            "upstream Envoy (istio.proxy) does not have Istio's metrics",
            "Leave it out: Envoy's own metrics stay, and access logs can be counted.",
        )


@rule
def metrics_that_are_off_have_no_settings(mesh: MeshConfig) -> Problems:
    """`metrics.tags` and `metrics.disabled` require `metrics.enabled`; `disabled` lists each metric once."""
    metrics = mesh.telemetry.metrics if mesh.telemetry is not None else None
    if metrics is None:
        return
    for key, value in (("tags", metrics.tags), ("disabled", metrics.disabled)):
        if value and not metrics.enabled:
            yield Problem(
                f"telemetry.metrics.{key}",
                ", ".join(value),
                "the metrics are off",
                "Leave it out, or enable them.",
            )
    for index, name in enumerate(metrics.disabled):
        if name in metrics.disabled[:index]:
            path = f"telemetry.metrics.disabled.{index}"
            yield Problem(path, name, "this metric is listed twice", "List it once.")


def _tags(mesh: MeshConfig) -> Iterable[tuple[str, TagConfig]]:
    traces = mesh.telemetry.traces if mesh.telemetry is not None else None
    return traces.tags.items() if traces is not None else ()


def _headers(text: str) -> list[str]:
    """Names of the headers in command operators, alternatives included: `%REQ(X-USER?:AUTHORITY):10%`."""
    return [name.strip("?:") for found in _REQUEST_HEADER.findall(text) for name in found.split("?")]
