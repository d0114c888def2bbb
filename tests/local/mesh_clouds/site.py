"""The stack `prod` with fake clouds in front of real clusters: its doubles answer with what a lab really has.

The API servers, gateways and addresses behind which the NATs of both clouds hide are the lab's; so is the
VM, which the lab boots as the recorded managed group would.
"""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, Final

import yaml

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabNotRunning
from hybrid_mesh.local.lab.specs import ClusterInfo, ClusterSpec, MachineInfo, MachineSpec, NetworkSpec
from hybrid_mesh.model.plan.build import plan_from
from tests.commands import PROJECT
from tests.engine.doubles.store import Thing, World
from tests.engine.doubles.together import together
from tests.engine.site import Site, make_site
from tests.filled import filled_text
from tests.local.inventory import inventory
from tests.local.lab_site import ECHO, Kubectl, eventually, say_nothing

GKE, EKS = "gke-eu", "eks-us"
STRANGER: Final = "stranger"
PODS: Final = "ratings-pods"
"""The Service to which a comment in `prod` says how to move requests."""
KUBERNETES: Final = "1.35.4"
PACKAGES: Final = "http://172.30.0.1:8080"
PACKAGE: Final = PROJECT / ".toolchain/packages/releases/1.31.0/deb/istio-sidecar.deb"
FIRST_MACHINE: Final = "172.30.200.1"
"""Of the lab's WAN: behind it the first VM leaves its network."""
AMAZONS_PODS: Final = "10.20.128.0/17"
"""On EKS pods have addresses of the subnets; the lab's pods need a range of their own."""
TEMPLATE: Final = "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate"
MANAGER: Final = "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager"
UPSTREAM_ENVOY: Final = {
    "env": {"PILOT_ENABLE_METADATA_EXCHANGE": "false", "PILOT_ENABLE_ALPN_FILTER": "false"},
    "telemetry": {"enabled": False},
}
"""For a proxy without Istio's extensions, as `proxy: envoy` has it, which is for local clusters only."""
_PLUGIN: Final = Path(__file__).parent / "bin"
_UP_SECONDS: Final = 300.0


class CloudSite:
    """The stack, the lab behind it, and what each of its clusters really is."""

    def __init__(
        self,
        site: Site,
        lab: LabClient,
        clusters: dict[str, ClusterInfo],
        kubectl: dict[str, Kubectl],
        operators: dict[str, str],
    ) -> None:
        self.site, self.lab, self.clusters, self.kubectl = site, lab, clusters, kubectl
        self.operators = operators
        """The token of the user who runs the program, by cluster."""
        self.before = {name: inventory(each) for name, each in kubectl.items()}
        self.machine: MachineInfo
        """The one of the managed group, once it was booted."""
        self.said = ""
        """What the first up printed."""

    @contextmanager
    def booting(self) -> Iterator[None]:
        """Boots the VM of the managed group as soon as the group is recorded, while the body runs."""
        ended = Event()
        with ThreadPoolExecutor(1) as pool:
            booted = pool.submit(self._boot, ended)
            try:
                yield
            finally:
                ended.set()
            machine = booted.result()
            assert machine is not None, "the body ended without a managed group"
            self.machine = machine

    def _boot(self, ended: Event) -> MachineInfo | None:
        world = self.site.world
        eventually("the managed group", lambda: ended.is_set() or world.of_type(MANAGER), _UP_SECONDS)
        managers = world.of_type(MANAGER)
        if not managers:
            return None
        template = _template(world, managers[0])
        spec = MachineSpec(
            name=f"{managers[0].inputs['baseInstanceName']}-x7fk",
            network=_networks()["gcp-eu"],
            user_data=template.inputs["metadata"]["user-data"],
            service_account_email=template.inputs["serviceAccount"]["email"],
        )
        return self.lab.ensure_machine(spec, say_nothing)

    def boot_stranger(self) -> None:
        """A VM with the lab's WAN and no NAT of either cloud before it."""
        network = _networks()["aws-us"]
        self.lab.ensure_machine(MachineSpec(STRANGER, network, "#cloud-config\n", STRANGER), say_nothing)

    def ingress_port(self) -> int:
        """The port of the host's loopback that leads to the ingress."""
        subject = "istio-ingress/public-istio:80"
        return next(each.port for each in self.lab.status().forwards if each.subject == subject)


@contextmanager
def cloud_site(folder: Path) -> Iterator[CloudSite]:
    """Two clusters of the lab, and the stack `prod` that will take them for GKE and EKS."""
    lab = LabClient.connect(start=True)
    try:
        with ThreadPoolExecutor() as pool:
            made = pool.map(lambda spec: lab.ensure_cluster(spec, say_nothing), _clusters())
            clusters = {info.name: info for info in made}
        kubectl = {name: Kubectl(info, folder) for name, info in clusters.items()}
        operators = {name: _operator(each) for name, each in kubectl.items()}
        site = _site(folder, clusters, operators)
        with together(site.world, ("gcp", "aws")) as providers:
            site.environment["PULUMI_DEBUG_PROVIDERS"] = providers
            yield CloudSite(site, lab, clusters, kubectl, operators)
    finally:
        LabClient.end()


