"""What the double of the kubernetes plug-in refuses and decides, as pulumi-kubernetes does."""

import json
from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.handler import CheckCall, CreateCall, DeleteCall, Diff, DiffCall, ReadCall
from hybrid_mesh.plugins.framework.values import UNKNOWN
from tests.engine.doubles.cluster import ClusterProvider
from tests.engine.doubles.kinds import RELEASE
from tests.engine.doubles.store import World
from tests.engine.test_doubles import call
from tests.json_server import kubeconfig

NAMESPACE = "kubernetes:core/v1:Namespace"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
SERVER = "https://192.0.2.1"
OTHER = json.dumps(kubeconfig("other"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def provider(world: World, **options: Any) -> ClusterProvider:
    made = ClusterProvider(world)
    made.configure({"kubeconfig": json.dumps(kubeconfig(SERVER)), **options}, call("provider"))
    return made


def create(plugin: ClusterProvider, token: str, **inputs: Any) -> str:
    handler = plugin.handler(token)
    checked = handler.check(CheckCall({}, inputs, call("a")))
    return handler.create(CreateCall(checked.inputs, False, 0, call("a"))).identity


def diff(plugin: ClusterProvider, token: str, old: dict[str, Any], new: dict[str, Any]) -> Diff:
    handler = plugin.handler(token)
    before = handler.check(CheckCall({}, old, call("a"))).inputs
    after = handler.check(CheckCall(before, new, call("a"))).inputs
    return handler.diff(DiffCall("id", before, before, after, call("a")))


def named(name: str, **rest: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, **rest}


def test_an_object_that_exists_is_not_taken_over_unless_requested(world: World) -> None:
    create(provider(world), NAMESPACE, **named("n"))
    with pytest.raises(ResourceError, match="exists already"):
        create(provider(world), NAMESPACE, **named("n"))
    assert create(provider(world, upsertExistingObjects="true"), NAMESPACE, **named("n")) == "n"


def test_data_of_a_config_map_is_immutable_and_of_a_secret_unless_requested(world: World) -> None:
    old, new = named("c", data={"k": "1"}), named("c", data={"k": "2"})
    assert diff(provider(world), CONFIG_MAP, old, new).replaces == ["data"]
    assert diff(provider(world), SECRET, old, new).replaces == ["data"]
    told = provider(world, enableSecretMutable="true")
    assert diff(told, SECRET, old, new).replaces == []
    assert diff(told, SECRET, {**old, "type": "a"}, {**new, "type": "b"}).replaces == ["type"]
    assert diff(told, CONFIG_MAP, old, new).replaces == ["data"]


def test_what_keeps_its_name_goes_before_its_replacement(world: World) -> None:
    plugin = provider(world)
    assert diff(plugin, CONFIG_MAP, named("c", data={"k": "1"}), named("c", data={})).delete_before_replace
    assert not diff(plugin, CONFIG_MAP, named("c"), named("d")).delete_before_replace
    assert not diff(plugin, CONFIG_MAP, {"data": {"k": "1"}}, {"data": {}}).delete_before_replace


def test_a_chosen_name_is_marked_and_kept(world: World) -> None:
    handler = provider(world).handler(CONFIG_MAP)
    first = handler.check(CheckCall({}, {}, call("a"))).inputs
    assert first["metadata"]["name"].startswith("a-")
    assert first["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert handler.check(CheckCall(first, {}, call("a"))).inputs == first
    with pytest.raises(ResourceError, match="generateName"):
        handler.check(CheckCall({}, {"metadata": {"generateName": "a-"}}, call("a")))


def test_an_unknown_option_and_a_list_are_refused(world: World) -> None:
    checked = provider(world).check_config({}, {"enablePatchForced": "true"}, call("provider"))
    assert [failure.property for failure in checked.failures] == ["enablePatchForced"]
    with pytest.raises(ResourceError, match="lists cannot be created"):
        provider(world).handler("kubernetes:core/v1:SecretList")


@pytest.mark.parametrize(
    ("old", "new", "replaces"),
    [
        (
            {"clusterIdentifier": "a"},
            {"clusterIdentifier": "a", "kubeconfig": OTHER},
            [],
        ),
        ({"clusterIdentifier": "a"}, {"clusterIdentifier": "a", "kubeconfig": UNKNOWN}, []),
        ({"clusterIdentifier": "a"}, {"clusterIdentifier": "b"}, ["clusterIdentifier"]),
        ({"clusterIdentifier": "a"}, {"clusterIdentifier": UNKNOWN}, ["clusterIdentifier"]),
        ({}, {"kubeconfig": OTHER}, ["kubeconfig"]),
        ({}, {"kubeconfig": UNKNOWN}, ["kubeconfig"]),
        ({}, {"kubeconfig": json.dumps(kubeconfig(SERVER)) + "\n"}, []),
    ],
)
def test_which_cluster_it_is_decides_about_a_replacement(
    world: World, old: dict[str, Any], new: dict[str, Any], replaces: list[str]
) -> None:
    given = {"kubeconfig": json.dumps(kubeconfig(SERVER))}
    found = provider(world).diff_config({**given, **old}, {**given, **new}, call("provider"))
    assert (found.changes, found.replaces) == (True, replaces)


def test_a_read_takes_the_namespace_of_inputs_that_have_a_kind(world: World) -> None:
    create(provider(world), NAMESPACE, **named("n"))
    create(provider(world), CONFIG_MAP, metadata={"name": "a", "namespace": "n"})
    handler = provider(world).handler(CONFIG_MAP)
    kind = {"apiVersion": "v1", "kind": "ConfigMap"}
    assert handler.read(ReadCall("n/a", {}, {}, call("a"))) is not None
    assert handler.read(ReadCall("n/a", {**kind, "metadata": {"namespace": "n"}}, {}, call("a"))) is not None
    assert handler.read(ReadCall("n/a", kind, {}, call("a"))) is None


def test_a_dead_cluster_refuses_what_the_options_do_not_allow(world: World) -> None:
    create(provider(world), NAMESPACE, **named("n"))
    world.kill(SERVER)
    plain = provider(world).handler(NAMESPACE)
    with pytest.raises(ResourceError, match="unreachable"):
        plain.read(ReadCall("n", {}, {}, call("a")))
    with pytest.raises(ResourceError, match="unreachable"):
        plain.delete(DeleteCall("n", {}, {}, 0, call("a")))
    forgetting = provider(world, deleteUnreachable="true")
    assert forgetting.handler(NAMESPACE).read(ReadCall("n", {}, {}, call("a"))) is None
    forgetting.handler(NAMESPACE).delete(DeleteCall("n", {}, {}, 0, call("a")))
    with pytest.raises(ResourceError, match="unreachable"):
        forgetting.handler(RELEASE).delete(DeleteCall("n/r", {}, {}, 0, call("a")))
    skipping = provider(world, skipUpdateUnreachable="true").handler(NAMESPACE)
    assert skipping.check(CheckCall(named("n"), named("n", spec={}), call("a"))).inputs == named("n")
