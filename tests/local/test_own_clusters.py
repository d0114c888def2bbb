"""A stack of clusters that exist already and that others use, too: `up` works beside what is there, and
`destroy` leaves it.

The tests run in this order on one stack.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.commands import PROJECT
from tests.engine.doubles.store import World
from tests.engine.site import Site, make_site
from tests.local.inventory import inventory, stays
from tests.local.lab_site import EAST, ECHO, FAR, Kubectl, bring_up, eventually, own_lab
from tests.local.mesh_clouds.site import UPSTREAM_ENVOY
from tests.plugins.official import PLUGIN

pytestmark = pytest.mark.lab

USED, NEW = EAST.name, FAR.name
"""In one cluster the mesh's namespaces and objects of others in them are there before the mesh, in the other
one they are not."""
GATEWAY_API: Final = PROJECT / "components/charts/gateway-api-crds/standard"
LABELS: Final = {"team": "shop"}
BILLING: Final = {"app": "billing"}
REGISTRY: Final = json.dumps({"auths": {"registry.example.com": {"auth": "dXNlcjpwYXNz"}}})


@dataclass
class OwnClusters:
    """The stack, and what is in each of its clusters before its first `up`."""

    site: Site
    kubectl: Mapping[str, Kubectl]
    before: Mapping[str, set[str]]

    def labels(self, cluster: str, namespace: str) -> dict[str, str]:
        labels: dict[str, str] = self.kubectl[cluster].get("namespace", namespace)["metadata"]["labels"]
        return {key: value for key, value in labels.items() if key != "kubernetes.io/metadata.name"}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnClusters]:
    folder = tmp_path_factory.mktemp("o")
    with own_lab(folder / "lab"):
        infos = bring_up(EAST, FAR)
        kubectl = {name: Kubectl(info, folder) for name, info in infos.items()}
        for each in kubectl.values():
            each("apply", "--server-side", "-f", str(GATEWAY_API))
        use(kubectl[USED])
        peers = {name: info.peer_endpoint for name, info in infos.items()}
        before = {name: inventory(each) for name, each in kubectl.items()}
        yield OwnClusters(make_stack(folder, kubectl, peers), kubectl, before)


def use(kubectl: Kubectl) -> None:
    """Puts into a cluster what its users have there."""
    names = ("istio-system", "demo")
    kind = {"apiVersion": "v1", "kind": "Namespace"}
    kubectl.apply(*({**kind, "metadata": {"name": name, "labels": LABELS}} for name in names))
    kubectl.apply(config_map("prices"), *billing())
    kubectl("wait", "-n", "demo", "serviceaccount/default", "--for=create", "--timeout=30s")
    kubectl.run_echo("shop", "demo")


def billing() -> list[dict[str, Any]]:
    """The Service and the service account of pods, to which the stack adds VMs."""
    metadata = {"name": "billing", "namespace": "demo", "labels": LABELS}
    spec = {"selector": BILLING, "ports": [{"name": "http", "port": 8080}]}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec},
    ]


def config_map(name: str) -> dict[str, Any]:
    where = {"name": name, "namespace": "demo"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": where, "data": {"apple": "1"}}


def make_stack(folder: Path, kubectl: Mapping[str, Kubectl], peers: Mapping[str, str]) -> Site:
    """The stack `dev` on these clusters, with a group without VMs, under Pulumi's own plug-in."""
    servers: dict[str, list[dict[str, str]]] = {"gcp": [], "aws": [], "kubeconfig": []}
    site = make_site(folder, "dev", World(folder / "world"), None, servers=servers, credential={})
    site.environment["PATH"] = f"{PLUGIN.parent}:{site.environment['PATH']}"
    site.environment["KUBECONFIG"] = ":".join(str(each.file) for each in kubectl.values())
    mesh = site.mesh
    del mesh["ingress"]
    mesh["workloadGroups"] = {
        "billing": {
            "namespace": "demo",
            "cluster": USED,
            "network": "machines",
            "labels": BILLING,
            "ports": {"http": 8080},
            "service": {"ownership": "adopt", "selector": BILLING},
            "serviceAccountOwnership": "adopt",
            "machines": {"type": "bundle"},
        }
    }
    machines = mesh["networks"]["machines"]
    mesh["istio"] |= {
        "pullSecret": "registry",
        "charts": {"type": "folder", "path": ".toolchain/charts"},
        "gatewayApi": "existing",
        "values": UPSTREAM_ENVOY,
    }
    mesh["networks"] = {
        spec.network.name: {"type": "external", "cidr": spec.network.cidr} for spec in (EAST, FAR)
    }
    mesh["clusters"] = {
        spec.name: {
            "type": "kubeconfig",
            "network": spec.network.name,
            "context": spec.name,
            "peerEndpoint": peers[spec.name],
        }
        for spec in (EAST, FAR)
    }
    mesh["networks"]["machines"] = machines
    mesh["demo"] = {"image": ECHO}
    site.configure(mesh)
    site.pulumi("config", "set", "--secret", "--stack", site.stack, "hybrid-mesh:registry", REGISTRY)
    return site