def take_away(lab: LabClient) -> None:
    """Every VM and cluster; with the last, the lab ends."""
    try:
        status = lab.status()
    except LabNotRunning:
        return
    for machine in status.machines:
        lab.delete_machine(machine.name)
    for cluster in status.clusters:
        lab.delete_cluster(cluster.name)


def _operator(kubectl: Kubectl) -> str:
    """The token of an administrator: as the clouds' credential plug-ins do, those of the lab give tokens."""
    kubectl("-n", "kube-system", "create", "serviceaccount", "operator")
    bound = ("--clusterrole=cluster-admin", "--serviceaccount=kube-system:operator")
    kubectl("create", "clusterrolebinding", "operator", *bound)
    return kubectl("-n", "kube-system", "create", "token", "operator", "--duration=1h").strip()


def _site(folder: Path, clusters: dict[str, ClusterInfo], operators: dict[str, str]) -> Site:
    gke, eks = clusters[GKE], clusters[EKS]
    world = World(folder / "world")
    world.fix_addresses(_addresses(gke, eks))
    servers = {"gcp": [_server(gke)], "aws": [_server(eks)], "kubeconfig": []}
    credential = {"gke-gcloud-auth-plugin": {"token": operators[GKE]}, "aws": {"token": operators[EKS]}}
    site = make_site(folder, "prod", world, None, servers=servers, credential=credential)
    site.environment["PATH"] = f"{_PLUGIN}:{site.environment['PATH']}"
    site.configure(as_the_lab_can(site.mesh, {name: info.peer_endpoint for name, info in clusters.items()}))
    return site


def as_the_lab_can(mesh: dict[str, Any], peer_endpoints: dict[str, str]) -> dict[str, Any]:
    """The mesh of `prod`, changed only where a lab cannot be its cloud; docs/clouds.md lists the changes.

    API servers have a second address, for peers and VMs; Istio and its proxy come from the toolchain; no
    VM of EC2 could prove itself; one VM of the three is enough, and runs the demo, which pods share; and no
    load balancer has to be drained.
    """
    mesh["protected"] = False
    mesh["istio"] |= {
        "charts": {"type": "folder", "path": ".toolchain/charts"},
        "packages": PACKAGES,
        "packageSha256": {"amd64Deb": hashlib.sha256(PACKAGE.read_bytes()).hexdigest()},
        "values": UPSTREAM_ENVOY,
    }
    for name, endpoint in peer_endpoints.items():
        mesh["clusters"][name]["peerEndpoint"] = endpoint
        mesh["clusters"][name]["gateway"] = {"drainSeconds": 5}
    ratings, orders = mesh["workloadGroups"]["ratings"], mesh["workloadGroups"]["orders"]
    ratings["machines"]["min"] = 1
    orders["machines"] = {"type": "bundle", "minimum": 0}
    for group in (ratings, orders):
        del group["application"]  # the demo takes its port, and a bundle has none
    pods = {"service": PODS, "namespace": "bookinfo", "port": 9080, "weight": 50}
    route = mesh["ingress"]["public"]["routes"][0]
    route["backends"] = [pods, {**route["backends"][0], "weight": 50}]
    mesh["demo"] = {"group": "ratings", "binaries": PACKAGES, "image": ECHO}
    return mesh


def _template(world: World, manager: Thing) -> Thing:
    wanted = manager.inputs["versions"][0]["instanceTemplate"]
    return next(thing for thing in world.of_type(TEMPLATE) if thing.outputs["selfLink"] == wanted)


def _prod() -> dict[str, Any]:
    settings = yaml.safe_load(filled_text((PROJECT / "stacks/Pulumi.prod.yaml").read_text()))
    mesh: dict[str, Any] = settings["config"]["hybrid-mesh:mesh"]
    return mesh


def _networks() -> dict[str, NetworkSpec]:
    declared = _prod()["networks"]
    return {name: NetworkSpec(name, declared[name]["cidr"]) for name in ("gcp-eu", "aws-us")}


def _clusters() -> list[ClusterSpec]:
    """The clusters with the ranges that the stack plans for them."""
    plan, networks = plan_from(_prod(), "prod"), _networks()
    gke = plan.clusters[GKE]
    assert gke.pod_cidr is not None
    assert gke.service_cidr is not None
    services = str(plan.clusters[EKS].service_cidr)
    return [
        ClusterSpec(GKE, networks["gcp-eu"], gke.pod_cidr, gke.service_cidr, KUBERNETES),
        ClusterSpec(EKS, networks["aws-us"], AMAZONS_PODS, services, KUBERNETES),
    ]


def _addresses(gke: ClusterInfo, eks: ClusterInfo) -> dict[str, str]:
    """What the clouds' reserved addresses are in the lab: those of gateways, and those from which pods and
    the VM call, so that what the load balancers admit is really tried.
    """
    return {
        f"mesh-{GKE}-gateway": gke.gateway_address,
        "mesh-gcp-eu-nat-0": _node(gke),
        "mesh-gcp-eu-nat-1": FIRST_MACHINE,
        "mesh-aws-us-nat-a": _node(eks),
        **{f"mesh-{EKS}-gateway-{zone}": eks.gateway_address for zone in "abc"},
    }


def _node(info: ClusterInfo) -> str:
    return info.peer_endpoint.removeprefix("https://").rpartition(":")[0]


def _server(info: ClusterInfo) -> dict[str, str]:
    return {"server": info.endpoint, "authority": info.certificate_authority}
