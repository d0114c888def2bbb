"""The plans of the stacks, against golden files."""

from typing import Any

import pytest
import yaml

from model.objects.demo import (
    demo_authorization_policy,
    demo_deployment,
    demo_service,
    demo_service_account,
    outside_deployment,
)
from model.objects.groups import entry_point, service_account
from model.objects.mesh import (
    cross_network_gateway,
    istiod_gateway,
    istiod_virtual_service,
    reader_token_secret,
    strict_peer_authentication,
    system_namespace,
)
from model.objects.minting import (
    minting_policy,
    minting_policy_binding,
    minting_role,
    minting_role_binding,
)
from model.objects.namespaces import cluster_namespaces
from model.plan.build import plan_from
from model.plan.describe import describe
from model.plan.types import ClusterPlan, GroupPlan, IngressPlan, MeshPlan
from model.texts.remote_secret import render_kubeconfig
from tests.model.agreed import agreed, golden_names
from tests.model.meshes import LOCAL, STACKS, changed

PLANS = {name: plan_from(raw, name) for name, raw in STACKS.items()}
PLANS["own-host"] = plan_from(
    changed(
        LOCAL,
        {
            "workloadGroups.legacy.host": "legacy.example.com",
            "workloadGroups.legacy.ports": {"http": 9080, "tcp-metrics": 9090, "web": 9091},
            "ingress.public.listeners": [
                {"name": "https", "port": 443, "protocol": "HTTPS", "certificateSecret": "public-tls"}
            ],
            "ingress.public.routes.0.hostnames": ["shop.example.com"],
        },
    ),
    "own-host",
)


def _cluster(plan: MeshPlan, cluster: ClusterPlan) -> dict[str, Any]:
    return {
        "base": cluster.base_values,
        "istiod": cluster.istiod_values,
        "gateway": cluster.gateway_values,
        "manifests": [
            system_namespace(cluster.network),
            cross_network_gateway(cluster.gateway_hosts),
            istiod_gateway(),
            istiod_virtual_service(),
            strict_peer_authentication(),
            reader_token_secret(cluster.name),
            *cluster_namespaces(plan, cluster.name),
        ],
    }


def _group(group: GroupPlan) -> dict[str, Any]:
    identity = group.machine_identity
    minting = (
        [
            minting_role(group.name, group.namespace, group.service_account),
            minting_role_binding(group.name, group.namespace, identity),
            minting_policy(group.name, identity),
            minting_policy_binding(group.name),
        ]
        if identity
        else []
    )
    return {
        "application": group.config.application.model_dump(mode="json", by_alias=True),
        "manifests": [
            group.workload_group,
            service_account(group.service_account, group.namespace),
            entry_point(group.name, group.config),
            *minting,
        ],
    }


def _ingress(ingress: IngressPlan) -> dict[str, Any]:
    return {"manifests": [ingress.gateway, *ingress.routes]}


def _texts() -> dict[str, str]:
    parts: dict[str, Any] = {}
    for name, plan in PLANS.items():
        parts[f"{name}/plan"] = describe(plan)
        parts |= {f"{name}/cluster-{key}": _cluster(plan, cluster) for key, cluster in plan.clusters.items()}
        parts |= {f"{name}/group-{key}": _group(group) for key, group in plan.groups.items()}
        parts |= {f"{name}/ingress-{key}": _ingress(ingress) for key, ingress in plan.ingresses.items()}
        if plan.demo:
            parts[f"{name}/demo"] = [
                demo_service_account(plan.demo),
                demo_service(plan.demo),
                demo_deployment(plan.demo, "east"),
                outside_deployment(plan.demo, "east"),
                demo_authorization_policy(plan.demo),
            ]
    texts = {f"{name}.yaml": yaml.dump(value, Dumper=_Plain, width=110) for name, value in parts.items()}
    ca = "Q0VSVElGSUNBVEU="
    texts["remote-kubeconfig.json"] = render_kubeconfig("west", "https://172.30.2.1:6443", ca, "a.b.c")
    return texts


class _Plain(yaml.SafeDumper):
    """Texts of several lines as blocks, and nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _represent_text)

TEXTS = _texts()


@pytest.mark.parametrize("name", TEXTS)
def test_is_as_agreed(name: str) -> None:
    assert TEXTS[name] == agreed(f"plan/{name}", TEXTS[name])


def test_no_golden_file_is_left_over() -> None:
    assert golden_names("plan") == set(TEXTS)
