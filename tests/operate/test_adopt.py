"""What is read of a mesh that was made by hand, what is refused, and the stack file that is written."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from hybrid_mesh.model.objects.planned import PlannedObject
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.operate.adopt.found import FoundCluster
from hybrid_mesh.operate.adopt.read import NotAdoptableError, read_cluster
from hybrid_mesh.operate.adopt.write import (
    kept_secret,
    problems,
    stack_mesh,
    stack_text,
    strangers,
    superfluous,
)
from tests.operate import by_hand
from tests.operate.by_hand import APPS, CRDS, NETWORKING, REMOTE, SERVICES, SPACE, SYSTEM, items

Change = Callable[[dict[str, Any]], None]


def read(objects: dict[str, Any], context: str = "one") -> FoundCluster:
    return read_cluster(context, objects.get)


def two(**of_second: Any) -> list[FoundCluster]:
    """Two clusters of one mesh; `of_second` changes answers of the second."""
    one, other = by_hand.cluster("one", 1, "two"), by_hand.cluster("two", 2, "one")
    return [read(one), read({**other, **of_second.get("answers", {})}, of_second.get("context", "two"))]


def mesh_of(clusters: list[FoundCluster]) -> dict[str, Any]:
    config = yaml.safe_load(stack_text(clusters, None))["config"]
    mesh: dict[str, Any] = config["hybrid-mesh:mesh"]
    return mesh


def test_a_mesh_is_written_as_it_is() -> None:
    found = two()
    assert list(problems(found)) == []
    mesh = mesh_of(found)
    assert mesh["clusters"]["one"] == {
        "type": "kubeconfig",
        "network": "net-one",
        "context": "one",
        "peerEndpoint": "https://one.example.com:6443",
        "istio": {
            "ownership": "existing",
            "remoteSecret": "istio-remote-secret-two",
            "gatewayApi": "existing",
        },
        "certificates": "existing",
        "gateway": {"ownership": "existing"},
    }
    assert mesh["networks"]["net-two"] == {"type": "external", "cidr": "10.2.0.0/22"}
    assert (mesh["id"], mesh["trustDomain"], mesh["istio"]) == (
        "mesh1",
        "mesh.example.com",
        {"version": "1.31.0"},
    )
    plan = plan_from(mesh, "adopted")
    assert plan.warnings == ()
    assert plan.clusters["one"].peers == ("two",)


def test_no_token_is_written() -> None:
    assert "the-secret-token" not in stack_text(two(), None) + repr(two())


def test_what_the_program_replaces_and_what_it_leaves_is_named() -> None:
    found = read(by_hand.cluster("one", 1))
    assert found.replaced == (
        "gateways.networking.istio.io/cross-network-gateway",
        "gateways.networking.istio.io/istiod-gateway",
        "virtualservices.networking.istio.io/istiod-vs",
    )
    assert [each.place for each in found.left] == ["context one, PeerAuthentication shop/strict"]


def test_a_group_of_vms_is_taken_over_with_its_service() -> None:
    mesh = mesh_of(two())
    assert mesh["workloadGroups"]["ratings"] == {
        "namespace": "shop",
        "cluster": "one",
        "network": "net-one",
        "ownership": "adopt",
        "serviceAccount": "ratings-vm",
        "serviceAccountOwnership": "existing",
        "machines": {"type": "bundle"},
        "labels": {"class": "vm", "app": "ratings"},
        "service": {"name": "reviews", "ownership": "adopt", "selector": {"app": "ratings"}},
        "ports": {"http": {"port": 80, "targetPort": 8080}},
        "probe": {"httpGet": {"port": 8080}, "periodSeconds": 5},
    }
    assert mesh["namespaces"] == {"shop": {"injection": "enabled"}}
    plan = plan_from(mesh, "adopted")
    made = [each for each in plan.clusters["one"].objects if isinstance(each, PlannedObject)]
    assert sorted(each.manifest["kind"] for each in made if each.adopted) == ["Service", "WorkloadGroup"]
    template = plan.groups["ratings"].workload_group["spec"]["template"]
    assert (template["ports"], template["serviceAccount"]) == ({"http": 8080}, "ratings-vm")


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("/api/v1/namespaces/shop", {"metadata": {}}, "its namespace has no label istio-injection"),
        (
            f"{NETWORKING}/workloadgroups",
            items(
                {
                    "metadata": {"name": "ratings", "namespace": "shop"},
                    "spec": {"template": {"network": "elsewhere", "ports": {"http": 8080}}},
                }
            ),
            "workloadGroups.ratings.network: no network with this name is declared",
        ),
    ],
)
def test_a_group_that_the_stack_file_cannot_have_is_left_and_named(
    path: str, value: dict[str, Any], reason: str
) -> None:
    found = [
        read({**by_hand.cluster("one", 1, "two"), path: value}),
        read(by_hand.cluster("two", 2, "one"), "two"),
    ]
    mesh, left = stack_mesh(found, None)
    assert "workloadGroups" not in mesh
    assert [(each.place, each.message) for each in left] == [
        ("context one, WorkloadGroup shop/ratings", reason)
    ]


def test_of_several_remote_secrets_one_gets_all_peers() -> None:
    one = by_hand.cluster("one", 1, "two", "three", "elsewhere")
    found = [read(one), read(by_hand.cluster("two", 2), "two"), read(by_hand.cluster("three", 3), "three")]
    assert kept_secret(found, found[0]) == "istio-remote-secret-three"
    assert superfluous(found, found[0]) == ["istio-remote-secret-two"], "no Secret of another cluster"
    [stranger] = strangers(found)
    assert (stranger.place, stranger.message) == (
        "context one, Secret istio-remote-secret-elsewhere",
        "its peer elsewhere is not among the contexts",
    )


@pytest.mark.parametrize(
    ("definitions", "source"),
    [
        ({}, "existing"),
        ({"tlsroutes": None}, None),
        ({"tlsroutes": "v1.4.1"}, None),
        ({"gateways": "dev"}, None),
    ],
)
def test_definitions_that_are_missing_or_too_old_are_installed(
    definitions: dict[str, str | None], source: str | None
) -> None:
    objects = by_hand.cluster("one", 1)
    for kind, release in definitions.items():
        objects[f"{CRDS}/{kind}.gateway.networking.k8s.io"] = by_hand.definition(release) if release else None
    assert mesh_of([read(objects)])["clusters"]["one"]["istio"].get("gatewayApi") == source


def test_node_ports_and_addresses_in_the_mesh_configuration_are_kept() -> None:
    maps = by_hand.config_maps("one")
    networks = "networks: {net-two: {gateways: [{address: 198.51.100.7, port: 30443}]}}"
    maps["items"][0]["data"]["meshNetworks"] = networks
    one = by_hand.cluster("one", 1, "two") | {f"{SPACE}/configmaps": maps}
    other = by_hand.cluster("two", 2, "one") | {SERVICES: items(by_hand.gateway_service("NodePort", None))}
    found = [read(one), read(other, "two")]
    assert list(problems(found)) == []
    assert mesh_of(found)["clusters"]["two"]["gateway"] == {
        "ownership": "existing",
        "serviceType": "NodePort",
        "nodePorts": {"tls": 30443, "istiod": 30012, "status": 30021},
        "addresses": ["198.51.100.7"],
    }
    plan_from(mesh_of(found), "adopted")


def test_pods_say_where_a_network_is_if_the_nodes_do_not() -> None:
    pods = [
        {"spec": {}, "status": {"podIP": "10.9.1.7"}},
        {"spec": {"hostNetwork": True}, "status": {"podIP": "192.0.2.1"}},
        {"spec": {}, "status": {}},
    ]
    objects = by_hand.cluster("one", 1) | {"/api/v1/nodes": items({"spec": {}})}
    assert read(objects | {"/api/v1/pods?limit=500": items(*pods)}).pod_cidr == "10.9.0.0/16"
    [problem] = problems([read(objects)])
    assert "the CIDR of its network is unknown" in problem.message


def test_another_authority_of_an_api_server_is_kept() -> None:
    objects = by_hand.cluster("two", 2, "one")
    maps = by_hand.config_maps("two")
    maps["items"][2]["data"]["ca.crt"] = "behind a proxy"
    found = [read(by_hand.cluster("one", 1, "two")), read(objects | {f"{SPACE}/configmaps": maps}, "two")]
    assert mesh_of(found)["clusters"]["two"]["peerCertificateAuthority"] == "CA of two"


def _without(*paths: str) -> dict[str, Any]:
    return dict.fromkeys(paths)


def _ambient() -> dict[str, Any]:
    istiod = by_hand.cluster("one", 1)[f"{APPS}/deployments/istiod"]
    [container] = istiod["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": "PILOT_ENABLE_AMBIENT", "value": "true"}]
    return {f"{APPS}/deployments/istiod": istiod}


def _broken(index: int, key: str, text: str) -> dict[str, Any]:
    maps = by_hand.config_maps("one")
    maps["items"][index]["data"][key] = text
    return {f"{SPACE}/configmaps": maps}


def _named(name: str) -> dict[str, Any]:
    return items({"metadata": {"name": name}, "data": {}})


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (_without(f"{SPACE}/configmaps"), "has no Istio"),
        (_without(f"{APPS}/deployments/istiod"), "has no Istio"),
        ({f"{SPACE}/configmaps": _named("istio-sidecar-injector-1-31")}, "has the revision 1-31"),
        (_ambient(), "ambient"),
        (_broken(0, "mesh", "a: [b"), "ConfigMap istio: its content cannot be read"),
        (_broken(0, "meshNetworks", "a: [b"), "ConfigMap istio: its content cannot be read"),
        (_broken(1, "values", "{"), "ConfigMap istio-sidecar-injector: its content cannot be read"),
        ({REMOTE: items({"metadata": {"name": "odd"}, "data": {"two": "*"}})}, "key two"),
        ({f"{APPS}/daemonsets": items({"metadata": {"name": "ztunnel"}})}, "ambient"),
        (
            {f"{SPACE}/configmaps": by_hand.config_maps("one", cluster="My_Cluster")},
            "clusterName is My_Cluster",
        ),
        ({f"{SPACE}/configmaps": by_hand.config_maps("one", cluster=None)}, "clusterName is not set"),
        (
            {f"{SPACE}/configmaps": by_hand.config_maps("one", network=""), SPACE: {"metadata": {}}},
            "has no network",
        ),
        (
            {f"{SPACE}/configmaps": by_hand.config_maps("one", network="other")},
            "global.network of istiod is other",
        ),
        ({f"{SPACE}/secrets/cacerts": {"data": {}}}, "no root certificate"),
        ({f"{SPACE}/secrets/cacerts": None}, "no root certificate"),
        ({SERVICES: items({"metadata": {"name": "east-west"}})}, "must be called istio-eastwestgateway"),
        ({SERVICES: items(by_hand.gateway_service("ClusterIP"))}, "its type is ClusterIP"),
        ({REMOTE: items({"metadata": {"name": "odd"}, "data": {"two": by_hand.encoded("[]")}})}, "key two"),
    ],
)
def test_a_cluster_that_cannot_be_adopted_says_why(answers: dict[str, Any], said: str) -> None:
    with pytest.raises(NotAdoptableError, match=said) as caught:
        read({**by_hand.cluster("one", 1), **answers})
    assert caught.value.finding.place.startswith("context one")
    assert caught.value.finding.remedy


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"/api/v1/namespaces/kube-system": {"metadata": {"uid": "uid-one"}}},
            "the same cluster as context one",
        ),
        ({f"{SPACE}/configmaps": by_hand.config_maps("two", cluster="one")}, "its cluster name is one"),
        ({f"{SPACE}/configmaps": by_hand.config_maps("two", mesh_id="other")}, "its mesh ID is other"),
        (
            {f"{SPACE}/configmaps": by_hand.config_maps("two", trust_domain="x.org")},
            "its trust domain is x.org",
        ),
        (
            {f"{SPACE}/secrets/cacerts": {"data": {"root-cert.pem": by_hand.encoded(by_hand.OTHER_ROOT)}}},
            "its root certificate is",
        ),
        ({SERVICES: items()}, "net-two has no east-west gateway"),
        ({SERVICES: items(by_hand.gateway_service(address=None))}, "no address that the other clusters know"),
    ],
)
def test_clusters_of_two_meshes_are_refused(changes: dict[str, Any], said: str) -> None:
    found = [str(each) for each in problems(two(answers=changes))]
    assert any(said in each and each.startswith("context two") for each in found), found


def test_istiods_of_two_releases_are_refused() -> None:
    objects = by_hand.cluster("two", 2, "one")
    objects[f"{APPS}/deployments/istiod"]["spec"]["template"]["spec"]["containers"][0]["image"] = (
        "pilot:1.30.2"
    )
    [problem] = problems([read(by_hand.cluster("one", 1, "two")), read(objects, "two")])
    assert "it is of release 1.30.2" in problem.message


def test_gateways_of_others_are_not_replaced() -> None:
    path = f"{NETWORKING}/namespaces/{SYSTEM}/gateways"
    ingress = {"selector": {"istio": "ingressgateway"}, "servers": [{"port": {"number": 15443}}]}
    objects = by_hand.cluster("one", 1) | {path: items({"metadata": {"name": "web"}, "spec": ingress})}
    assert read(objects).replaced == ()
