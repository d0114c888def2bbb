"""The `type` that each cloud's sections have in a stack file.

Imports nothing, so that the plug-in can use it without loading the configuration's classes."""

from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class Kinds:
    """The `type` of a cloud's networks, clusters and VMs."""

    network: str
    cluster: str
    machines: str


GOOGLE = Kinds(network="gcp", cluster="gke", machines="gce")
AWS = Kinds(network="aws", cluster="eks", machines="ec2")

IN_CLOUDS = frozenset(kind for kinds in (GOOGLE, AWS) for kind in astuple(kinds))
"""Every `type` of a section that creates resources in a cloud."""
