"""Meshes that break the rules of `model.checks.namespaces`."""

from typing import Any

from tests.model.rule_cases.case import EAST, Case

SELECTORS = "istio.values.meshConfig.discoverySelectors"


POD_SECURITY = "pod-security.kubernetes.io/enforce"
READINESS = "elbv2.k8s.aws/pod-readiness-gate-inject"


def _label(key: str, value: str, shown: str, remedy: str) -> Case:
    path = f"namespaces.demo.labels.{key}"
    return Case(
        "labels_of_namespaces_are_yours", {"namespaces.demo": {"labels": {key: value}}}, remedy, path, shown
    )


def _left_out(
    selectors: list[Any], value: str, at: str = SELECTORS, labels: dict[str, str] | None = None
) -> Case:
    more = {"namespaces.demo.labels": labels} if labels else {}
    return Case(
        "istiod_reads_every_namespace_of_the_mesh", {at: selectors, **more}, "namespaces.<name>", at, value
    )


def _invalid(value: Any, shown: str, remedy: str, path: str = SELECTORS) -> Case:
    return Case("discovery_selectors_are_valid", {SELECTORS: value}, remedy, path, shown)


NAMESPACES = [
    *(
        Case("configured_namespaces_are_not_reserved", {f"namespaces.{name}": {}}, "your own", value=name)
        for name in ("istio-system", "kube-system", "default")
    ),
    Case("injection_suits_the_demo", {"namespaces.demo.injection": "disabled"}, "set it to enabled"),
    Case("injection_suits_the_demo", {"namespaces.demo-outside.injection": "enabled"}, "set it to disabled"),
    *(
        Case(
            "pod_security_allows_the_pods_of_the_mesh",
            {f"namespaces.{name}": {"labels": {POD_SECURITY: level}}},
            wanted,
            f"namespaces.{name}.labels.{POD_SECURITY}",
            level,
        )
        for name, level, wanted in (
            ("demo", "baseline", "privileged"),
            ("demo-outside", "restricted", "baseline"),
            ("istio-ingress", "restricted", "baseline"),
        )
    ),
    _label("istio-injection", "disabled", "disabled", "Leave it out"),
    _label("istio.io/rev", "canary", "canary", "Leave it out"),
    _label("kubernetes.io/metadata.name", "x", "x", "Leave it out"),
    _label("a b", "x", "a b", "letters, digits"),
    _label("team", "a b", "a b", "letters, digits"),
    Case(
        "labels_of_namespaces_are_yours",
        {"namespaces.istio-ingress": {"labels": {READINESS: "disabled"}}},
        "Leave it out",
        f"namespaces.istio-ingress.labels.{READINESS}",
        "disabled",
        "prod",
    ),
    _invalid("x", "x", "Write a list"),
    _invalid({}, "{}", "Write a list"),
    _invalid([None], "null", "matchLabels", f"{SELECTORS}.0"),
    _invalid([{"matchLabels": {"a": 1}}], "{matchLabels: {a: 1}}", "matchLabels", f"{SELECTORS}.0"),
    _invalid(
        [{"matchExpressions": [{"key": "a", "operator": "In"}]}],
        "{matchExpressions: [{key: a, operator: In}]}",
        "matchLabels",
        f"{SELECTORS}.0",
    ),
    _left_out(
        [{"matchLabels": {"istio-injection": "enabled"}}], "[{matchLabels: {istio-injection: enabled}}]"
    ),
    _left_out(
        [{"matchExpressions": [{"key": "istio-injection", "operator": "Exists"}]}],
        "[{matchExpressions: [{key: ist…jection, operator: Exists}]}]",
        f"{EAST}.istio.values.meshConfig.discoverySelectors",
    ),
    _left_out(
        [{"matchLabels": {"mesh": "in"}}],
        "[{matchLabels: {mesh: in}}]",
        labels={"mesh": "out"},
    ),
    _left_out(
        [{"matchExpressions": [{"key": "topology.istio.io/network", "operator": "DoesNotExist"}]}],
        "[{matchExpressions: [{key: top…k, operator: DoesNotExist}]}]",
    ),
]
