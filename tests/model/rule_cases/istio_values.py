"""Meshes that break the rules of `model.checks.istio_values`."""

from typing import Any

from tests.model.rule_cases.case import Case


def _owned(path: str, value: Any, shown: str) -> Case:
    """`value` at a place that is the plan's."""
    return _at(path, value, shown, "istio_values_do_not_replace_the_plans", "Leave it out")


def _scalar(path: str, value: Any, shown: str) -> Case:
    """`value` in the place of one of the plan's mappings."""
    return _at(path, value, shown, "istio_values_keep_mappings", "Write a mapping")


def _at(path: str, value: Any, shown: str, rule: str, remedy: str) -> Case:
    return Case(rule, {f"istio.values.{path}": value}, remedy, value=shown)


def _metadata(name: str, value: Any, shown: str, remedy: str) -> Case:
    path = "meshConfig.defaultConfig.proxyMetadata"
    return Case(
        "proxy_metadata_is_an_environment",
        {f"istio.values.{path}": {name: value}},
        remedy,
        path=f"istio.values.{path}.{name}",
        value=shown,
    )


ISTIO_VALUES = [
    _owned("meshConfig.trustDomain", "other", "other"),
    _owned("global.meshID", None, "null"),
    _owned("revision", "canary", "canary"),
    _owned("global.istioNamespace", "x", "x"),
    _owned("global.proxy.clusterDomain", "k8s.lab", "k8s.lab"),
    _owned("meshConfig.defaultConfig.statusPort", 15999, "15999"),
    _owned("meshConfig.rootNamespace", "policies", "policies"),
    _owned("env.ENABLE_GATEWAY_API_MANUAL_DEPLOYMENT", "false", '"false"'),
    _owned("env.PILOT_ENABLE_GATEWAY_API_STATUS", "false", '"false"'),
    _scalar("global", None, "null"),
    _scalar("meshConfig", "x", "x"),
    _scalar("env", None, "null"),
    _scalar("meshConfig.defaultConfig.proxyMetadata", [], "[]"),
    _metadata("A-B", "x", "A-B", "letters"),
    _metadata("FOO", 1, "1", "in quotes"),
    _metadata("FOO", "a\nb", "a\nb", "one line"),
]
