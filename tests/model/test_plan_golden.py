"""The plans of the stacks, against golden files."""

from typing import Any

import pytest

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.describe import describe
from hybrid_mesh.model.plan.manifests import render_manifests
from hybrid_mesh.model.texts.block_yaml import block_yaml
from hybrid_mesh.model.texts.remote_secret import render_kubeconfig
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


def _texts() -> dict[str, str]:
    parts: dict[str, Any] = {}
    for name, plan in PLANS.items():
        parts[f"{name}/plan"] = describe(plan)
        parts |= {
            f"{name}/application-{key}": group.config.application.model_dump(mode="json", by_alias=True)
            for key, group in plan.groups.items()
        }
    texts = {f"{name}/manifests.yaml": render_manifests(plan) for name, plan in PLANS.items()}
    texts |= {f"{name}.yaml": block_yaml(value) for name, value in parts.items()}
    ca = "Q0VSVElGSUNBVEU="
    texts["remote-kubeconfig.json"] = render_kubeconfig("west", "https://172.30.2.1:6443", ca, "a.b.c")
    return texts


TEXTS = _texts()


@pytest.mark.parametrize("name", TEXTS)
def test_is_as_agreed(name: str) -> None:
    assert TEXTS[name] == agreed(f"plan/{name}", TEXTS[name])


def test_no_golden_file_is_left_over() -> None:
    assert golden_names("plan") == set(TEXTS)
