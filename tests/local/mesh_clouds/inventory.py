"""What is in a cluster, by name."""

import re
from typing import Final

from tests.local.lab_site import Kubectl

_TOLD_OF_OTHERS: Final = ("events",)
_NAMES: Final = "jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{'\\n'}{end}"
_DEFINED: Final = r"[a-z0-9]+\.(\w+\.istio\.io|gateway\.networking\.k8s\.io)"
_STAYS: Final = re.compile(
    rf"CustomResourceDefinition /{_DEFINED}"
    rf"|APIService /{_DEFINED}"
    r"|ValidatingAdmissionPolicy(Binding)? /safe-upgrades\.gateway\.networking\.k8s\.io"
    r"|GatewayClass /istio(-remote)?"
    r"|ConfigMap (default|kube-system)/istio-ca-(root-cert|crl)"
)


def inventory(kubectl: Kubectl) -> set[str]:
    """Every object that could be deleted, as `Kind namespace/name`."""
    kinds = kubectl("api-resources", "--verbs=list,delete", "-o", "name").split()
    lasting = [kind for kind in kinds if kind.partition(".")[0] not in _TOLD_OF_OTHERS]
    return set(kubectl("get", ",".join(lasting), "--all-namespaces", "-o", _NAMES).splitlines())


def stays(name: str) -> bool:
    """Whether an object of an inventory stays in a cluster that outlives its mesh: definitions, which others
    may use too and whose charts keep them, and what istiod makes and nobody takes away.
    """
    return _STAYS.fullmatch(name) is not None
