"""VMs of clouds: who they are, what they boot with, and how many there are."""

import gzip
import re
from typing import Any

import pytest
import yaml

from hybrid_mesh.model.clouds.google import GceMachineSetPlan, service_account_email, service_account_id
from hybrid_mesh.model.objects.minting import minting_policy, minting_role_binding
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import GroupPlan
from hybrid_mesh.model.texts.cloud_init import USER_DATA_LIMIT
from tests.model.cloud_boots import BOOTS, TEXTS
from tests.model.meshes import PROD, changed


def _group(name: str, changes: dict[str, Any] | None = None) -> GroupPlan:
    return plan_from(changed(PROD, changes or {}), "prod").groups[name]


def test_a_gce_machine_is_its_service_accounts_user() -> None:
    group = _group("ratings")
    assert group.machine_identity == "hm-prod-ratings@example-mesh-prod.iam.gserviceaccount.com"
    binding = minting_role_binding("ratings", "bookinfo", group.machine_identity, group.identity_kind)
    assert binding["subjects"][0]["kind"] == "User"
    assert isinstance(group.machine_set, GceMachineSetPlan)
    assert group.machine_identity.startswith(f"{group.machine_set.service_account_id}@")


def test_an_ec2_machine_is_in_its_access_entrys_group() -> None:
    group = _group("orders")
    assert group.machine_identity == "hybrid-mesh:orders"
    binding = minting_role_binding("orders", "shop", group.machine_identity, group.identity_kind)
    assert binding["subjects"] == [
        {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "hybrid-mesh:orders"}
    ]
    [condition] = minting_policy("orders", group.machine_identity, group.identity_kind)["spec"][
        "matchConditions"
    ]
    assert condition["expression"] == (
        "has(request.userInfo.groups) && 'hybrid-mesh:orders' in request.userInfo.groups"
    )


def test_a_bundles_machine_has_no_identity_in_a_cloud() -> None:
    group = _group("ledger")
    assert (group.machine_identity, group.machine_set) == (None, None)


@pytest.mark.parametrize("group", ["a", "ratings", "a-group-with-a-name-that-is-rather-long"])
@pytest.mark.parametrize("stack", ["prod", "Prod.EU_1", "an-environment-of-the-second-kind"])
def test_ids_of_service_accounts_are_such_as_google_takes(stack: str, group: str) -> None:
    account = service_account_id(stack, group)
    assert 6 <= len(account) <= 30
    assert account == account.lower()
    assert account[0].isalpha()
    assert account[-1].isalnum()
    assert account.replace("-", "").isalnum()


def test_long_names_have_different_accounts() -> None:
    names = [f"a-group-with-a-name-that-is-rather-long-{index}" for index in range(50)]
    assert len({service_account_id("prod", name) for name in names}) == 50


def test_a_project_of_a_domain_is_turned_round_in_an_email() -> None:
    assert service_account_email("a", "example.com:web") == "a@web.example.com.iam.gserviceaccount.com"


def test_a_networks_project_goes_before_the_meshs() -> None:
    group = _group("ratings", {"networks.gcp-eu.project": "other-project"})
    assert group.machine_identity == "hm-prod-ratings@other-project.iam.gserviceaccount.com"
    assert isinstance(group.machine_set, GceMachineSetPlan)
    assert group.machine_set.project == "other-project"


@pytest.mark.parametrize(
    ("machines", "size"),
    [
        ({"type": "gce"}, (1, 1, False)),
        ({"type": "gce", "count": 7}, (7, 7, False)),
        ({"type": "gce", "min": 2, "max": 9}, (2, 9, True)),
    ],
)
def test_a_set_is_awaited_at_its_smallest(machines: dict[str, Any], size: tuple[int, int, bool]) -> None:
    group = _group("ratings", {"workloadGroups.ratings.machines": machines})
    assert group.machine_set is not None
    assert (group.machine_set.minimum, group.machine_set.maximum, group.machine_set.autoscaled) == size
    assert group.minimum == size[0]
    assert group.machines == ()


def test_autohealing_gives_a_machine_time_to_join() -> None:
    for name in ("ratings", "orders"):
        machines = _group(name).machine_set
        assert machines is not None
        assert machines.ready_seconds >= 300
        assert machines.health_port == 15029, "where only a VM in service answers 200"


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("user-data-gce-ubuntu", "deb/istio-sidecar.deb"),
        ("user-data-gce-rocky", "rpm/istio-sidecar.rpm"),
        ("user-data-ec2-debian", "deb/istio-sidecar.deb"),
        ("user-data-ec2-amazon-arm64", "rpm/istio-sidecar-arm64.rpm"),
    ],
)
def test_a_machine_fetches_the_package_of_its_distribution(name: str, package: str) -> None:
    assert BOOTS[name].package_url.endswith(f"/releases/1.31.0/{package}")


@pytest.mark.parametrize("name", TEXTS)
def test_user_data_is_small_and_holds_no_secret(name: str) -> None:
    text = TEXTS[name]
    assert len(gzip.compress(text.encode(), mtime=0)) <= USER_DATA_LIMIT
    assert "PRIVATE KEY" not in text
    assert "root-cert.pem\n" not in text
    files = {entry["path"]: entry["content"] for entry in yaml.safe_load(text)["write_files"]}
    assert not [path for path in files if "token" in path]


APPLICATION = re.compile(r"/srv/|/etc/systemd/system/(ratings|orders)\.service")


def test_machines_of_both_clouds_differ_in_their_proof_only() -> None:
    def files(name: str) -> dict[str, str]:
        written = yaml.safe_load(TEXTS[f"{name}.yaml"])["write_files"]
        return {e["path"]: e["content"] for e in written if not APPLICATION.match(e["path"])}

    gce, ec2 = files("user-data-gce-ubuntu"), files("user-data-ec2-debian")
    assert set(ec2) - set(gce) == {"/etc/systemd/system/hybrid-mesh-launched.service"}
    assert set(gce) <= set(ec2)
    assert {path for path in gce if gce[path] != ec2[path]} == {
        "/etc/hybrid-mesh/machine.env",
        "/usr/local/lib/hybrid-mesh/cloud_identity.py",
        "/var/lib/istio/config/mesh",
        "/var/lib/istio/envoy/cluster.env",
    }
    assert (
        "AWS_REGION='us-east-1'\nEKS_CLUSTER='eks-us-1a2b3c4'\nLIFECYCLE_HOOK='hybrid-mesh-in-service'\n"
        in ec2["/etc/hybrid-mesh/machine.env"]
    )


@pytest.mark.parametrize(("group", "platform"), [("ratings", "gcp"), ("orders", "aws"), ("ledger", "none")])
def test_the_agent_asks_its_own_clouds_metadata_for_region_and_zone(group: str, platform: str) -> None:
    assert f"CLOUD_PLATFORM='{platform}'\n" in _group(group).cluster_env


def test_the_hosts_file_lists_every_address_of_the_gateway() -> None:
    files = {
        e["path"]: e["content"] for e in yaml.safe_load(TEXTS["user-data-ec2-debian.yaml"])["write_files"]
    }
    assert files["/etc/hybrid-mesh/hosts"].count("istiod.istio-system.svc") == 3
