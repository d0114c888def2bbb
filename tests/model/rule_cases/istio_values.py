"""Meshes that break the rules of `model.checks.istio_values`."""

from typing import Any

from tests.model.meshes import DELETED
from tests.model.rule_cases.case import EAST, WEST, Case

OWNED, KEPT = "chart_values_do_not_replace_the_plans", "chart_values_keep_mappings"
REPLICAS, INSTALLED = "chart_values_have_replicas", "values_are_of_charts_that_are_installed"
ANNOTATIONS = "gateway_annotations_are_not_those_of_the_plan"
GATEWAY, CLOUD_GATEWAY = f"{EAST}.gateway", "clusters.eks-us.gateway"
NLB_TYPE = "service.beta.kubernetes.io/aws-load-balancer-type"


def _owned(path: str, value: Any, shown: str, at: str = "") -> Case:
    """`value` at a place that is the plan's, or, if it holds one, with that place's path."""
    case = _at(path, value, shown, "chart_values_do_not_replace_the_plans", "Leave it out")
    case.path = at or case.path
    return case


def _scalar(path: str, value: Any, shown: str) -> Case:
    """`value` in the place of one of the plan's mappings."""
    return _at(path, value, shown, "chart_values_keep_mappings", "Write a mapping")


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


TYPES = "chart_values_have_the_types_of_the_chart"
REMEDIES = {TYPES: "leave the key out", OWNED: "Leave it out", KEPT: "Write a mapping", REPLICAS: "1 or more"}


def _elsewhere(rule: str, place: str, value: Any, shown: str, stack: str = "local") -> Case:
    return Case(rule, {place: value}, REMEDIES[rule], value=shown, stack=stack)


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
    _owned("global.multiCluster.clusterName", None, "null"),
    _owned("profile", "remote", "remote"),
    _owned("istiodRemote.enabled", True, "{enabled: true}", "istio.values.istiodRemote"),
    _owned("meshConfig.enableAutoMtls", False, "false"),
    _owned("meshConfig.defaultConfig.proxyMetadata.ISTIO_META_NETWORK", "x", "x"),
    _owned("telemetry", {"enabled": True}, "{enabled: true}"),
    _owned("pilot.env.CLUSTER_ID", None, "null"),
    _owned("pilot.revision", "canary", "canary"),
    _scalar("pilot", None, "null"),
    _scalar("pilot.env", [], "[]"),
    _owned(
        "envVarFrom", [{"name": "CLUSTER_ID", "value": "x"}], "CLUSTER_ID", "istio.values.envVarFrom.0.name"
    ),
    _scalar("global.multiCluster", None, "null"),
    _scalar("meshConfig.tcpKeepalive", [], "[]"),
    _scalar("global.proxy.resources", None, "null"),
    _elsewhere(OWNED, f"{EAST}.istio.values.global.network", "x", "x"),
    _elsewhere(OWNED, f"{EAST}.istio.values.revision", None, "null"),
    _elsewhere(KEPT, f"{EAST}.istio.values.meshConfig", None, "null"),
    _elsewhere(OWNED, f"{GATEWAY}.values.service.ports", [], "[]"),
    _elsewhere(OWNED, f"{GATEWAY}.values.name", None, "null"),
    _elsewhere(OWNED, f"{GATEWAY}.values.networkGateway", "x", "x"),
    _elsewhere(OWNED, f"{CLOUD_GATEWAY}.values.service.loadBalancerIP", "1.2.3.4", "1.2.3.4", "prod"),
    _elsewhere(KEPT, f"{GATEWAY}.values.labels", None, "null"),
    _elsewhere(KEPT, f"{GATEWAY}.values.service", "NodePort", "NodePort"),
    _elsewhere(KEPT, f"{GATEWAY}.values.env", [], "[]"),
    Case(
        OWNED,
        {f"{GATEWAY}.values": {"labels": {"topology.istio.io/network": "x"}}},
        "Leave it out",
        f"{GATEWAY}.values.labels.topology.istio.io/network",
        "x",
    ),
    _elsewhere(TYPES, "istio.values.tolerations", {}, "{}"),
    _elsewhere(TYPES, "istio.values.pilot.envVarFrom", "x", "x"),
    _elsewhere(TYPES, "istio.values.global.logging", None, "null"),
    _elsewhere(TYPES, f"{GATEWAY}.values.nodeSelector", [], "[]"),
    _elsewhere(TYPES, f"{GATEWAY}.values.serviceAccount", None, "null"),
    _elsewhere(REPLICAS, "istio.values.replicaCount", 0, "0"),
    _elsewhere(REPLICAS, f"{GATEWAY}.values.replicaCount", "2", '"2"'),
    _elsewhere(REPLICAS, f"{GATEWAY}.values.autoscaling.minReplicas", None, "null"),
    Case(
        INSTALLED,
        {
            "clusters.two.istio": {"ownership": "existing", "values": {"replicaCount": 2}},
            "clusters.two.certificates": "existing",
            "trust": {"issuer": "files"},
        },
        "Leave `values` out",
        "clusters.two.istio.values",
        "{replicaCount: 2}",
        "dev",
    ),
    Case(
        INSTALLED,
        {
            "clusters.two": {
                "type": "kubeconfig",
                "network": "kind-two",
                "istio": {"ownership": "existing"},
                "certificates": "existing",
                "gateway": {"ownership": "existing", "values": {"replicaCount": 2}},
            },
            "trust": {"issuer": "files"},
        },
        "set `ownership: own`",
        "clusters.two.gateway.values",
        "{replicaCount: 2}",
        stack="dev",
    ),
    Case(
        INSTALLED,
        {
            f"{EAST}.gateway": {"enabled": False, "annotations": {"a": "b"}},
            f"{WEST}.network": "amsterdam",
            "networks.boston": DELETED,
            "workloadGroups.legacy.cluster": "west",
        },
        "enable the gateway",
        f"{EAST}.gateway.annotations",
        "{a: b}",
    ),
    Case(
        ANNOTATIONS, {f"{GATEWAY}.annotations": {"a b": "c"}}, "Write it", f"{GATEWAY}.annotations.a b", "a b"
    ),
    Case(
        ANNOTATIONS,
        {f"{CLOUD_GATEWAY}.annotations": {NLB_TYPE: "nlb"}},
        "Leave it out",
        f"{CLOUD_GATEWAY}.annotations.{NLB_TYPE}",
        NLB_TYPE,
        "prod",
    ),
    Case(
        ANNOTATIONS,
        {f"{CLOUD_GATEWAY}.values": {"service": {"annotations": {NLB_TYPE: None}}}},
        "Leave it out",
        f"{CLOUD_GATEWAY}.values.service.annotations.{NLB_TYPE}",
        NLB_TYPE,
        "prod",
    ),
]
