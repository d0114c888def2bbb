"""A small site for the machine tests: etcd, one kube-apiserver and one istiod as plain processes, the
lab's issuer, metadata and package servers, and one bridge that machines hang on. It lives in the
namespaces of its caller (see test_machine_lab.py) and dies with them."""

import http.client
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from local.clusters import kubeconfig
from local.clusters.pki import ADMIN, API_SERVER, AUTHORITY, ClusterPki
from local.lab.specs import MachineSpec, NetworkSpec
from local.linux import namespaces
from local.linux.commands import ip
from local.machines.runtime import MachineRuntime
from local.metadata.identity import MachineIdentity
from local.metadata.issuer import Issuer
from local.metadata.packages import PackageServer
from local.metadata.server import MetadataServer
from local.toolchain.profile import Profile
from model.texts.agent import AgentSettings
from model.texts.bundle import Bundle
from model.texts.cloud_init import MachineBoot, MachineFile, SystemdUnit
from model.texts.cluster_env import render_cluster_env
from model.texts.mesh_yaml import render_mesh_yaml
from tests.local.machine_parts import (
    ECHO_UNIT,
    ISTIOD_ENVIRONMENT,
    api_client,
    write_mesh_authority,
)
from tests.waiting import eventually

HERE = Path("/proc/self/ns/net")
BRIDGE = "10.1.0.1"
ISSUER = "172.30.0.1"
NETWORK = NetworkSpec("lan-a", "10.1.0.0/16")
ACCOUNT = "ratings@lab"
SETTINGS = AgentSettings(
    group="ratings",
    namespace="bookinfo",
    service_account="ratings",
    cluster="west",
    network=NETWORK.name,
    mesh_id="mesh1",
    trust_domain="mesh.local",
    labels={"app": "ratings"},
    ports={"http": 8080},
    probe={"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
)


@contextmanager
def site_with_a_group(folder: Path) -> Iterator["Site"]:
    """A site whose group has no rights yet; its machines are removed."""
    assert "HYBRID_MESH_TEST_SITE" in os.environ, "run test_machine_lab.py"
    site = Site(folder)
    site.start()
    site.declare_group(rights=False)
    site.start_istiod()
    yield site
    for machine in site.machines:
        machine.remove()


class Site:
    """Everything that a machine needs to join; `machine` boots one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.toolchain = Profile.current()
        self.identities: dict[str, MachineIdentity] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.machines: list[MachineRuntime] = []
        self.pki = ClusterPki(folder / "pki")

    def start(self) -> None:
        self._network()
        self.pki.ensure("west", [BRIDGE, "127.0.0.1", "localhost"], [BRIDGE])
        self.issuer = Issuer(self.folder / "issuer", ISSUER)
        self.issuer.start(HERE)
        self.metadata = MetadataServer(self.issuer, self.identities.get)
        self.metadata.start(HERE)
        PackageServer(self.toolchain.packages).start(HERE, ISSUER, 8080)
        self.start_etcd()
        self.start_api_server()

    def start_etcd(self) -> None:
        self.run(
            "etcd",
            [str(self.toolchain.binary("etcd")), f"--data-dir={self.folder / 'etcd'}", "--unsafe-no-fsync"],
        )

    def start_api_server(self) -> None:
        (self.folder / "authentication.json").write_text(json.dumps(self._authentication()))
        folder = self.pki.folder
        self.run(
            "kube-apiserver",
            [
                str(self.toolchain.binary("kube-apiserver")),
                "--etcd-servers=http://127.0.0.1:2379",
                f"--advertise-address={BRIDGE}",
                "--authorization-mode=RBAC",
                f"--authentication-config={self.folder / 'authentication.json'}",
                f"--client-ca-file={self.pki.certificate(AUTHORITY)}",
                f"--tls-cert-file={self.pki.certificate(API_SERVER)}",
                f"--tls-private-key-file={self.pki.key(API_SERVER)}",
                f"--service-account-key-file={folder / 'service-accounts.pub'}",
                f"--service-account-signing-key-file={folder / 'service-accounts.key'}",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-cluster-ip-range=10.96.0.0/16",
            ],
        )
        eventually("API server ready", lambda: self.get("/readyz", raw=True) == "ok", 30)

    def start_istiod(self) -> None:
        authority = self.folder / "cacerts"
        if not authority.exists():
            write_mesh_authority(authority)
        (self.folder / "mesh.yaml").write_text(json.dumps({"trustDomain": "mesh.local"}))
        (self.folder / "networks.yaml").write_text("networks: {}\n")
        (self.folder / "kubeconfig").write_text(
            kubeconfig.render("west", "https://127.0.0.1:6443", ADMIN, self.pki)
        )
        self.run(
            "istiod",
            [
                str(self.toolchain.binary("pilot-discovery")),
                "discovery",
                f"--kubeconfig={self.folder / 'kubeconfig'}",
                "--clusterID=west",
                "--httpAddr=127.0.0.1:8081",
                f"--meshConfig={self.folder / 'mesh.yaml'}",
                f"--networksConfig={self.folder / 'networks.yaml'}",
            ],
            {**ISTIOD_ENVIRONMENT, "ROOT_CA_DIR": str(authority)},
        )

    def declare_group(self, *, rights: bool = True) -> None:
        """What the program declares for a workload group."""
        for name in ("istio-system", "bookinfo"):
            self.apply("/api/v1/namespaces", {"metadata": {"name": name}})
        self.apply_manifest_file(self.toolchain.charts / "base/files/crd-all.gen.yaml")
        self.apply("/api/v1/namespaces/bookinfo/serviceaccounts", {"metadata": {"name": "ratings"}})
        if rights:
            self.declare_rights()
        group = {
            "apiVersion": "networking.istio.io/v1",
            "kind": "WorkloadGroup",
            "metadata": {"name": "ratings"},
            "spec": {
                "metadata": {"labels": {"app": "ratings"}},
                "template": {
                    "ports": {"http": 8080},
                    "serviceAccount": "ratings",
                    "network": NETWORK.name,
                },
                "probe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
            },
        }
        path = "/apis/networking.istio.io/v1/namespaces/bookinfo/workloadgroups"
        eventually("WorkloadGroup accepted", lambda: self.apply(path, group), 20)

    def declare_rights(self) -> None:
        rules = [
            {
                "apiGroups": [""],
                "resources": ["serviceaccounts/token"],
                "resourceNames": ["ratings"],
                "verbs": ["create"],
            },
            {
                "apiGroups": [""],
                "resources": ["configmaps"],
                "resourceNames": ["istio-ca-root-cert"],
                "verbs": ["get"],
            },
        ]
        path = "/apis/rbac.authorization.k8s.io/v1/namespaces/bookinfo"
        self.apply(f"{path}/roles", {"metadata": {"name": "ratings"}, "rules": rules})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "ratings"}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": ACCOUNT}
        binding = {"metadata": {"name": "ratings"}, "roleRef": reference, "subjects": [subject]}
        self.apply(f"{path}/rolebindings", binding)

    def boot(self) -> MachineBoot:
        """What the program renders for the group."""
        server = f"http://{ISSUER}:8080"
        return MachineBoot(
            group="ratings",
            namespace="bookinfo",
            service_account="ratings",
            cluster="west",
            api_endpoint=f"https://{BRIDGE}:6443",
            api_certificate_authority=self.pki.authority_pem,
            gateway_addresses=(BRIDGE,),
            cluster_env=render_cluster_env(SETTINGS),
            mesh_yaml=render_mesh_yaml(SETTINGS),
            package_url=f"{server}/releases/1.31.0/deb/istio-sidecar.deb",
            files=(MachineFile("/usr/local/bin/echo-server", url=f"{server}/echo-server", mode="0755"),),
            units=(SystemdUnit("echo.service", ECHO_UNIT),),
        )

    def bundle(self) -> Bundle:
        """What the group's datacenter machines are handed."""
        roots = self.get("/api/v1/namespaces/bookinfo/configmaps/istio-ca-root-cert")["data"]["root-cert.pem"]
        return Bundle(
            group="ratings",
            namespace="bookinfo",
            service_account="ratings",
            cluster="west",
            root_certificates=roots,
            gateway_addresses=(BRIDGE,),
            cluster_env=render_cluster_env(replace(SETTINGS, platform="none")),
            mesh_yaml=render_mesh_yaml(SETTINGS),
            package_url=self.boot().package_url,
        )

    def token(self) -> str:
        """A token such as `hybrid-mesh bundle` mints it."""
        request = {"spec": {"audiences": ["istio-ca"], "expirationSeconds": 600}}
        path = "/api/v1/namespaces/bookinfo/serviceaccounts/ratings/token"
        return str(self.post(path, request)["status"]["token"])

    def machine(self, name: str, index: int, user_data: str) -> MachineRuntime:
        """A machine that is not started yet, with its place in the network and its identity."""
        address = f"10.1.0.{100 + index}"
        namespace = namespaces.create(name)
        ip(
            [
                f"link add {name} type veth peer name lan0 netns /run/netns/{name}",
                f"link set {name} master lan up",
            ]
        )
        ip(
            [
                f"address add {address}/24 dev lan0",
                "link set lan0 up",
                "route add 169.254.169.254 dev lan0",
                f"route add 172.30.0.0/16 via {BRIDGE}",
            ],
            namespace=namespace,
        )
        self.identities[address] = MachineIdentity(name, f"i-{name}", ACCOUNT, address)
        machine = MachineRuntime(
            MachineSpec(name, NETWORK, user_data, ACCOUNT),
            self.folder / name,
            instance_id=f"i-{name}",
            namespace=namespace,
            address=address,
            rootfs=self.toolchain.rootfs,
            cgroup=f"{os.environ['HYBRID_MESH_TEST_SITE']}/{name}",
            log=self.folder / f"{name}.log",
        )
        self.machines.append(machine)
        return machine

    def healthy(self, machine: MachineRuntime) -> bool:
        path = "/apis/networking.istio.io/v1/namespaces/bookinfo/workloadentries"
        for entry in self.get(path).get("items", []):
            if entry["spec"].get("address") == machine.address:
                conditions = entry.get("status", {}).get("conditions", [])
                return any(one["type"] == "Healthy" and one["status"] == "True" for one in conditions)
        return False

    def run(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "HOME": "/root", **(environment or {})},
            )

    def end(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def get(self, path: str, *, raw: bool = False) -> Any:
        try:
            return self._call("GET", path, None, raw=raw)
        except (OSError, http.client.HTTPException):
            return "" if raw else {}

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._call("POST", path, body)

    def apply(self, path: str, body: dict[str, Any]) -> bool:
        """Creates an object, unless it is there already."""
        self._call("POST", path, body)
        return True

    def apply_manifest_file(self, path: Path) -> None:
        for document in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader):
            if document:
                self.apply("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", document)

    def _call(self, method: str, path: str, body: dict[str, Any] | None, *, raw: bool = False) -> Any:
        connection = api_client(self.pki)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request(method, path, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if response.status >= 300 and response.status != 409 and not raw:
            raise OSError(f"{method} {path}: {response.status} {text[:300]}")
        return text if raw else json.loads(text)

    def _network(self) -> None:
        Path("/run/netns").mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/netns"], check=True)
        ip(
            [
                "link set lo up",
                "link add lan type bridge",
                f"address add {BRIDGE}/24 dev lan",
                f"address add {ISSUER}/32 dev lan",
                "address add 169.254.169.254/32 dev lan",
                "link set lan up",
            ]
        )

    def _authentication(self) -> dict[str, Any]:
        issuer = {
            "url": self.issuer.url,
            "audiences": ["hybrid-mesh"],
            "certificateAuthority": self.issuer.certificate_authority_pem,
        }
        return {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "AuthenticationConfiguration",
            "jwt": [{"issuer": issuer, "claimMappings": {"username": {"claim": "email", "prefix": ""}}}],
        }
