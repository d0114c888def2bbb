"""Who a machine of the lab is, as its metadata server and its identity token say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

METADATA_ADDRESS: Final = "169.254.169.254"
"""Where machines ask who they are, as on GCE and EC2; also their name server, as on GCE."""


@dataclass(frozen=True)
class MachineIdentity:
    """`address` is the machine's in its own network; `attributes` what a user may ask for under
    `instance/attributes/`. `zone` is the last part of GCE's `projects/<number>/zones/<zone>`: a region, a
    dash and a letter, from which Istio's agent derives its locality."""

    name: str
    instance_id: str
    service_account_email: str
    address: str
    zone: str = "local-site1-a"
    project: str = "hybrid-mesh"
    attributes: Mapping[str, str] = field(default_factory=dict)
