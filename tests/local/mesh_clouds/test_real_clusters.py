"""Real clusters behind fake clouds: the stack `prod` really applies its mesh to two clusters of the lab.

The doubles of GKE and EKS answer with the clusters' endpoints, and a machine of the lab boots with the
user-data of the recorded instance template.
"""

import base64
import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.lab.client import LabClient
from local.lab.specs import ClusterInfo, ClusterSpec, MachineInfo, MachineSpec, NetworkSpec
from tests.engine.doubles.store import World
from tests.engine.site import Site, make_site
from tests.local.lab_site import Kubectl, eventually, say_nothing

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("mesh-clouds")]

GCP, AWS = NetworkSpec("gcp-eu", "10.10.0.0/16"), NetworkSpec("aws-us", "10.20.0.0/16")
GKE = ClusterSpec("gke-eu", GCP, "10.10.128.0/17", "10.10.16.0/20", "1.35.4")
EKS = ClusterSpec("eks-us", AWS, "10.20.128.0/17", "172.20.0.0/16", "1.35.4")
LAB_WAN = "172.30.0.0/16"
PACKAGES = "http://172.30.0.1:8080"
TEMPLATE = "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate"
PLUGIN = Path(__file__).parent / "bin"


class Mesh:
    """The site, the lab behind it, and what each of its clusters is."""

    def __init__(self, site: Site, lab: LabClient, clusters: dict[str, ClusterInfo]) -> None:
        self.site, self.lab, self.clusters = site, lab, clusters

    def kubectl(self, cluster: str) -> Kubectl:
        return Kubectl(self.clusters[cluster], self.site.folder)

    def boot(self, stop: threading.Event) -> MachineInfo:
        """Boots a machine as the managed group would, as soon as the template is recorded."""
        recorded = eventually(
            "the instance template", lambda: stop.is_set() or self.site.world.of_type(TEMPLATE), 400
        )
        assert not stop.is_set(), "the up ended without an instance template"
        inputs = recorded[0].inputs
        email = inputs["serviceAccount"]["email"]
        return self.lab.ensure_machine(
            MachineSpec("ratings-x7fk", GCP, inputs["metadata"]["user-data"], email), say_nothing
        )


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    if os.geteuid() != 0:
        pytest.skip("the lab needs root")
    folder = tmp_path_factory.mktemp("clouds")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HYBRID_MESH_STATE", str(folder / "lab"))
        patch.setenv("HYBRID_MESH_SEVERAL_LABS", "1")
        lab = LabClient.connect(start=True)
        try:
            with ThreadPoolExecutor(2) as pool:
                made = pool.map(lambda spec: lab.ensure_cluster(spec, say_nothing), (GKE, EKS))
                clusters = {info.name: info for info in made}
            yield Mesh(_site(folder, clusters), lab, clusters)
        finally:
            for name in ("ratings-x7fk",):
                lab.delete_machine(name)
            for name in ("gke-eu", "eks-us"):
                lab.delete_cluster(name)


def _site(folder: Path, clusters: dict[str, ClusterInfo]) -> Site:
    gke, eks = clusters["gke-eu"], clusters["eks-us"]
    world = World(folder / "world")
    world.fix_addresses(
        {
            "mesh-gke-eu-gateway": gke.gateway_address,
            **{f"mesh-eks-us-gateway-{zone}": eks.gateway_address for zone in "abc"},
        }
    )
    servers = {"gcp": [_server(gke)], "aws": [_server(eks)], "kubeconfig": []}
    credential = {"gke-gcloud-auth-plugin": _credential(gke), "aws": _credential(eks)}
    site = make_site(folder, "prod", world, None, servers=servers, credential=credential)
    site.environment["PATH"] = f"{PLUGIN}:{site.environment['PATH']}"
    site.configure(_mesh(site.mesh, clusters))
    return site


def _mesh(mesh: dict[str, Any], clusters: dict[str, ClusterInfo]) -> dict[str, Any]:
    """The stack `prod` as far as a lab can be its cloud: no EC2 metadata, Istio from the toolchain."""
    mesh["protected"] = False
    mesh["istio"] |= {
        "charts": {"type": "folder", "path": ".toolchain/charts"},
        "packages": PACKAGES,
        "proxy": "envoy",
    }
    mesh["networks"]["dc-fra"]["egress"] = [LAB_WAN]
    for name, info in clusters.items():
        mesh["clusters"][name]["peerEndpoint"] = info.peer_endpoint
    del mesh["workloadGroups"]["orders"]
    mesh["workloadGroups"]["ratings"]["machines"] |= {"min": 1, "max": 2}
    mesh["demo"] = {"group": "ratings", "binaries": PACKAGES}
    mesh["ingress"]["public"]["routes"] = [
        {"name": "ratings", "backends": [{"group": "ratings", "port": 9080}]}
    ]
    return mesh


def _server(info: ClusterInfo) -> dict[str, str]:
    return {"server": info.endpoint, "authority": info.certificate_authority}


def _credential(info: ClusterInfo) -> dict[str, str]:
    user = json.loads(info.kubeconfig)["users"][0]["user"]
    certificate, key = (base64.b64decode(user[f"client-{kind}-data"]) for kind in ("certificate", "key"))
    return {"clientCertificateData": certificate.decode(), "clientKeyData": key.decode()}


def test_prod_is_raised_and_its_machine_joins_through_the_metadata_service(mesh: Mesh) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        booted: Future[MachineInfo] = pool.submit(mesh.boot, stop)
        try:
            mesh.site.up("--suppress-outputs")
        finally:
            stop.set()
        machine = booted.result()
    entries = json.loads(mesh.kubectl("gke-eu")("-n", "bookinfo", "get", "workloadentries", "-o", "json"))[
        "items"
    ]
    assert [entry["spec"]["address"] for entry in entries] == [machine.address]
    conditions = {each["type"]: each["status"] for each in entries[0]["status"]["conditions"]}
    assert conditions["Healthy"] == "True"


def test_a_pod_behind_the_other_cloud_calls_the_machine(mesh: Mesh) -> None:
    def called() -> bool:
        said = mesh.kubectl("eks-us")(
            "-n", "demo", "exec", "deploy/echo", "-c", "echo", "--",
            "/usr/local/bin/echo-client", "http://ratings.bookinfo:9080/",
        )  # fmt: skip
        return "StatusCode=200" in said

    eventually("an answer of the machine", called, 60)


def test_a_second_up_changes_nothing(mesh: Mesh) -> None:
    mesh.site.up("--expect-no-changes", "--suppress-outputs")


def test_destroy_leaves_nothing_in_the_clouds_nor_in_the_clusters(mesh: Mesh) -> None:
    mesh.site.destroy()
    assert mesh.site.world.things() == []
