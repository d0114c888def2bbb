"""What doctor says of the certificates that clusters have and proxies serve."""

import base64
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from hybrid_mesh.operate.doctor.checks.authorities import authorities
from hybrid_mesh.operate.doctor.checks.certificates import certificates
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.proxies import ProxyEvidence, read_proxy
from hybrid_mesh.operate.doctor.repairs import KubectlStep
from tests.operate.evidence import NOW
from tests.operate.machine_evidence import (
    INTERMEDIATE,
    ROOT,
    Authority,
    machine,
    mesh,
    root,
    serving,
    with_object,
)
from tests.operate.mesh import mesh_plan

PLAN = mesh_plan()
OTHER = root("Other CA")
DAYS = timedelta(days=1)
POD = "pod demo/echo-1 of east"


@dataclass(frozen=True)
class Given:
    """What a cluster has in its Secret `cacerts`, and the roots that its istiod distributes."""

    own: Authority
    above: tuple[Authority, ...]
    roots: tuple[Authority, ...]
    distributed: tuple[Authority, ...]


def looked_at(
    east: Authority = INTERMEDIATE["east"],
    *,
    above: tuple[Authority, ...] = (ROOT,),
    roots: tuple[Authority, ...] = (ROOT,),
    distributed: tuple[Authority, ...] = (ROOT,),
    proxy: ProxyEvidence | None = None,
) -> Evidence:
    """A mesh of two clusters with a pod each. The arguments are of east."""
    evidence = mesh(PLAN)
    west = Given(INTERMEDIATE["west"], (ROOT,), (ROOT,), (ROOT,))
    for cluster, given in (("east", Given(east, above, roots, distributed)), ("west", west)):
        for each in (*_pod(), *_authority(given)):
            evidence = with_object(evidence, cluster, each)
        found = evidence.clusters[cluster]
        assert isinstance(found, ClusterEvidence)
        served = proxy if proxy is not None and cluster == "east" else serving(cluster)
        asked = replace(found, proxies={"demo/echo-1": served})
        evidence = replace(evidence, clusters={**evidence.clusters, cluster: asked})
    return evidence


def findings(evidence: Evidence) -> list[Finding]:
    return [*authorities(PLAN, evidence), *certificates(PLAN, evidence)]


def named(evidence: Evidence) -> list[tuple[str, str]]:
    return [(each.check, each.subject) for each in findings(evidence)]


def test_a_healthy_mesh_has_no_finding() -> None:
    assert named(looked_at()) == []
    assert named(mesh(PLAN)) == []


def test_a_certificate_of_a_second_ago_and_one_of_before_a_renewal_are_right() -> None:
    fresh = INTERMEDIATE["east"].issue("workload", begins=NOW - timedelta(seconds=1))
    assert named(looked_at(proxy=serving("east", fresh))) == []
    renewed = ROOT.issue("Intermediate east", begins=NOW, lasts=730 * DAYS, ca=True)
    assert named(looked_at(renewed)) == []


def test_a_proxy_with_another_root_is_named_and_its_deployment_restarted() -> None:
    [one] = findings(looked_at(proxy=serving("east", above=OTHER)))
    assert (one.check, one.subject, one.severity) == ("served-root-differs", POD, Severity.BROKEN)
    assert "Other CA" in one.problem
    assert one.repair is not None
    step = one.repair.steps[0]
    assert isinstance(step, KubectlStep)
    assert step.arguments == ("rollout", "restart", "deployment/echo", "--namespace=demo")


def test_a_vm_with_another_root_is_named() -> None:
    wrong = replace(machine(PLAN), proxy=serving("east", above=OTHER))
    evidence = replace(looked_at(), machines={"legacy-0": wrong})
    assert named(evidence) == [("served-root-differs", "VM legacy-0")]
    wrong = replace(machine(PLAN), roots=(OTHER.certificate,))
    evidence = replace(looked_at(), machines={"legacy-0": wrong})
    assert named(evidence) == [("root-file-differs", "VM legacy-0")]


def test_in_a_rotation_both_roots_are_right_and_only_the_old_one_is_not() -> None:
    new = OTHER.issue("Intermediate east", begins=NOW - DAYS, lasts=730 * DAYS, ca=True)
    both = (ROOT, OTHER)
    leaf = new.issue("workload")
    own = ProxyEvidence(tuple(each.certificate for each in both), (leaf.certificate, new.certificate))
    evidence = looked_at(new, above=(new, OTHER), roots=both, distributed=both, proxy=own)
    told = named(evidence)
    assert ("served-root-differs", "pod demo/echo-1 of west") in told
    assert not [each for each in told if each[1] in ("cluster east", POD)]


def test_the_secret_of_cert_manager_is_read_too() -> None:
    secret = {
        "kind": "Secret",
        "metadata": {"namespace": "istio-system", "name": "cacerts"},
        "data": {
            "tls.crt": _base64(INTERMEDIATE["east"].pem + ROOT.pem),
            "tls.key": "",
            "ca.crt": _base64(ROOT.pem),
        },
    }
    assert named(with_object(looked_at(), "east", secret)) == []
    wrong = looked_at(proxy=serving("east", above=OTHER))
    assert named(with_object(wrong, "east", secret)) == [("served-root-differs", POD)]


