"""What a plan declares in each cluster, over every mesh: each object once, in a namespace that is there and
after what it waits for."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hybrid_mesh.model.config.clusters import CloudClusterConfig
from hybrid_mesh.model.config.routes import ServiceBackendConfig
from hybrid_mesh.model.objects.planned import PlannedObject, PlannedRelease
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import ClusterPlan, MeshPlan
from hybrid_mesh.model.reading.problems import ConfigurationError
from tests.model.cloud_meshes import cloud_meshes
from tests.model.meshes import DEV, LOCAL, PROD, changed
from tests.model.test_plan_properties import meshes

thorough = settings(deadline=None, max_examples=60)

joined = st.sampled_from(["a", "b", "c", "a-b", "b-c", "a-b-c"])
"""Names that give the same name when two of them are joined by a dash."""


@st.composite
def busy_meshes(draw: st.DrawFn) -> dict[str, Any]:
    """A mesh with ingresses and a demo, whose names are alike."""
    raw = draw(meshes() | cloud_meshes())
    clusters = sorted(raw["clusters"])
    for group in raw["workloadGroups"].values():
        group["namespace"] = draw(joined)
    raw["ingress"] = {
        name: {
            "cluster": draw(st.sampled_from(clusters)),
            "namespace": draw(joined),
            "listeners": [{"name": "http", "port": 80}],
            "routes": [
                {"name": route, "pathPrefix": f"/{route}", "backends": [_backend(draw, raw)]}
                for route in draw(st.lists(joined, max_size=2, unique=True))
            ],
        }
        for name in draw(st.lists(joined, max_size=3, unique=True))
    }
    if draw(st.booleans()):
        raw["demo"] = {"namespace": draw(joined), "service": draw(joined), "image": "example.com/echo:1"}
    return raw


def _backend(draw: st.DrawFn, raw: Mapping[str, Any]) -> dict[str, Any]:
    if raw["workloadGroups"] and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(raw["workloadGroups"])))
        return {"group": name, "port": raw["workloadGroups"][name]["ports"]["http"]}
    return {"service": draw(joined), "namespace": draw(joined), "port": 8080}


def planned(raw: Mapping[str, Any]) -> MeshPlan:
    try:
        return plan_from(raw, "test")
    except ConfigurationError:
        assume(False)
        raise


def identity(each: PlannedObject) -> tuple[str, str, str]:
    metadata = each.manifest["metadata"]
    return each.manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def objects(cluster: ClusterPlan) -> list[PlannedObject]:
    return [each for each in cluster.objects if isinstance(each, PlannedObject)]


def foreign_namespaces(plan: MeshPlan) -> set[str]:
    """Namespaces of Services that routes lead to and that the program does not make."""
    backends = (
        backend
        for ingress in plan.ingresses.values()
        for route in ingress.config.routes
        for backend in route.backends
    )
    return {backend.namespace for backend in backends if isinstance(backend, ServiceBackendConfig)}


def duplicates(plan: MeshPlan) -> list[tuple[str, str, str]]:
    return [
        key
        for cluster in plan.clusters.values()
        for key, number in Counter(map(identity, objects(cluster))).items()
        if number > 1
    ]


def no_two_objects_have_one_kind_namespace_and_name(plan: MeshPlan) -> None:
    assert duplicates(plan) == []


def test_two_ingresses_whose_names_join_alike() -> None:
    route = {"name": "r", "backends": [{"service": "echo", "namespace": "demo", "port": 8080}]}
    ingress = {"cluster": "east", "listeners": [{"name": "http", "port": 80}], "routes": [route]}
    raw = changed(
        LOCAL, {"ingress": {"c": {**ingress, "namespace": "a-b"}, "b-c": {**ingress, "namespace": "a"}}}
    )
    assert duplicates(plan_from(raw, "local")) == []


def every_objects_namespace_is_declared_or_somebody_elses(plan: MeshPlan) -> None:
    for cluster in plan.clusters.values():
        made = {name for kind, _, name in map(identity, objects(cluster)) if kind == "Namespace"}
        used = {namespace for _, namespace, _ in map(identity, objects(cluster)) if namespace}
        assert used - made <= foreign_namespaces(plan)
        assert "istio-system" in made


def everything_comes_after_what_it_waits_for(plan: MeshPlan) -> None:
    for cluster in plan.clusters.values():
        drained = isinstance(cluster.config, CloudClusterConfig)
        there = {f"{cluster.name}-drain"} if drained else set()
        for each in cluster.objects:
            assert set(each.after) <= there
            assert each.name not in there
            there.add(each.name)


def a_release_is_installed_once(plan: MeshPlan) -> None:
    for cluster in plan.clusters.values():
        releases = [each.release for each in cluster.objects if isinstance(each, PlannedRelease)]
        assert len(releases) == len(set(releases))


@thorough
@given(busy_meshes())
def test_what_holds_for_the_objects_of_every_mesh(raw: Mapping[str, Any]) -> None:
    """Each is made and planned once for all of these."""
    plan = planned(raw)
    for holds in (
        no_two_objects_have_one_kind_namespace_and_name,
        every_objects_namespace_is_declared_or_somebody_elses,
        everything_comes_after_what_it_waits_for,
        a_release_is_installed_once,
    ):
        holds(plan)


def test_a_pod_of_a_gateway_on_eks_is_ready_when_its_load_balancer_has_found_it_healthy() -> None:
    gate = "elbv2.k8s.aws/pod-readiness-gate-inject"
    for cluster, gated in (("gke-eu", False), ("eks-us", True)):
        raw = changed(PROD, {"ingress.public.cluster": cluster, "ingress.public.namespace": "orders"})
        objects = plan_from(raw, "prod").clusters[cluster].objects
        labels = {
            each.manifest["metadata"]["name"]: each.manifest["metadata"].get("labels", {})
            for each in objects
            if isinstance(each, PlannedObject) and each.is_namespace
        }
        gates = {name for name, own in labels.items() if own.get(gate) == "enabled"}
        assert gates == ({"istio-system", "orders"} if gated else set())
        assert labels["orders"].get("istio-injection", "enabled") == "enabled", "its own labels stay"
        (gateway,) = [
            each
            for each in objects
            if isinstance(each, PlannedRelease) and each.release == "istio-eastwestgateway"
        ]
        assert (gateway.timeout or 300) > (600 if gated else 299)


def test_a_gateway_drains_as_long_as_the_configuration_says_in_any_cluster() -> None:
    for raw, name in ((PROD, "gke-eu"), (PROD, "eks-us"), (DEV, min(DEV["clusters"]))):
        changes = {f"clusters.{name}.gateway": {"drainSeconds": 600}}
        values = {
            each.release: each.values
            for each in plan_from(changed(raw, changes), "test").clusters[name].objects
            if isinstance(each, PlannedRelease)
        }
        gateway = values["istio-eastwestgateway"]
        assert gateway["terminationGracePeriodSeconds"] > 600
        assert "terminationDrainDuration: 600s" in gateway["podAnnotations"]["proxy.istio.io/config"]
        defaults = values["istiod"].get("gatewayClasses", {})
        assert ("600s" in str(defaults)) is (raw is PROD)
