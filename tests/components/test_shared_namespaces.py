"""Only in clusters that are the mesh's own may a destroy delete namespaces with all that is in them."""

from hybrid_mesh.components.shared_resources import SharedNamespace
from tests.components.conftest import EXTERNAL, SECRETS, Declared, declare_mesh, read_local_stack

PLAIN = "kubernetes:core/v1:Namespace"


def namespaces(declared: Declared, kind: str) -> list[dict[str, object]]:
    return [each.inputs for each in declared.recording.declared if each.typ == kind]


def test_a_local_cluster_has_plain_ones() -> None:
    local = declare_mesh(read_local_stack())
    assert namespaces(local, PLAIN)
    assert namespaces(local, SharedNamespace.TYPE) == []


def test_a_cluster_that_others_use_has_shared_ones() -> None:
    external = declare_mesh(EXTERNAL, secrets=SECRETS)
    assert namespaces(external, PLAIN) == []
    shared = namespaces(external, SharedNamespace.TYPE)
    assert {(each["clusterName"], each["namespace"]) for each in shared} >= {
        ("edge", "istio-system"),
        ("plant", "istio-system"),
        ("edge", "billing"),
    }
    assert {"topology.istio.io/network": "datacenter"} in [each["labels"] for each in shared]
