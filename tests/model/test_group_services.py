"""What callers and VMs get for the ports and Services of a group."""

import shlex
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from hybrid_mesh.model.config.groups import ProbeConfig
from hybrid_mesh.model.objects.groups import probe, protocol
from hybrid_mesh.model.objects.planned import PlannedObject
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.required_paths import open_paths
from hybrid_mesh.model.plan.types import MeshPlan
from tests.commands import PROJECT
from tests.model.meshes import LOCAL, changed
from tests.model.rule_cases.case import GROUP

BILLING = "workloadGroups.billing"


def plan_of(**group: Any) -> MeshPlan:
    """The local mesh with one more group."""
    return plan_from(changed(LOCAL, {BILLING: {**GROUP, **group}}), "local")


def objects(plan: MeshPlan, cluster: str, kind: str) -> list[Mapping[str, Any]]:
    """The objects of a kind that the group has in a cluster."""
    return [
        each.manifest
        for each in plan.clusters[cluster].objects
        if isinstance(each, PlannedObject)
        and each.component == "group-billing"
        and each.manifest["kind"] == kind
    ]


def environment(plan: MeshPlan) -> dict[str, str]:
    lines = plan.groups["billing"].cluster_env.splitlines()
    return {
        name: shlex.split(value)[0] if value else "" for name, _, value in (x.partition("=") for x in lines)
    }


def test_a_service_may_have_another_port_than_the_vms() -> None:
    plan = plan_of(ports={"http": {"port": 80, "targetPort": 8080}})
    for cluster in ("east", "west"):
        [service] = objects(plan, cluster, "Service")
        [port] = service["spec"]["ports"]
        assert port == {"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}
    [group] = objects(plan, "east", "WorkloadGroup")
    assert group["spec"]["template"]["ports"] == {"http": 8080}
    assert environment(plan)["ISTIO_INBOUND_PORTS"] == "8080"
    opened = {port for path in open_paths(plan) for port in path.ports}
    assert 8080 in opened
    assert 80 not in opened


def test_a_configured_protocol_is_the_ports_app_protocol() -> None:
    ports = {"web": {"port": 80, "protocol": "GRPC"}}
    [service] = objects(plan_of(ports=ports), "west", "Service")
    assert service["spec"]["ports"][0]["appProtocol"] == "grpc"
    [entry] = objects(plan_of(ports=ports, host="b.example.com"), "west", "ServiceEntry")
    assert entry["spec"]["ports"][0]["protocol"] == "GRPC"


@pytest.mark.parametrize(
    ("name", "selected"),
    [("http", "HTTP"), ("http-admin", "HTTP"), ("grpc-web", "GRPC-WEB"), ("grpc-x", "GRPC"), ("db", "TCP")],
)
def test_the_name_of_a_port_selects_its_protocol(name: str, selected: str) -> None:
    assert protocol(name) == selected


def test_pods_and_vms_share_a_service_by_a_label() -> None:
    plan = plan_of(labels={"app": "billing"}, service={"name": "bills", "selector": {"app": "billing"}})
    [service] = objects(plan, "west", "Service")
    assert service["metadata"]["name"] == "bills"
    assert service["spec"]["selector"] == {"app": "billing"}
    assert plan.groups["billing"].hosts == ("bills.shop.svc.cluster.local",)
    [group] = objects(plan, "east", "WorkloadGroup")
    assert group["spec"]["metadata"]["labels"]["app"] == "billing"


def test_a_headless_service_has_no_cluster_ip() -> None:
    [service] = objects(plan_of(service={"headless": True}), "east", "Service")
    assert service["spec"]["clusterIP"] == "None"


def test_an_existing_service_is_left_alone() -> None:
    plan = plan_of(service={"ownership": "existing", "name": "bills"})
    assert objects(plan, "east", "Service") == objects(plan, "west", "Service") == []
    assert plan.groups["billing"].hosts == ("bills.shop.svc.cluster.local",)


def test_several_custom_hosts_are_one_service_entry() -> None:
    plan = plan_of(hosts=["b.example.com", "b.example.net"])
    [entry] = objects(plan, "west", "ServiceEntry")
    assert entry["spec"]["hosts"] == ["b.example.com", "b.example.net"]
    listeners = [
        listener["hostname"]
        for each in plan.clusters["east"].objects
        if isinstance(each, PlannedObject) and each.manifest["kind"] == "Gateway"
        for listener in each.manifest["spec"]["listeners"]
        if "hostname" in listener
    ]
    assert {"b.example.com", "b.example.net"} <= set(listeners)


def test_vms_without_ports_only_call() -> None:
    plan = plan_of(ports={})
    assert objects(plan, "east", "Service") == []
    assert plan.groups["billing"].hosts == ()
    [group] = objects(plan, "east", "WorkloadGroup")
    assert "ports" not in group["spec"]["template"]
    assert environment(plan)["ISTIO_INBOUND_PORTS"] == ""


def test_excluded_ports_are_not_redirected() -> None:
    plan = plan_of(excludeOutboundPorts=[2049, 111], excludeInboundPorts=[9100])
    assert environment(plan)["ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE"] == "111,2049"
    assert "9100" in environment(plan)["ISTIO_LOCAL_EXCLUDE_PORTS"].split(",")


PILOT_AGENT = PROJECT / ".toolchain/bin/pilot-agent"


@pytest.mark.skipif(not PILOT_AGENT.exists(), reason="the toolchain is not built")
def test_the_agent_lays_the_rules_that_the_group_wants() -> None:
    """Containers of a VM call outside on a port that the VM serves: their bridges come first."""
    plan = plan_of(ports={"http": 8080}, excludeOutboundPorts=[2049], excludeInterfaces=["docker0", "br-+"])
    done = subprocess.run(
        [PILOT_AGENT, "istio-iptables", "--dry-run"],
        env=environment(plan),
        capture_output=True,
        text=True,
        check=True,
    )
    rules = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("-A ")]
    inbound = rules.index("-A PREROUTING -p tcp -j ISTIO_INBOUND")
    assert rules.index("-A PREROUTING -i docker0 -j RETURN") < inbound
    assert rules.index("-A PREROUTING -i br-+ -j RETURN") < inbound
    assert "-A ISTIO_INBOUND -p tcp --dport 8080 -j ISTIO_IN_REDIRECT" in rules
    assert "-A ISTIO_OUTPUT -p tcp --dport 2049 -j RETURN" in rules


