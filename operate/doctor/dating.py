"""Since when an object is not as declared: its API server knows who wrote which fields when."""

import json
from dataclasses import replace
from datetime import datetime

from hybrid_mesh.operate.doctor.findings import Finding
from hybrid_mesh.operate.doctor.moments import moment
from hybrid_mesh.operate.doctor.repairs import ApplyStep
from hybrid_mesh.operate.shell import NotReachableError, Shell

SECONDS = 5.0


def with_time(finding: Finding, shell: Shell) -> Finding:
    """`finding` with the time of the object's last change by anybody, if it is about a changed object."""
    steps = finding.repair.steps if finding.repair else ()
    if finding.since is not None or not steps or not isinstance(steps[0], ApplyStep):
        return finding
    return replace(finding, since=_last_change(steps[0], shell))


def _last_change(step: ApplyStep, shell: Shell) -> datetime | None:
    metadata, kind = step.manifest["metadata"], step.manifest["kind"]
    group, _, version = step.manifest.get("apiVersion", "").rpartition("/")
    resource = f"{kind.lower()}.{version}.{group}" if group else kind.lower()
    where = [f"--namespace={metadata['namespace']}"] if metadata.get("namespace") else []
    asked = ["get", resource, metadata["name"], *where, "--output=json", "--show-managed-fields"]
    try:
        done = shell.kubectl(step.cluster, asked, "", SECONDS)
        written = json.loads(done.stdout)["metadata"].get("managedFields") or ()
    except (NotReachableError, ValueError, KeyError):
        return None
    times = [moment(each.get("time")) for each in written if each.get("subresource") != "status"]
    return max((each for each in times if each is not None), default=None)
