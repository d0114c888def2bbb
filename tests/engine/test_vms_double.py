"""The VMs of managed groups do what their user-data says, and are replaced as the clouds replace them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.model.config.groups import ApplicationConfig, MachineFileConfig, SystemdUnitConfig
from hybrid_mesh.model.istio_facts import AGENT_PORT
from hybrid_mesh.model.texts.cloud_init import render_user_data
from hybrid_mesh.plugins.framework.errors import ResourceError
from tests.engine.doubles.boots import Boot, boot_of
from tests.engine.doubles.google import Google
from tests.engine.doubles.google_shared import MANAGER, TEMPLATE
from tests.engine.doubles.istiod import API, GROUP, Istiod
from tests.engine.doubles.store import Thing, World
from tests.engine.doubles.vms import HEALTH_CHECK, advance, vms
from tests.engine.test_doubles import call, change, make, remove
from tests.engine.test_google_double import group, template
from tests.model.cloud_boots import boot

UBUNTU = "ubuntu-os-cloud/ubuntu-2404-lts-amd64"
SERVER = "https://127.0.0.1:1"


def file(path: str, content: str) -> MachineFileConfig:
    return MachineFileConfig(path=path, content=content)


def unit(command: str, name: str = "ratings.service") -> SystemdUnitConfig:
    return SystemdUnitConfig(name=name, content=f"[Service]\nExecStart={command}\n")


FOLDER = file("/srv/www/health", "ok")
SERVES = unit("/usr/bin/python3 -m http.server 9080 --directory /srv/www")
OTHER_PORT = unit("/usr/bin/python3 -m http.server 19080 --directory /srv/www")


def booted(image: str = UBUNTU, **changed: Any) -> Boot:
    """With nothing but what is given: the shipped example's own application is left out."""
    application = ApplicationConfig(**changed)
    return boot_of(image, render_user_data(replace(boot("ratings"), application=application)))


def user_data(*units: SystemdUnitConfig) -> str:
    application = ApplicationConfig(units=units, files=(FOLDER,))
    return render_user_data(replace(boot("ratings"), application=application))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, 'Get "http://10.0.0.1:9080/health": dial tcp 10.0.0.1:9080: connect: connection refused'),
        ({"units": (SERVES,), "files": (FOLDER,)}, ""),
        ({"units": (SERVES,)}, "status code was not from [200,400), bad code 404"),
        ({"units": (OTHER_PORT,), "files": (FOLDER,)}, "connection refused"),
        ({"commands": ("docker run --publish 9080:8080 ratings",)}, ""),
        ({"units": (unit("/opt/ratings"),), "files": (file("/opt/ratings", "serve :9080"),)}, ""),
        ({"files": (file("/etc/systemd/system/ratings.service", "ExecStart=a :9080"),)}, "refused"),
        ({"image": "projects/mine/global/images/ratings"}, ""),
    ],
    ids=["nothing", "server", "no file", "other port", "command", "script", "not enabled", "own image"],
)
def test_the_probe_is_answered_by_what_the_user_data_starts(changed: dict[str, Any], message: str) -> None:
    found = booted(**changed).unhealthy("10.0.0.1")
    assert (message in found) if message else not found


@pytest.mark.parametrize(
    ("probe", "healthy"),
    [
        ({"tcpSocket": {"port": 9080}}, True),
        ({"tcpSocket": {"port": 9081}}, False),
        ({"exec": {"command": ["/usr/bin/true"]}}, True),
        ({"exec": {"command": ["/opt/check"]}}, False),
        ({}, True),
    ],
)
def test_other_probes_are_judged_too(probe: dict[str, Any], healthy: bool) -> None:
    found = replace(booted(units=(SERVES,)), probe=probe)
    assert (found.unhealthy("10.0.0.1") == "") is healthy


@pytest.mark.parametrize(
    ("image", "joins"),
    [
        (UBUNTU, True),
        ("projects/mine-cloud-images/global/images/rocky", True),
        ("almalinux-cloud/almalinux-9", False),
        ("rocky-linux-accelerator-cloud/rocky-9", False),
        ("cos-cloud/cos-stable", False),
        ("suse-cloud/sles-15", False),
    ],
)
def test_images_that_never_read_their_user_data_do_not_join(image: str, joins: bool) -> None:
    assert booted(image).joins() is joins


@pytest.fixture
def google(tmp_path: Path) -> Google:
    made = Google(World(tmp_path))
    made.configure({"project": "p", "region": "europe-west4"}, call("provider"))
    return made


def templated(google: Google, name: str, *units: SystemdUnitConfig) -> tuple[str, dict[str, Any], str]:
    """A template's id, inputs and link."""
    given = template(metadata={"user-data": user_data(*units)})
    identity, inputs, outputs = make(google, TEMPLATE, name, **given)
    return identity, inputs, outputs["selfLink"]


