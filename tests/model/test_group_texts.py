"""The plan hands each group's own settings to what renders the machines' texts."""

import pytest
import yaml

from hybrid_mesh.model.config.istio import IstioConfig
from hybrid_mesh.model.objects.planned import PlannedObject
from hybrid_mesh.model.plan.boot import machine_boot
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.groups import MACHINE_FILES
from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.model.texts.agent import AgentSettings
from hybrid_mesh.model.texts.cloud_init import render_user_data
from hybrid_mesh.model.texts.cluster_env import render_cluster_env
from hybrid_mesh.model.texts.mesh_yaml import render_mesh_yaml
from tests.model.meshes import DELETED, DEV, LOCAL, PROD, changed

GATEWAYS = ("203.0.113.1",)
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
    added = set(lines) - set(render_cluster_env(RATINGS).splitlines())
    assert {line for line in added if "INTERFACES" not in line} == {"ISTIO_PILOT_PORT='31012'"}


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
    assert [file.url for file in boot.application.files] == ["http://172.30.0.1:8080/echo-server"]
    text = render_user_data(boot)
    assert "echo-server --port=9080" in text
    assert "https://172.30.1.1:6443" in text


def test_the_meshs_proxy_config_reaches_vms() -> None:
    """As `istioctl x workload entry configure` copies it: mesh.yaml has it all, cluster.env its metadata."""
    config = {"proxyMetadata": {"FOO": "bar baz"}, "concurrency": 4, "tracing": {"sampling": 10}}
    plan = plan_from(changed(DEV, {"istio.values.meshConfig.defaultConfig": config}), "dev")
    group = plan.groups["ratings"]
    made = yaml.safe_load(group.mesh_yaml)["defaultConfig"]
    assert (made["concurrency"], made["tracing"]) == (4, {"sampling": 10})
    assert made["proxyMetadata"]["FOO"] == "bar baz"
    assert made["proxyMetadata"]["ISTIO_META_WORKLOAD_NAME"] == "ratings"
    assert "FOO='bar baz'\n" in group.cluster_env


def test_vms_verify_the_package_of_their_form_and_architecture() -> None:
    sums = {"amd64Deb": "a" * 64, "arm64Deb": "b" * 64}
    raw = changed(
        PROD,
        {
            "istio.packageSha256": sums,
            "workloadGroups.orders.machines.machineType": "t4g.small",
            "workloadGroups.orders.machines.image": "resolve:ssm:/aws/service/debian/release/12/latest/arm64",
        },
    )
    plan = plan_from(raw, "prod")
    boots = {
        name: machine_boot(plan.groups[name], plan.istio, "https://api", "CA", GATEWAYS, real_name="c")
        for name in ("orders", "ratings")
    }
    assert {name: boot.package_sha256 for name, boot in boots.items()} == {
        "orders": "b" * 64,
        "ratings": "a" * 64,
    }
    assert boots["orders"].package_url.endswith("/deb/istio-sidecar-arm64.deb")
    assert f"PACKAGE_SHA256='{'b' * 64}'" in render_user_data(boots["orders"])


def test_no_file_of_an_application_can_replace_one_of_the_programs() -> None:
    """The files that the user-data or a bundle's installer writes."""
    bare = changed(PROD, {"workloadGroups.orders.application": DELETED})
    group = plan_from(bare, "prod").groups["orders"]
    boot = machine_boot(group, IstioConfig(), "https://api", "CA", GATEWAYS, real_name="c")
    document = yaml.safe_load(render_user_data(boot))
    ours = {entry["path"] for entry in document["write_files"]} | set(MACHINE_FILES) - {"/etc/hosts"}
    assert len(ours) > 15
    for path in ours:
        files = {"workloadGroups.legacy.application.files": [{"path": path, "content": "x"}]}
        with pytest.raises(ConfigurationError) as raised:
            plan_from(changed(LOCAL, files), "local")
        assert [problem.path for problem in raised.value.problems] == [
            "workloadGroups.legacy.application.files.0.path"
        ]


def test_vms_have_the_locality_and_the_labels_of_their_network() -> None:
    network = {"locality": "eu/fra/r1", "labels": {"site": "fra", "version": "network"}}
    mesh = changed(PROD, {f"networks.dc-fra.{key}": value for key, value in network.items()})
    before, after = plan_from(PROD, "prod").groups, plan_from(mesh, "prod").groups
    spec = after["ledger"].workload_group["spec"]
    assert spec["template"]["locality"] == "eu/fra/r1"
    assert spec["metadata"]["labels"]["site"] == "fra"
    assert spec["metadata"]["labels"]["version"] == "mainframe", "a group's labels take precedence"
    (line,) = [row for row in after["ledger"].cluster_env.splitlines() if "METAJSON_LABELS" in row]
    assert '"istio-locality":"eu/fra/r1"' in line
    assert '"site":"fra"' in line
    assert "locality" not in before["ledger"].workload_group["spec"]["template"]
    assert after["ratings"] == before["ratings"], "VMs in a cloud have the locality of their zone"


def test_static_entries_have_the_locality_of_their_network() -> None:
    group = {
        "namespace": "data",
        "cluster": "east",
        "network": "amsterdam",
        "ports": {"tcp-db": 3306},
        "machines": {"type": "static", "addresses": ["10.10.0.9"]},
    }
    changes = {
        "workloadGroups.db": group,
        "networks.amsterdam.locality": "eu",
        "networks.amsterdam.labels": {"a": "b"},
    }
    objects = plan_from(changed(LOCAL, changes), "local").clusters["east"].objects
    (entry,) = [
        each.manifest
        for each in objects
        if isinstance(each, PlannedObject) and each.manifest["kind"] == "WorkloadEntry"
    ]
    assert entry["spec"]["locality"] == "eu"
    assert entry["spec"]["labels"]["a"] == "b"


@pytest.mark.parametrize("value", ["", "a/b/c/d", "a//b", "eu.fra", ["eu"], 5])
def test_a_wrong_locality_is_refused(value: object) -> None:
    changes = {"networks.amsterdam.locality": value}
    with pytest.raises(ConfigurationError) as raised:
        plan_from(changed(LOCAL, changes), "local")
    assert [problem.path for problem in raised.value.problems] == ["networks.amsterdam.locality"]


def test_a_group_may_have_a_locality_of_its_own() -> None:
    labels = {
        "workloadGroups.ledger.labels.istio-locality": "eu.fra.r2",
        "networks.dc-fra.locality": "eu/fra/r1",
    }
    group = plan_from(changed(PROD, labels), "prod").groups["ledger"]
    assert "locality" not in group.workload_group["spec"]["template"]
    assert '"istio-locality":"eu.fra.r2"' in group.cluster_env
