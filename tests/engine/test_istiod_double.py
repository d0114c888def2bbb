"""The double of istiod keeps what was applied, so that a registration compares each entry with its group."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.model.istio_facts import TEMPLATE_LABEL
from hybrid_mesh.model.objects.groups import workload_group
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.plugins.framework.values import Properties
from tests.engine.doubles.balancers import SERVICE
from tests.engine.doubles.google_shared import MANAGER, TEMPLATE
from tests.engine.doubles.istiod import API, GROUP
from tests.engine.doubles.store import Thing, World
from tests.engine.fake_api import TOKEN, FakeApi, fake_api
from tests.engine.scaled import mesh_of
from tests.json_server import kubeconfig
from tests.plugins.hybridmesh.driver import Driver, FailedCallError, live_plugin, registration_inputs

NAME, NAMESPACE, MACHINES = "g0", "shop", 2
IDENTITY = f"{NAMESPACE}/{NAME}"
MESH = "defaultConfig: {readinessProbe: {tcpSocket: {port: 8080}}}"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FakeApi]:
    with fake_api(World(tmp_path), 1) as made:
        made.istiod.machines = MACHINES
        service = {"metadata": {"name": NAME, "namespace": NAMESPACE, "labels": {"app": NAME}}}
        made.world.put(Thing("kubernetes", SERVICE, IDENTITY, "", service, service, made.servers[0]))
        yield made


@pytest.fixture
def registration() -> Iterator[Driver]:
    with live_plugin() as stub:
        yield Driver(stub, "hybridmesh:index:MachineRegistration")


def apply(api: FakeApi, change: Callable[[dict[str, Any]], None] = lambda spec: None) -> None:
    """The WorkloadGroup that the program declares, with a change."""
    config = plan_from(mesh_of(2, 2 * MACHINES), "prod").groups[NAME].config
    manifest = json.loads(json.dumps(workload_group(NAME, config)))
    change(manifest["spec"])
    api.world.put(Thing("kubernetes", GROUP, IDENTITY, "", manifest, manifest, api.servers[0]))


def other_port(spec: dict[str, Any]) -> None:
    spec["template"]["ports"] = {"http": 9081}


def entries(api: FakeApi) -> list[dict[str, Any]]:
    path = f"{API}{NAMESPACE}/workloadentries"
    items: list[dict[str, Any]] = api.answer("GET", api.servers[0], path, None)[1]["items"]
    return items


def inputs(api: FakeApi, **triggers: str) -> Properties:
    access = json.dumps(kubeconfig(api.servers[0], TOKEN, api.authority))
    given = {"group": NAME, "namespace": NAMESPACE, "minimum": MACHINES, "triggers": triggers}
    return registration_inputs(access, **given)


def test_entries_agree_with_a_new_group(api: FakeApi, registration: Driver) -> None:
    apply(api)
    registration.create(inputs(api), timeout=10)
    assert [entry["metadata"]["resourceVersion"] for entry in entries(api)] == ["1"] * MACHINES


@pytest.mark.parametrize("triggers", [{"group": "2"}, {"group": "2", "template": "2"}])
def test_a_changed_group_is_written_into_its_entries(
    api: FakeApi, registration: Driver, triggers: dict[str, str]
) -> None:
    """Whether its VMs stay or a cloud replaces them: they come back with the former entries."""
    apply(api)
    before = inputs(api, **dict.fromkeys(triggers, "1"))
    identity, created = registration.create(before, timeout=10)
    apply(api, other_port)
    assert [entry["spec"]["ports"] for entry in entries(api)] != [{"http": 9081}] * MACHINES
    registration.update(identity, created.value, before, inputs(api, **triggers), timeout=10)
    assert [entry["spec"]["ports"] for entry in entries(api)] == [{"http": 9081}] * MACHINES
    assert all(entry["status"]["conditions"] for entry in entries(api))
    found = api.world.find("kubernetes", SERVICE, IDENTITY, api.servers[0])
    assert found is not None
    assert found.outputs["metadata"]["labels"] == {"app": NAME, "hybrid-mesh/corrected": "3"}


def test_an_entry_that_was_changed_meanwhile_or_is_gone_is_refused(api: FakeApi) -> None:
    apply(api)
    entry = entries(api)[0]
    path = f"{API}{NAMESPACE}/workloadentries/{entry['metadata']['name']}"
    other_version = {**entry, "metadata": {**entry["metadata"], "resourceVersion": "7"}}
    assert api.answer("PUT", api.servers[0], path, other_version)[0] == 409
    api.world.drop("kubernetes", GROUP, IDENTITY, api.servers[0])
    assert api.answer("PUT", api.servers[0], path, entry)[0] == 404
    assert entries(api) == []


def test_vms_of_another_template_take_the_place_of_the_former_ones(
    api: FakeApi, registration: Driver
) -> None:
    """As Google Cloud keeps the former template beside the one that the group uses."""

    def use(template: str) -> Properties:
        labels = json.dumps({"app": NAME, TEMPLATE_LABEL: template})
        environment = {"NAMESPACE": NAMESPACE, "META_AUTO_REGISTER_GROUP": NAME, "METAJSON_LABELS": labels}
        lines = "".join(f"ISTIO_{key}='{value}'\n" for key, value in environment.items())
        contents = {"envoy/cluster.env": lines, "config/mesh": MESH}
        files = [{"path": f"/var/lib/istio/{path}", "content": text} for path, text in contents.items()]
        text = json.dumps({"write_files": files, "runcmd": []})
        made = {"metadata": {"user-data": text}, "disks": [{"sourceImage": "mine/image"}]}
        api.world.put(Thing("gcp", TEMPLATE, template, "", made, {"selfLink": template}))
        group = {"versions": [{"instanceTemplate": template}], "targetSize": MACHINES}
        api.world.put(Thing("gcp", MANAGER, "group", "", group, {}))
        return {**inputs(api, template=template), "template": template, "patienceSeconds": 10}

    apply(api)
    before, after = use("a"), use("b")
    use("a")
    identity, created = registration.create(before, timeout=10)
    with pytest.raises(FailedCallError, match="all of the current template"):
        registration.update(identity, created.value, before, after, timeout=0.5)
    use("b")
    registration.update(identity, created.value, before, after, timeout=10)
    assert {entry["spec"]["labels"][TEMPLATE_LABEL] for entry in entries(api)} == {"b"}
