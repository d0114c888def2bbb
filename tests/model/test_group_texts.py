"""The plan hands each group's own settings to what renders the machines' texts."""

from model.plan.boot import machine_boot
from model.plan.build import plan_from
from model.texts.agent import AgentSettings
from model.texts.cloud_init import render_user_data
from model.texts.cluster_env import render_cluster_env
from model.texts.mesh_yaml import render_mesh_yaml
from tests.model.meshes import DEV, LOCAL, changed

RATINGS = AgentSettings(
    group="ratings",
    namespace="bookinfo",
    service_account="ratings",
    cluster="one",
    network="machines",
    mesh_id="mesh-dev",
    trust_domain="dev.example.com",
    labels={"app": "ratings", "version": "vm", "hybrid-mesh/group": "ratings"},
    ports={"http": 9080},
    probe={
        "httpGet": {"path": "/health", "port": 9080, "scheme": "HTTP"},
        "initialDelaySeconds": 0,
        "timeoutSeconds": 1,
        "periodSeconds": 5,
        "successThreshold": 1,
        "failureThreshold": 3,
    },
    dns_capture=True,
    platform="none",
)


def test_mesh_yaml_is_that_of_the_group() -> None:
    assert plan_from(DEV, "dev").groups["ratings"].mesh_yaml == render_mesh_yaml(RATINGS)


def test_cluster_env_has_the_node_port_of_istiod() -> None:
    lines = plan_from(DEV, "dev").groups["ratings"].cluster_env.splitlines()
    assert sorted(lines) == lines
    assert set(lines) - set(render_cluster_env(RATINGS).splitlines()) == {"ISTIO_PILOT_PORT='31012'"}


def test_cluster_env_has_no_port_of_istiod_behind_a_load_balancer() -> None:
    assert "ISTIO_PILOT_PORT" not in plan_from(LOCAL, "local").groups["legacy"].cluster_env


def test_a_service_account_of_its_own_is_in_every_text() -> None:
    plan = plan_from(changed(LOCAL, {"workloadGroups.legacy.serviceAccount": "old"}), "local")
    group = plan.groups["legacy"]
    assert group.service_account == "old"
    assert group.workload_group["spec"]["template"]["serviceAccount"] == "old"
    assert "SERVICE_ACCOUNT='old'" in group.cluster_env.splitlines()


def test_dns_capture_can_be_turned_off() -> None:
    group = plan_from(changed(LOCAL, {"workloadGroups.legacy.dnsCapture": False}), "local").groups["legacy"]
    assert "ISTIO_META_DNS_CAPTURE" not in group.cluster_env + group.mesh_yaml


def test_the_demo_is_part_of_what_machines_boot_with() -> None:
    plan = plan_from(LOCAL, "local")
    boot = machine_boot(plan.groups["legacy"], plan.istio, "https://172.30.1.1:6443", "CA", ("172.30.1.10",))
    assert boot.package_url == "http://172.30.0.1:8080/releases/1.31.0/deb/istio-sidecar.deb"
    assert [file.url for file in boot.files] == [
        "http://172.30.0.1:8080/echo-server",
        "http://172.30.0.1:8080/echo-client",
    ]
    text = render_user_data(boot)
    assert "echo-server --port=9080" in text
    assert "https://172.30.1.1:6443" in text
