"""Istiod's webhooks: there, with the policy and the CA that let it answer, and with an istiod behind them."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Final

from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.repairs import KubectlStep, Repair
from hybrid_mesh.operate.doctor.types import Object

KINDS: Final = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_RESTART: Final = ("rollout", "restart", "deployment/istiod", f"--namespace={SYSTEM_NAMESPACE}")


def webhooks(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """The webhooks whose service is istiod."""
    del plan
    for name, found in evidence.answering():
        for kind in KINDS:
            for configuration in found.of_kind(kind):
                yield from _configuration(name, found, kind, configuration)


def _configuration(cluster: str, found: ClusterEvidence, kind: str, each: Object) -> Iterator[Finding]:
    ours = [hook for hook in each.get("webhooks") or () if _is_istiods(hook)]
    subject = f"{kind} {each['metadata']['name']} of {cluster}"
    open_hooks = [hook["name"] for hook in ours if hook.get("failurePolicy") != "Fail"]
    if open_hooks:
        effect = "pods start without a sidecar" if kind == KINDS[0] else "wrong configuration is accepted"
        problem = (
            f"failurePolicy of {', '.join(open_hooks)} is not Fail: {effect} while istiod does not answer"
        )
        indices = [index for index, hook in enumerate(each["webhooks"]) if hook["name"] in open_hooks]
        patch = ",".join(
            f'{{"op":"replace","path":"/webhooks/{index}/failurePolicy","value":"Fail"}}' for index in indices
        )
        step = ("patch", kind.lower(), each["metadata"]["name"], "--type=json", f"--patch=[{patch}]")
        repair = Repair(f"Set failurePolicy of {subject} to Fail?", (KubectlStep(cluster, step),))
        yield Finding(
            "webhook-policy", Severity.WARNING, subject, problem, ("hybrid-mesh up",), repair=repair
        )
    roots = _roots(found)
    wrong = [hook["name"] for hook in ours if roots and _bundle(hook) not in roots]
    if wrong:
        problem = f"caBundle of {', '.join(wrong)} is not a root of istiod: the API server cannot call it"
        repair = Repair(f"Restart istiod of {cluster}, which writes it?", (KubectlStep(cluster, _RESTART),))
        remedy = f"hybrid-mesh kubectl {cluster} -- {' '.join(_RESTART)}"
        yield Finding("webhook-ca", Severity.BROKEN, subject, problem, (remedy,), repair=repair)


def _is_istiods(hook: Any) -> bool:
    service = (hook.get("clientConfig") or {}).get("service") or {}
    return service.get("name") == "istiod" and service.get("namespace") == SYSTEM_NAMESPACE


def _bundle(hook: Any) -> str:
    return _decoded((hook.get("clientConfig") or {}).get("caBundle", "")).strip()


def _roots(found: ClusterEvidence) -> set[str]:
    """The root certificates of `cacerts`, as text."""
    secret = found.get("Secret", SYSTEM_NAMESPACE, "cacerts")
    text = _decoded(((secret or {}).get("data") or {}).get("root-cert.pem", ""))
    return {text.strip()} if text else set()


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
