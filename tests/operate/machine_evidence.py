"""The evidence of the VMs and proxies of a healthy mesh, made from its plan, and its certificates."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hybrid_mesh.model.plan.boot import machine_boot
from hybrid_mesh.model.plan.types import GroupPlan, MeshPlan
from hybrid_mesh.model.texts.cloud_init import MachineBoot, render_user_data
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence
from hybrid_mesh.operate.doctor.machines import (
    AGENT,
    BOOT_HOSTS_FILE,
    ENVIRONMENT_FILE,
    HOSTS_FILE,
    MEMBER_UNITS,
    Disk,
    MachineEvidence,
    Unit,
)
from hybrid_mesh.operate.doctor.proxies import ProxyEvidence
from tests.operate.evidence import NOW, healthy

GATEWAY = "172.30.1.10"
API = "https://172.30.1.10:6443"
UP = NOW - timedelta(hours=1)


@dataclass(frozen=True)
class Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(
        self, name: str, *, begins: datetime = UP, lasts: timedelta = timedelta(days=1), ca: bool = False
    ) -> "Authority":
        return _issue(name, begins, lasts, self, ca=ca)


def root(name: str = "Root CA") -> Authority:
    return _issue(name, NOW - timedelta(days=30), timedelta(days=3650), None, ca=True)


def _issue(name: str, begins: datetime, lasts: timedelta, issuer: Authority | None, *, ca: bool) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    above = issuer.certificate.subject if issuer else subject
    made = x509.CertificateBuilder(above, subject, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(begins).not_valid_after(begins + lasts)
    made = made.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    return Authority(made.sign(issuer.key if issuer else key, hashes.SHA256()), key)


ROOT = root()
INTERMEDIATE = {
    name: ROOT.issue(
        f"Intermediate {name}", begins=NOW - timedelta(days=30), lasts=timedelta(days=730), ca=True
    )
    for name in ("east", "west")
}


def serving(cluster: str, workload: Authority | None = None, above: Authority = ROOT) -> ProxyEvidence:
    """A proxy of `cluster` with a certificate of an hour ago."""
    intermediate = INTERMEDIATE[cluster]
    leaf = workload or _leaf(cluster)
    return ProxyEvidence((above.certificate,), (leaf.certificate, intermediate.certificate, ROOT.certificate))


def unit(active: str = "active", sub: str = "running", since: datetime = UP, **changes: Any) -> Unit:
    values = {"kind": "simple", "load": "loaded", "result": "success", "restarts": 0, "line": "", **changes}
    return Unit(active=active, sub=sub, since=since, **values)


def machine(plan: MeshPlan, index: int = 0, group: str = "legacy") -> MachineEvidence:
    """A VM in service, an hour old."""
    planned = plan.groups[group]
    user_data = _user_data(machine_boot(planned, plan.istio, API, "CA\n", (GATEWAY,)))
    written = _written(user_data)
    proxy = serving(planned.cluster)
    ports = planned.workload_group["spec"]["template"].get("ports") or {}
    return MachineEvidence(
        group=group,
        name=planned.machines[index].name,
        address=f"10.10.0.{100 + index}",
        ahead=(-0.1, 0.1),
        up=UP,
        units=_units(planned),
        proxy=proxy,
        state="LIVE",
        version=plan.istio.version,
        package=plan.istio.version,
        roots=proxy.roots,
        chain=proxy.chain,
        token_ends=NOW + timedelta(minutes=40),
        token_written=NOW - timedelta(minutes=20),
        texts={
            HOSTS_FILE: f"127.0.0.1 localhost\n{written[BOOT_HOSTS_FILE]}",
            BOOT_HOSTS_FILE: written[BOOT_HOSTS_FILE],
            ENVIRONMENT_FILE: written[ENVIRONMENT_FILE],
        },
        hashes={path: hashlib.sha256(text.encode()).hexdigest() for path, text in written.items()},
        user_data=user_data,
        disks=(Disk("/", 20 << 30, 10 << 30, 1 << 20, 1 << 19, read_only=False),),
        ports=frozenset({15000, 15001, *ports.values()}),
        health=(True, "in service"),
        reached=True,
        rules=True,
        dns_rules=True,
    )


@cache
def _user_data(boot: MachineBoot) -> str:
    return render_user_data(boot)


@cache
def _written(user_data: str) -> Mapping[str, str]:
    document = yaml.load(user_data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {each["path"]: each["content"] for each in document["write_files"]}


@cache
def _leaf(cluster: str) -> Authority:
    return INTERMEDIATE[cluster].issue("workload")


def _units(group: GroupPlan) -> Mapping[str, Unit]:
    names = [*MEMBER_UNITS, *(each.name for each in group.config.application.units)]
    return {
        name: unit("inactive", "dead", kind="oneshot") if name == "hybrid-mesh-identity.service" else unit()
        for name in names
    }


def mesh(plan: MeshPlan, *changed: MachineEvidence) -> Evidence:
    """A healthy mesh, with `changed` in place of its VMs of the same name."""
    machines: dict[str, Any] = {
        each.name: machine(plan, each.index, group.name)
        for group in plan.groups.values()
        for each in group.machines
    }
    machines |= {each.name: each for each in changed}
    return replace(healthy(plan), machines=machines)


def with_unit(found: MachineEvidence, changed: Unit, name: str = AGENT) -> MachineEvidence:
    return replace(found, units={**found.units, name: changed})


def with_object(evidence: Evidence, cluster: str, added: Mapping[str, Any]) -> Evidence:
    """With one more object in a cluster, in place of one of the same kind and name."""
    found = evidence.clusters[cluster]
    assert isinstance(found, ClusterEvidence)
    kind, name = added["kind"], added["metadata"]["name"]
    kept = [each for each in found.objects.get(kind, ()) if each["metadata"]["name"] != name]
    objects = {**found.objects, kind: (*kept, added)}
    made = replace(found, objects=objects, listed=found.listed | {kind})
    return replace(evidence, clusters={**evidence.clusters, cluster: made})
