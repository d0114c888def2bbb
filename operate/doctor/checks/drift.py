"""Objects that the program declares and that somebody deleted or changed since."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE
from hybrid_mesh.model.objects.planned import PlannedObject, PlannedRelease
from hybrid_mesh.model.plan.types import ClusterPlan, MeshPlan
from hybrid_mesh.operate.doctor.differences import differences
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.helm import HelmRelease
from hybrid_mesh.operate.doctor.repairs import ApplyStep, KubectlStep, Repair, Step
from hybrid_mesh.operate.doctor.types import Object

_APPLY = ("hybrid-mesh up",)
_WRITTEN_BY_ISTIOD = {
    "MutatingWebhookConfiguration": ("caBundle",),
    "ValidatingWebhookConfiguration": ("caBundle", "failurePolicy"),
}
"""Kind -> fields that istiod itself writes, in place of what Helm sent (pkg/webhooks)."""
_UNWANTED = ("externalIPs", "loadBalancerSourceRanges")
"""Fields of a Service that nobody but its declarer sets, and that change who reaches it: an address that
istiod announces to the peers, and callers that are refused."""
CHANGED = "object-changed"
_MOST_FIELDS = 3


def changed_objects(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """Every planned object and every object of a planned Helm release, in each cluster that answered."""
    for name, found in evidence.answering():
        cluster = plan.clusters[name]
        for planned in cluster.objects:
            if isinstance(planned, PlannedObject):
                yield from _object(cluster, found, planned)
            else:
                yield from _release(cluster, found, planned)


def _object(cluster: ClusterPlan, found: ClusterEvidence, planned: PlannedObject) -> Iterator[Finding]:
    manifest = {key: value for key, value in planned.manifest.items() if key not in planned.filled}
    if planned.adopted and manifest["kind"] == "Namespace":
        manifest = {**manifest, "metadata": {"name": manifest["metadata"]["name"]}}
    repairable = not planned.filled
    yield from _compared(cluster.name, found, manifest, planned.name, repairable=repairable)


def _release(cluster: ClusterPlan, found: ClusterEvidence, planned: PlannedRelease) -> Iterator[Finding]:
    if "Secret" not in found.listed:
        return
    releases = [each for each in found.releases if each.name == planned.release]
    subject = f"cluster {cluster.name}"
    if not releases:
        if planned.namespace == SYSTEM_NAMESPACE:
            problem = f"Helm's record of the release {planned.release} is missing in {planned.namespace}"
            yield Finding("release-missing", Severity.BROKEN, subject, problem, _APPLY)
        return
    release = releases[0]
    if release.status != "deployed":
        problem = f"the Helm release {planned.release} is {release.status}, and should be deployed"
        yield Finding("release-unfinished", Severity.BROKEN, subject, problem, ("hybrid-mesh up",))
        return
    for manifest in release.objects:
        yield from _compared(cluster.name, found, manifest, release, repairable=True)


def _compared(
    cluster: str, found: ClusterEvidence, manifest: Object, owner: HelmRelease | str, *, repairable: bool
) -> Iterator[Finding]:
    kind, metadata = manifest["kind"], manifest["metadata"]
    if kind not in found.listed:
        return
    space = metadata.get("namespace") or (owner.namespace if isinstance(owner, HelmRelease) else None)
    live = found.get(kind, space, metadata["name"]) or found.cluster_wide(kind, metadata["name"])
    space = live["metadata"].get("namespace") if live else metadata.get("namespace")
    subject = f"{kind} {f'{space}/' if space else ''}{metadata['name']} of {cluster}"
    placed = {**manifest, "metadata": {**metadata, "namespace": space}} if space else manifest
    step = ApplyStep(cluster, placed, owner)
    if live is None:
        problem = "it does not exist, and the configuration declares it"
        repair = Repair(f"Create {subject}?", (step,)) if repairable else None
        yield Finding("object-missing", Severity.BROKEN, subject, problem, _APPLY, repair=repair)
        return
    strange = [name for name in _UNWANTED if kind == "Service" and _only_live(manifest, live, name)]
    changed = sorted([*differences(_expected(manifest), live), *(f"spec.{name}" for name in strange)])
    if changed:
        fields = ", ".join(changed[:_MOST_FIELDS]) + (" …" if len(changed) > _MOST_FIELDS else "")
        problem = f"it was changed since the last `up`: {fields}"
        steps: list[Step] = [step]
        if strange:
            patch = f"--patch={json.dumps({'spec': dict.fromkeys(strange)})}"
            patched = ("patch", "service", metadata["name"], f"--namespace={space}", "--type=merge", patch)
            steps.append(KubectlStep(cluster, patched))
        repair = Repair(f"Set {subject} back to what is declared?", tuple(steps)) if repairable else None
        yield Finding(CHANGED, Severity.WARNING, subject, problem, _APPLY, repair=repair)


def _only_live(manifest: Object, live: Object, name: str) -> bool:
    return bool((live.get("spec") or {}).get(name)) and not (manifest.get("spec") or {}).get(name)


def _expected(manifest: Object) -> Object:
    """Without what others write and with what the API server makes of it."""
    skipped = _WRITTEN_BY_ISTIOD.get(manifest["kind"], ())
    expected = _without(manifest, skipped) if skipped else manifest
    return {key: value for key, value in expected.items() if key not in ("apiVersion", "status")}


def _without(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {key: _without(each, names) for key, each in value.items() if key not in names}
    if isinstance(value, list):
        return [_without(each, names) for each in value]
    return value
