"""The alerts of docs/alerts: each fires on its fault and on no other one, by Prometheus' own tool."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from hybrid_mesh.local.toolchain.errors import ToolchainMissing
from hybrid_mesh.local.toolchain.profile import Profile
from tests.commands import PROJECT

RULES: Final = PROJECT / "docs/alerts/mesh.rules.yaml"
HEALTHY: Final = {
    'citadel_server_root_cert_expiry_timestamp{pod="istiod-1"}': "300000000x40",
    'citadel_server_cert_chain_expiry_timestamp{pod="istiod-1"}': "60000000x40",
    'istio_agent_cert_expiry_seconds{pod="echo-1", resource_name="default"}': "86000x40",
    'istiod_remote_cluster_sync_status{pod="istiod-1", cluster="west", status="synced"}': "1x40",
    'istiod_remote_cluster_sync_status{pod="istiod-1", cluster="west", status="timeout"}': "0x40",
    'kube_pod_info{namespace="istio-system", pod="istiod-1"}': "1x40",
    'kube_deployment_status_replicas_available{deployment="istio-eastwestgateway"}': "1x40",
    'kube_deployment_status_replicas_available{deployment="public-istio"}': "1x40",
    'kube_pod_container_status_restarts_total{pod="istiod-1", container="discovery"}': "3x40",
    'istio_workloadentry_info{name="vm-1", controller="istiod-1", probed="true"}': "1x40",
    'istio_workloadentry_healthy{name="vm-1"}': "1x40",
    'istio_workloadentry_info{name="vm-2", controller="istiod-1"}': "1x40",
    'kube_deployment_status_replicas_available{deployment="echo"}': "0x40",
}
"""A mesh without faults: the series' values every 15 s. The mesh is not at fault when an application has no
pods, and a VM without a probe is healthy."""

ROOT, CHAIN, WORKLOAD, SYNCED, TIMEOUT, ISTIOD, EAST_WEST, INGRESS, RESTARTS, VM, HEALTH, UNPROBED, _ = (
    HEALTHY
)
DISCONNECTED: Final = 'istio_workloadentry_disconnected_timestamp_seconds{name="vm-2"}'
FAULTS: Final[Mapping[str, tuple[str, Mapping[str, str | None]]]] = {
    "nothing": ("", {}),
    "a root that ends in 29 days": ("MeshCertificateExpires", {ROOT: "2505600x40"}),
    "an intermediate that ends in 29 days": ("MeshCertificateExpires", {CHAIN: "2505600x40"}),
    "an agent that does not renew": ("MeshCertificateExpires", {WORKLOAD: "14000x40"}),
    "a peer that cannot be read": ("MeshPeerNotSynced", {SYNCED: "0x40", TIMEOUT: "1x40"}),
    "a peer that was removed": ("", {SYNCED: "0x40"}),
    "an istiod that is gone with the VM's connection": ("MeshWorkloadEntryStale", {ISTIOD: None}),
    "a VM that disconnected long ago": ("MeshWorkloadEntryStale", {DISCONNECTED: "0x40"}),
    "no east-west gateway": ("MeshGatewayDown", {EAST_WEST: "0x40"}),
    "no ingress gateway": ("MeshGatewayDown", {INGRESS: "0x40"}),
    "a probe that fails": ("MeshVmUnhealthy", {HEALTH: "0x40"}),
    "a probe without any result": ("MeshVmUnhealthy", {HEALTH: None}),
    "an istiod that was killed": ("MeshIstiodRestarted", {RESTARTS: "3x20 4x20"}),
    "another istiod, to which the VMs connect": (
        "",
        {
            **dict.fromkeys((ISTIOD, VM, UNPROBED)),
            **{each.replace("istiod-1", "istiod-2"): "1x40" for each in (ISTIOD, VM, UNPROBED)},
        },
    ),
}


@pytest.fixture(scope="module")
def promtool() -> Path:
    try:
        found = Profile.current().promtool
    except ToolchainMissing:
        found = None
    if found is None:
        pytest.skip("promtool is not in the toolchain: run make extras to include these tests")
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_an_alert_fires_on_its_fault_and_on_no_other(promtool: Path, tmp_path: Path, fault: str) -> None:
    alert, changes = FAULTS[fault]
    series = {name: values for name, values in {**HEALTHY, **changes}.items() if values is not None}
    fired = [{"labels": f'{{alertname="{alert}"}}', "value": 1}] if alert else []
    expected = {
        "expr": 'group by (alertname) (ALERTS{alertstate="firing"})',
        "eval_time": "8m",
        "exp_samples": fired,
    }
    test = {
        "interval": "15s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [expected],
    }
    file = tmp_path / "test.yaml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "5s", "tests": [test]}))
    done = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