def test_up_works_beside_what_is_there(own: OwnClusters) -> None:
    own.site.up("--suppress-outputs")
    assert own.labels(USED, "demo") == {**LABELS, "istio-injection": "enabled"}

    def of_both() -> bool:
        answers = own.kubectl[USED].ask_from_the_demo("http://echo.demo.svc.cluster.local:8080/", "--count=8")
        return {each.cluster for each in answers} == {USED, NEW}

    eventually("answers of both clusters", of_both, 60)


def test_a_service_and_an_account_that_exist_are_used(own: OwnClusters) -> None:
    for cluster in (USED, NEW):
        assert own.kubectl[cluster].get("-n", "demo", "service", "billing")["spec"]["selector"] == BILLING
    used = own.kubectl[USED]
    assert used.get("-n", "demo", "serviceaccount", "billing")["metadata"]["labels"] == LABELS
    group = used.get("-n", "demo", "workloadgroup", "billing")
    assert group["spec"]["template"]["serviceAccount"] == "billing"


def test_injected_pods_have_the_credentials_of_the_registry(own: OwnClusters) -> None:
    for kubectl in own.kubectl.values():
        secret = kubectl.get("-n", "demo", "secret", "hybrid-mesh-registry")
        assert base64.b64decode(secret["data"][".dockerconfigjson"]).decode() == REGISTRY
        pods = kubectl.get("-n", "demo", "pods", "-l", "app=echo")["items"]
        assert pods
        assert all({"name": "hybrid-mesh-registry"} in pod["spec"]["imagePullSecrets"] for pod in pods)


def test_a_second_up_changes_nothing(own: OwnClusters) -> None:
    own.site.up("--expect-no-changes", "--suppress-outputs")


def test_destroy_deletes_only_what_the_stack_made(own: OwnClusters) -> None:
    """Others have put something into a namespace of the stack since."""
    own.kubectl[NEW].apply(config_map("late"))
    said = own.site.destroy()
    for name in ("demo", "istio-system"):
        assert f"namespace {name} of cluster {USED} is kept: it existed before this stack" in said
        assert own.labels(USED, name) == LABELS
    assert f"namespace demo of cluster {NEW} is kept: it has objects that this stack did not create" in said
    assert "ConfigMap/late" in said
    assert own.labels(NEW, "demo") == {}
    assert own.kubectl[USED].get("-n", "demo", "configmap", "prices")["data"] == {"apple": "1"}
    for kind in ("Service", "ServiceAccount"):
        assert f"{kind} demo/billing of cluster {USED} is kept: it existed before this stack" in said
    assert own.kubectl[USED].get("-n", "demo", "pod", "shop")["status"]["phase"] == "Running"
    of_demo = {"ConfigMap demo/late", "ConfigMap demo/kube-root-ca.crt", "ServiceAccount demo/default"}
    added = {NEW: {"Namespace /demo", *of_demo}, USED: set[str]()}
    for name, before in own.before.items():
        after = inventory(own.kubectl[name])
        assert before - after == set(), name
        assert {each for each in after - before if not stays(each)} == added[name], name
