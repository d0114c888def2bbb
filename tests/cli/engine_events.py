"""Lines of the engine's event log, as `pulumi` writes them (pulumi/sdk/go/common/apitype/events.go)."""

from typing import Any

STACK = "urn:pulumi:local::hybrid-mesh::pulumi:pulumi:Stack::hybrid-mesh-local"
_CHAINS = {
    "cluster": "hybridmesh:index:LocalMeshCluster$hybridmesh:index:LocalCluster",
    "istiod": "hybridmesh:index:IstioControlPlane$kubernetes:helm.sh/v3:Release",
    "namespace": "hybridmesh:index:LocalMeshCluster$kubernetes:core/v1:Namespace",
    "vm": "hybridmesh:index:WorkloadGroup$hybridmesh:index:LocalMachines$hybridmesh:index:LocalMachine",
    "registration": "hybridmesh:index:WorkloadGroup$hybridmesh:index:MachineRegistration",
    "authority": "hybridmesh:index:MeshTrust$hybridmesh:index:CertificateAuthority",
    "gke": "hybridmesh:index:GkeMeshCluster$gcp:container/cluster:Cluster",
}


def urn(kind: str, name: str) -> str:
    """Of a resource of the mesh: `kind` is one of the table's, or the types of its parents and its own."""
    return f"urn:pulumi:local::hybrid-mesh::hybridmesh:index:HybridMesh${_CHAINS.get(kind, kind)}::{name}"


EAST = urn("cluster", "mesh-east-cluster")
WEST = urn("cluster", "mesh-west-cluster")
ISTIOD = urn("istiod", "mesh-east-istio-istiod")
VM = urn("vm", "mesh-group-legacy-machines-1")
REGISTRATION = urn("registration", "mesh-group-legacy-registration")


def begun(operation: str, of: str, **more: Any) -> dict[str, Any]:
    return {"resourcePreEvent": {"metadata": _metadata(operation, of, **more)}}


def done(operation: str, of: str, **more: Any) -> dict[str, Any]:
    return {"resOutputsEvent": {"metadata": _metadata(operation, of, **more)}}


def failed(operation: str, of: str) -> dict[str, Any]:
    return {"resOpFailedEvent": {"metadata": _metadata(operation, of)}}


def status(of: str, text: str) -> dict[str, Any]:
    return message("info", text, of, ephemeral=True)


def message(severity: str, text: str, of: str = "", *, ephemeral: bool = False) -> dict[str, Any]:
    content = {"severity": severity, "message": f"{text}\n", "color": "never"}
    return {
        "diagnosticEvent": content | ({"urn": of} if of else {}) | ({"ephemeral": True} if ephemeral else {})
    }


def announced(kind: str, name: str, *, custom: bool = True) -> dict[str, Any]:
    return message("debug", f"registering resource: ty={kind}, name={name}, custom={custom}, remote=False")


def summary(**changes: int) -> dict[str, Any]:
    return {"summaryEvent": {"resourceChanges": changes}}


def _metadata(operation: str, of: str, **old: Any) -> dict[str, Any]:
    differing = old.pop("detailedDiff", None)
    custom = "IstioControlPlane::" not in of
    state = {"urn": of, "custom": custom, "provider": old.pop("provider", "")}
    return {
        "op": operation,
        "urn": of,
        "old": None if operation == "create" else {**state, **old},
        "new": None if operation == "delete" else state,
        "detailedDiff": differing,
    }