@pytest.mark.skipif(not PILOT_AGENT.exists(), reason="the toolchain is not built")
def test_vms_without_ports_receive_no_traffic_by_the_proxy() -> None:
    done = subprocess.run(
        [PILOT_AGENT, "istio-iptables", "--dry-run"],
        env=environment(plan_of(ports={})),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "PREROUTING -p tcp -j ISTIO_INBOUND" not in done.stdout + done.stderr
    assert "-A OUTPUT -j ISTIO_OUTPUT" in done.stdout + done.stderr


def test_a_probe_by_grpc_and_headers_of_a_request_reach_the_agent() -> None:
    plan = plan_of(probe={"grpc": {"port": 9080, "service": "billing"}})
    [group] = objects(plan, "east", "WorkloadGroup")
    assert group["spec"]["probe"]["grpc"] == {"port": 9080, "service": "billing"}
    assert "grpc:\n" in plan.groups["billing"].mesh_yaml
    headers = [{"name": "Host", "value": "b.example.com"}]
    plan = plan_of(probe={"httpGet": {"path": "/", "port": 9080, "httpHeaders": headers}})
    [group] = objects(plan, "east", "WorkloadGroup")
    assert group["spec"]["probe"]["httpGet"]["httpHeaders"] == headers


def test_servers_without_an_agent_are_entries_without_an_identity() -> None:
    """Clients send plain text to an entry without service account."""
    plan = plan_of(
        ports={"tcp-db": 5432}, machines={"type": "static", "addresses": ["10.10.0.77", "10.10.0.78"]}
    )
    entries = objects(plan, "east", "WorkloadEntry")
    assert [entry["metadata"]["name"] for entry in entries] == ["billing-10-10-0-77", "billing-10-10-0-78"]
    assert "serviceAccount" not in entries[0]["spec"]
    assert entries[0]["spec"]["ports"] == {"tcp-db": 5432}
    assert objects(plan, "west", "WorkloadEntry") == []
    assert len(objects(plan, "west", "Service")) == 1
    assert objects(plan, "east", "WorkloadGroup") == objects(plan, "east", "ServiceAccount") == []
    group = plan.groups["billing"]
    assert (group.minimum, group.files, group.cluster_env) == (0, (), "")


def test_a_probe_by_tcp_does_not_connect_to_the_proxy() -> None:
    """Envoy accepts connections to the VM's own address, whether or not the application runs."""
    found = probe(ProbeConfig.model_validate({"tcpSocket": {"port": 5432}}))
    assert found["tcpSocket"] == {"host": "127.0.0.1", "port": 5432}
    elsewhere = probe(ProbeConfig.model_validate({"tcpSocket": {"port": 5432, "host": "db.internal"}}))
    assert elsewhere["tcpSocket"]["host"] == "db.internal"