def test_a_cluster_whose_secret_was_replaced_is_named_alone() -> None:
    strange = OTHER.issue("Intermediate east", ca=True)
    evidence = looked_at(strange, above=(strange, OTHER), roots=(OTHER,))
    told = findings(evidence)
    assert ("root-differs", "cluster east") in [(each.check, each.subject) for each in told]
    assert not [each for each in told if each.check == "served-root-differs"]


@pytest.mark.parametrize(
    ("leaf", "check", "severity"),
    [
        (INTERMEDIATE["east"].issue("w", begins=NOW - 2 * DAYS), "certificate-expired", Severity.BROKEN),
        (
            INTERMEDIATE["east"].issue("w", begins=NOW - timedelta(hours=20)),
            "certificate-overdue",
            Severity.WARNING,
        ),
        (OTHER.issue("w"), "certificate-foreign", Severity.BROKEN),
    ],
)
def test_a_certificate_of_a_proxy_that_is_wrong(leaf: Authority, check: str, severity: Severity) -> None:
    [one] = findings(looked_at(proxy=serving("east", leaf)))
    assert (one.check, one.subject, one.severity) == (check, POD, severity)


def test_a_proxy_without_a_certificate() -> None:
    empty = replace(serving("east"), chain=())
    assert named(looked_at(proxy=empty)) == [("certificate-missing", POD)]


def test_istiod_that_goes_on_with_the_intermediate_of_before() -> None:
    former = ROOT.issue("Intermediate east", begins=NOW - 20 * DAYS, lasts=730 * DAYS, ca=True)
    leaf = former.issue("workload", begins=NOW - timedelta(hours=1))
    served = ProxyEvidence((ROOT.certificate,), (leaf.certificate, former.certificate))
    renewed = ROOT.issue("Intermediate east", begins=NOW - timedelta(hours=5), lasts=730 * DAYS, ca=True)
    [one] = [each for each in findings(looked_at(renewed, proxy=served)) if each.subject == POD]
    assert one.check == "intermediate-not-used"


def test_ends_of_authorities() -> None:
    due = ROOT.issue("Intermediate east", begins=NOW - 8 * DAYS, lasts=10 * DAYS, ca=True)
    [one] = [each for each in findings(looked_at(due)) if each.subject == "cluster east"]
    assert (one.check, one.severity) == ("intermediate-ends", Severity.WARNING)
    assert "48 h" in one.problem
    over = ROOT.issue("Intermediate east", begins=NOW - 8 * DAYS, lasts=7 * DAYS, ca=True)
    assert ("intermediate-ends", "cluster east") in named(looked_at(over))


def test_a_certificate_of_an_ingress_that_ends() -> None:
    soon = OTHER.issue("shop.example.com", begins=NOW - 80 * DAYS, lasts=90 * DAYS)
    served = replace(serving("east"), others={"kubernetes://istio-ingress/shop": soon.certificate})
    [one] = findings(looked_at(proxy=served))
    assert (one.check, one.severity) == ("certificate-ends", Severity.WARNING)


def test_envoys_page_is_read() -> None:
    leaf, roots = INTERMEDIATE["east"].issue("workload"), _base64(ROOT.pem + OTHER.pem)
    page = {
        "configs": [
            {
                "name": "default",
                "secret": {"tls_certificate": {"certificate_chain": {"inline_bytes": _base64(leaf.pem)}}},
            },
            {
                "name": "ROOTCA",
                "secret": {"validation_context": {"trusted_ca": {"inline_bytes": roots}}},
            },
            {"name": "kubernetes://x", "secret": {}},
        ]
    }
    read = read_proxy(json.dumps(page))
    assert read == ProxyEvidence((ROOT.certificate, OTHER.certificate), (leaf.certificate,))


@pytest.mark.parametrize("text", ["", "[]", "null", '{"configs": [{}]}', '{"configs": 1}', "error"])
def test_another_page_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="does not say"):
        read_proxy(text)


def _authority(given: Given) -> tuple[dict[str, Any], ...]:
    data = {
        "ca-cert.pem": given.own.pem,
        "cert-chain.pem": given.own.pem + "".join(each.pem for each in given.above),
        "root-cert.pem": "".join(each.pem for each in given.roots),
    }
    secret: dict[str, Any] = {
        "kind": "Secret",
        "metadata": {"namespace": "istio-system", "name": "cacerts"},
        "data": {key: _base64(text) for key, text in data.items()},
    }
    config: dict[str, Any] = {
        "kind": "ConfigMap",
        "metadata": {"namespace": "istio-system", "name": "istio-ca-root-cert"},
        "data": {"root-cert.pem": "".join(each.pem for each in given.distributed)},
    }
    return secret, config


def _pod() -> tuple[dict[str, Any], ...]:
    owner = {"kind": "ReplicaSet", "name": "echo-abc"}
    above = {"kind": "Deployment", "name": "echo"}
    return (
        {"kind": "Pod", "metadata": {"namespace": "demo", "name": "echo-1", "ownerReferences": [owner]}},
        {
            "kind": "ReplicaSet",
            "metadata": {"namespace": "demo", "name": "echo-abc", "ownerReferences": [above]},
        },
    )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
