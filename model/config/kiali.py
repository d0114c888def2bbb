"""What Kiali needs to show the mesh."""

from pydantic import Field

from hybrid_mesh.model.config.base import DnsLabel, Section
from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE


class KialiConfig(Section):
    """What one Kiali needs to show all clusters and VMs: an account in each other cluster that may read what
    Kiali shows, and one Secret with a kubeconfig of each of them. The program does not install Kiali."""

    cluster: DnsLabel = Field(examples=["east"])
    """Cluster in which Kiali runs."""
    namespace: DnsLabel = SYSTEM_NAMESPACE
    """Namespace in which Kiali runs: `istio-system`, or one of `namespaces`."""
