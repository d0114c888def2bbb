"""The identity of a VM of the lab, as in its metadata and its identity token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

METADATA_ADDRESS: Final = "169.254.169.254"
"""The address at which VMs query their identity, as on GCE and EC2; also their name server, as on GCE."""


@dataclass(frozen=True)
class MachineIdentity:
    """`address` is the VM's in its own network; `attributes` is served under `instance/attributes/`. `zone`
    is the last part of GCE's `projects/<number>/zones/<zone>`: a region, a dash and a letter, from which
    Istio's agent derives its locality."""

    name: str
    instance_id: str
    service_account_email: str
    address: str
    zone: str = "local-site1-a"
    project: str = "hybrid-mesh"
    attributes: Mapping[str, str] = field(default_factory=dict)
