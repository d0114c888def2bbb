"""What is planned in a cluster that has Istio, its certificates or the CRDs of the Gateway API already."""

from typing import Any

from hybrid_mesh.model.objects.planned import PlannedObject, PlannedRelease
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.explain.steps import explain
from hybrid_mesh.model.plan.kinds import KubeconfigClusterPlan
from hybrid_mesh.model.plan.types import ClusterPlan, MeshPlan
from tests.model.meshes import DEV, changed

FILES = {"trust": {"issuer": "files"}}


def plan(**changes: Any) -> MeshPlan:
    """The mesh of `dev`; `changes` are of cluster `two`."""
    return plan_from(changed(DEV, {**FILES, **{f"clusters.two.{key}": v for key, v in changes.items()}}), "t")


def istio_of(cluster: ClusterPlan) -> set[str]:
    return {each.key for each in cluster.objects if each.component == f"{cluster.name}-istio"}


def test_an_existing_istio_is_not_installed_again() -> None:
    made = plan(istio={"ownership": "existing"}, certificates="existing")
    assert istio_of(made.clusters["two"]) == {"namespace", "gateway-api"}
    assert istio_of(made.clusters["one"]) == {
        "namespace",
        "cacerts",
        "base",
        "gateway-api",
        "istiod",
        "strict",
    }


def test_everything_else_is_declared_beside_an_existing_istio() -> None:
    given, own = (
        {each.name for each in made.clusters["two"].objects if each.component != "two-istio"}
        for made in (plan(istio={"ownership": "existing"}, certificates="existing"), plan())
    )
    assert given == own


def test_dependencies_are_planned() -> None:
    for changes in ({"istio": {"ownership": "existing"}}, {"istio": {"gatewayApi": "existing"}}):
        cluster = plan(**changes, certificates="existing").clusters["two"]
        names = [each.name for each in cluster.objects]
        for index, each in enumerate(cluster.objects):
            assert set(each.after) <= set(names[:index]), each.name


def test_existing_certificates_are_not_made() -> None:
    made = plan(certificates="existing")
    assert istio_of(made.clusters["two"]) == istio_of(made.clusters["one"]) - {"cacerts"}
    titles = [step.title for step in explain(made)]
    assert "Intermediate of cluster one" in titles
    assert "Intermediate of cluster two" not in titles


def test_an_adopted_istio_is_taken_over_and_kept() -> None:
    made = plan(istio={"ownership": "adopt"}).clusters["two"].objects
    releases = [each for each in made if isinstance(each, PlannedRelease)]
    adopted = {each.key: (each.adopts, each.kept) for each in releases}
    assert adopted == {
        "base": (True, True),
        "istiod": (True, True),
        "gateway-api": (True, False),
        "release": (True, True),
    }
    kept = {each.name for each in made if isinstance(each, PlannedObject) and each.kept}
    assert {"two-istio-cacerts", "two-peering-remote-secrets"} <= kept
    assert {each.name for each in made if isinstance(each, PlannedObject) and each.adopted} == {
        "two-istio-strict"
    }
    assert not any(name.startswith("group-") for name in kept)


def test_each_cluster_says_where_its_gateway_api_is_from() -> None:
    made = plan(istio={"gatewayApi": "existing"})
    assert "gateway-api" not in istio_of(made.clusters["two"])
    assert "gateway-api" in istio_of(made.clusters["one"])


def test_an_existing_istio_has_its_own_credentials() -> None:
    changes = {
        **FILES,
        "istio.pullSecret": "registry",
        "clusters.two.istio": {"ownership": "existing"},
        "clusters.two.certificates": "existing",
    }
    made = plan_from(changed(DEV, changes), "t")
    assert "registry" in made.secrets
    secrets = {
        name: [
            each.name for each in cluster.objects if isinstance(each, PlannedObject) and each.is_pull_secret
        ]
        for name, cluster in made.clusters.items()
    }
    assert secrets["two"] == []
    assert "one-istio-pull-secret" in secrets["one"]


ADOPTED = {
    "istio": {"ownership": "existing", "remoteSecret": "istio-remote-secret-one"},
    "gateway": {"ownership": "existing"},
    "certificates": "existing",
}


def test_an_existing_gateway_is_not_installed_and_gets_the_routes() -> None:
    keys = {each.key for each in plan(**ADOPTED).clusters["two"].objects if each.component == "two-gateway"}
    assert keys == {"listeners", "istiod-route"}


def test_an_existing_remote_secret_gets_the_peers_and_is_kept() -> None:
    made = plan(**ADOPTED)
    [secret] = [each for each in made.clusters["two"].objects if each.name == "two-peering-remote-secrets"]
    [reader] = [each for each in made.clusters["two"].objects if each.name == "two-reader-secret"]
    assert isinstance(secret, PlannedObject)
    assert isinstance(reader, PlannedObject)
    assert secret.manifest["metadata"]["name"] == "istio-remote-secret-one"
    assert set(secret.manifest["stringData"]) == {"one"}
    assert (secret.kept, reader.kept) == (True, True)
    assert "two-peering-remote-secrets" in {step.resource for step in explain(made)}


BILLING = {
    "namespace": "shop",
    "cluster": "two",
    "network": "machines",
    "labels": {"app": "billing"},
    "ports": {"http": 8080},
    "machines": {"type": "bundle"},
}


def with_group(**more: Any) -> MeshPlan:
    return plan_from(changed(DEV, {"workloadGroups.billing": {**BILLING, **more}}), "t")


def of_group(made: MeshPlan, cluster: str) -> dict[str, PlannedObject]:
    return {
        each.key: each
        for each in made.clusters[cluster].objects
        if isinstance(each, PlannedObject) and each.component == "group-billing"
    }


def test_an_account_and_a_service_may_exist() -> None:
    own = of_group(with_group(), "two")
    assert not any(each.adopted for each in own.values())
    adopt = {"serviceAccountOwnership": "adopt", "service": {"ownership": "adopt"}}
    made = of_group(with_group(**adopt), "two")
    assert made.keys() == own.keys()
    assert {key for key, each in made.items() if each.adopted} == {"account", "service-two"}


def test_an_existing_account_and_service_are_only_read() -> None:
    existing = {"serviceAccountOwnership": "existing", "service": {"ownership": "existing"}}
    made = with_group(**existing)
    assert "account" not in of_group(made, "two")
    assert "two-namespace-shop" in of_group(made, "two")["group"].after
    found = {}
    for name, cluster in made.clusters.items():
        assert isinstance(cluster, KubeconfigClusterPlan)
        assert cluster.inspection is not None
        found[name] = [each["title"] for each in cluster.inspection.objects]
    assert found == {
        "one": ["Service shop/billing"],
        "two": ["ServiceAccount shop/billing", "Service shop/billing"],
    }


def test_the_namespace_default_is_used_and_not_declared() -> None:
    made = with_group(namespace="default").clusters["two"].objects
    spaces = [each for each in made if isinstance(each, PlannedObject) and each.is_namespace]
    assert "default" not in {each.manifest["metadata"]["name"] for each in spaces}
    names = [each.name for each in made]
    for index, each in enumerate(made):
        assert set(each.after) <= set(names[:index]), each.name