def managed(google: Google, link: str, port: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
    check = make(google, HEALTH_CHECK, "h", httpHealthCheck={"port": port, "requestPath": "/"})[2]["selfLink"]
    healing = {"healthCheck": check, "initialDelaySec": 300}
    return make(google, MANAGER, "g", **{**group(link), "targetSize": 4, "autoHealingPolicies": healing})


def by_template(world: World) -> dict[str, list[str]]:
    """The addresses of the VMs, by their template."""
    found: dict[str, list[str]] = {}
    for vm in vms(world):
        found.setdefault(vm.template, []).append(vm.address)
    return found


def steps(world: World, count: int) -> None:
    for _ in range(count):
        advance(world)


def test_a_changed_template_replaces_vms_in_batches_and_is_used_until_the_last(google: Google) -> None:
    first = templated(google, "one", SERVES)
    made = managed(google, first[2], 15029)
    steps(google.world, 1)
    assert [len(each) for each in by_template(google.world).values()] == [4]
    second = templated(google, "two", SERVES, unit("/bin/true", "more.service"))
    change(google, MANAGER, made, versions=[{"instanceTemplate": second[2]}])
    steps(google.world, 1)
    assert {link: len(each) for link, each in by_template(google.world).items()} == {
        first[2]: 4,
        second[2]: 3,
    }
    with pytest.raises(
        ResourceError, match=r"already being used by 'VM vm-1, .*resourceInUseByAnotherResource"
    ):
        remove(google, TEMPLATE, first[0], first[1])
    steps(google.world, 4)
    assert {link: len(each) for link, each in by_template(google.world).items()} == {second[2]: 4}
    remove(google, TEMPLATE, first[0], first[1])


@pytest.mark.parametrize(
    ("port", "old", "new"), [(15029, 4, 3), (AGENT_PORT, 0, 4)], ids=["application", "agent alone"]
)
def test_a_poisoned_template_ends_where_the_health_check_sees_it(
    google: Google, port: int, old: int, new: int
) -> None:
    first = templated(google, "one", SERVES)
    made = managed(google, first[2], port)
    steps(google.world, 1)
    second = templated(google, "two", OTHER_PORT)
    change(google, MANAGER, made, versions=[{"instanceTemplate": second[2]}])
    steps(google.world, 8)
    found = by_template(google.world)
    assert (len(found.get(first[2], [])), len(found[second[2]])) == (old, new)
    third = templated(google, "three", SERVES, unit("/bin/true", "more.service"))
    change(google, MANAGER, made, versions=[{"instanceTemplate": third[2]}])
    steps(google.world, 8)
    assert {link: len(each) for link, each in by_template(google.world).items()} == {third[2]: 4}


def test_a_group_takes_its_vms_with_it(google: Google) -> None:
    identity, inputs, _ = managed(google, templated(google, "one", SERVES)[2], AGENT_PORT)
    steps(google.world, 1)
    remove(google, MANAGER, identity, inputs)
    assert vms(google.world) == []


def test_istiod_has_an_entry_for_each_vm_that_joined(google: Google) -> None:
    namespace, name = booted().group
    spec = {"metadata": {"labels": {"app": "ratings"}}, "template": {"ports": {"http": 9080}}}
    manifest = {"metadata": {"name": name, "namespace": namespace}, "spec": spec}
    google.world.put(Thing("kubernetes", GROUP, f"{namespace}/{name}", "", manifest, manifest, SERVER))
    first = templated(google, "one", SERVES)
    made = managed(google, first[2], 15029)
    istiod = Istiod(google.world)
    assert healths(istiod, namespace) == ["True"] * 4
    before = {entry["spec"]["address"] for entry in entries(istiod, namespace)}
    poisoned = templated(google, "two")
    change(google, MANAGER, made, versions=[{"instanceTemplate": poisoned[2]}])
    assert healths(istiod, namespace) == ["True"] * 4 + [None] * 3
    assert healths(istiod, namespace) == ["True"] * 4 + ["False"] * 3
    assert {entry["spec"]["address"] for entry in entries(istiod, namespace)} > before
    assert "connection refused" in entries(istiod, namespace)[-1]["status"]["conditions"][0]["message"]


def entries(istiod: Istiod, namespace: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]]
    items = istiod.answer("GET", SERVER, f"{API}{namespace}/workloadentries", None)[1]["items"]
    return items


def healths(istiod: Istiod, namespace: str) -> list[str | None]:
    """The Healthy condition of each entry, None for one whose agent has not probed yet."""
    conditions = [entry["status"].get("conditions", []) for entry in entries(istiod, namespace)]
    return [each[0]["status"] if each else None for each in conditions]
