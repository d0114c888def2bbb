"""The tables of Istio's chart values: complete for the charts, and for what the plan sets."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from hybrid_mesh.model.checks.chart_keys import CLOUD_OWNED, ENVOY_OWNED, GATEWAY, ISTIOD, ChartKeys, Path
from hybrid_mesh.model.objects.helm_values import GATEWAY_NAME
from hybrid_mesh.model.plan.build import plan_from
from tests.commands import PROJECT
from tests.model.meshes import STACKS, changed, release_values

CHARTS = PROJECT / ".toolchain" / "charts"
TABLES = {"istiod": ISTIOD, "gateway": GATEWAY}
RELEASES = {"istiod": "istiod", "gateway": GATEWAY_NAME}


def _unclassified(values: Mapping[str, Any], keys: ChartKeys, above: Path = ()) -> Iterator[Path]:
    for key, value in values.items():
        path = (*above, key)
        if path in keys.owned or path in keys.free:
            continue
        if path not in keys.kept:
            yield path
        elif isinstance(value, Mapping) and path not in keys.mappings:
            yield from _unclassified(value, keys, path)


@pytest.mark.skipif(not CHARTS.is_dir(), reason="the toolchain is not built")
@pytest.mark.parametrize("chart", TABLES)
def test_every_key_of_the_chart_is_the_plans_or_yours(chart: str) -> None:
    text = (CHARTS / chart / "values.yaml").read_text()
    defaults = yaml.safe_load(text)["_internal_defaults_do_not_set"]
    keys = TABLES[chart]
    unnamed = {"labels", "podAnnotations", "env"}
    found = {".".join(path) for path in _unclassified(defaults, keys) if path[0] not in unnamed}
    assert found == set()


@pytest.mark.skipif(not CHARTS.is_dir(), reason="the toolchain is not built")
@pytest.mark.parametrize("chart", TABLES)
def test_lists_and_mappings_of_the_chart_are_known(chart: str) -> None:
    defaults = yaml.safe_load((CHARTS / chart / "values.yaml").read_text())["_internal_defaults_do_not_set"]
    keys = TABLES[chart]
    kinds: dict[str, set[Path]] = {"lists": set(), "sections": set(), "filled": set()}
    for path in keys.free:
        value: Any = defaults
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, list):
            kinds["lists"].add(path)
        elif isinstance(value, Mapping):
            kinds["filled" if value else "sections"].add(path)
    assert kinds == {"lists": keys.lists, "sections": keys.sections, "filled": keys.filled}


@pytest.mark.parametrize("chart", TABLES)
def test_no_key_has_two_places(chart: str) -> None:
    keys = TABLES[chart]
    for path in (*keys.free, *keys.mappings):
        assert not any(path[:length] in keys.owned for length in range(1, len(path) + 1)), path
    assert not keys.free & set(keys.kept)


@pytest.mark.parametrize("chart", TABLES)
@pytest.mark.parametrize("stack", STACKS)
def test_every_mapping_of_the_plan_is_kept(stack: str, chart: str) -> None:
    keys = TABLES[chart]
    owned = {*keys.owned, *(ENVOY_OWNED if chart == "istiod" else CLOUD_OWNED)}
    for cluster in plan_from(STACKS[stack], stack).clusters.values():
        for path in _mappings(release_values(cluster, RELEASES[chart])):
            below = any(path[:length] in owned for length in range(1, len(path) + 1))
            assert below or path in keys.kept or _is_patch(path), path


def _mappings(values: Mapping[str, Any], above: Path = ()) -> Iterator[Path]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield (*above, key)
            yield from _mappings(value, (*above, key))


def _is_patch(path: Path) -> bool:
    """Whether `path` is in one of the plan's lists, which are replaced as a whole."""
    return "metrics" in path


def test_values_of_a_cluster_are_merged_over_those_of_the_mesh() -> None:
    plan = plan_from(
        changed(
            STACKS["local"],
            {
                "istio.values": {
                    "meshConfig": {"accessLogFile": "/dev/stdout", "defaultConfig": {"concurrency": 3}}
                },
                "clusters.east.istio.values": {
                    "meshConfig": {"defaultConfig": {"concurrency": 4}},
                    "pilot": {"meshConfig": {"defaultConfig": {"drainDuration": "7s"}}},
                },
            },
        ),
        "test",
    )
    found = {
        name: release_values(cluster, "istiod")["meshConfig"]["defaultConfig"]["concurrency"]
        for name, cluster in plan.clusters.items()
    }
    assert found == {"east": 4, "west": 3}
    meshes = [yaml.safe_load(plan.groups["legacy"].mesh_yaml)]
    assert [mesh["defaultConfig"]["concurrency"] for mesh in meshes] == [4], "VMs have those of their cluster"
    assert [mesh["defaultConfig"]["drainDuration"] for mesh in meshes] == ["7s"]
    elsewhere = plan.clusters["west"]
    assert release_values(elsewhere, "istiod")["meshConfig"]["accessLogFile"] == "/dev/stdout"


def test_the_gateway_of_a_cluster_has_its_values_and_annotations() -> None:
    tolerations = [{"key": "edge", "operator": "Exists"}]
    gateway = {"annotations": {"metallb.io/address-pool": "mesh"}}
    values = {"tolerations": tolerations, "replicaCount": 2, "service": {"loadBalancerIP": "10.40.0.9"}}
    changes = {"clusters.east.gateway": {**gateway, "values": values}}
    plan = plan_from(changed(STACKS["local"], changes), "test")
    found = release_values(plan.clusters["east"], GATEWAY_NAME)
    assert found["tolerations"] == tolerations
    assert (found["replicaCount"], found["autoscaling"]["enabled"]) == (2, False)
    assert found["service"]["annotations"] == gateway["annotations"]
    assert found["service"]["loadBalancerIP"] == "10.40.0.9"
    assert [port["port"] for port in found["service"]["ports"]] == [15021, 15443, 15012]
    assert "tolerations" not in release_values(plan.clusters["west"], GATEWAY_NAME)
    own = {"clusters.east.gateway.values": {"replicaCount": 2, "autoscaling": {"maxReplicas": 3}}}
    scaled = plan_from(
        changed(STACKS["dev"], {key.replace("east", "one"): v for key, v in own.items()}), "test"
    )
    autoscaling = release_values(scaled.clusters["one"], GATEWAY_NAME)["autoscaling"]
    assert autoscaling == {"maxReplicas": 3}
