"""What is in a cluster, by name."""

import re
from typing import Final

from tests.local.lab_site import Kubectl

_OF_KUBERNETES: Final = ("csinodes", "events", "ipaddresses", "leases", "nodes", "servicecidrs")
"""Kinds that Kubernetes creates and deletes automatically, some shortly after it reports that it is ready."""
_NAMES: Final = "jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{'\\n'}{end}"
_DEFINED: Final = r"[a-z0-9]+\.(\w+\.istio\.io|gateway\.networking\.k8s\.io)"
_ELECTIONS: Final = r"[a-z-]*(leader|election)|ip-autoallocate|gateway-(deployment|inferencepool)"
"""How istiod's ConfigMaps that say which replica leads are named (pilot/pkg/leaderelection)."""
_STAYS: Final = re.compile(
    rf"CustomResourceDefinition /{_DEFINED}"
    rf"|APIService /{_DEFINED}"
    r"|ValidatingAdmissionPolicy(Binding)? /safe-upgrades\.gateway\.networking\.k8s\.io"
    r"|GatewayClass /istio(-remote)?"
    r"|ConfigMap [a-z0-9-]+/istio-ca-(root-cert|crl)"
    rf"|ConfigMap istio-system/istio-({_ELECTIONS})"
)


def inventory(kubectl: Kubectl) -> set[str]:
    """Every object that could be deleted, as `Kind namespace/name`, but for what is Kubernetes' own: those
    kinds, and the namespaces `kube-…`, into which the mesh puts nothing.
    """
    kinds = kubectl("api-resources", "--verbs=list,delete", "-o", "name").split()
    lasting = [kind for kind in kinds if kind.partition(".")[0] not in _OF_KUBERNETES]
    names = kubectl("get", ",".join(lasting), "--all-namespaces", "-o", _NAMES).splitlines()
    return {name for name in names if " kube-" not in name}


def stays(name: str) -> bool:
    """Whether an object of an inventory stays in a cluster that outlives its mesh: definitions, which others
    may use too and whose charts keep them, and what istiod creates and nobody deletes.
    """
    return _STAYS.fullmatch(name) is not None
