"""What is said of clusters whose cloud is ahead of the stack file."""

from typing import Any

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.versions import ahead, running_versions, undecided
from tests.model.meshes import PROD, changed

URN = "urn:pulumi:prod::hybrid-mesh::"


def exported(kind: str, component: str, **outputs: Any) -> dict[str, Any]:
    parent = f"{URN}hybridmesh:index:HybridMesh$hybridmesh:index:MeshCluster::{component}"
    return {"urn": f"{URN}{kind}::{component}-cluster", "type": kind, "parent": parent, "outputs": outputs}


def test_versions_come_from_the_state() -> None:
    plan = plan_from(PROD, "prod")
    resources = [
        {"type": "pulumi:pulumi:Stack", "urn": f"{URN}pulumi:pulumi:Stack::prod"},
        exported("gcp:container/cluster:Cluster", "mesh-gke-eu", masterVersion="1.35.3-gke.1200"),
        exported("aws:eks/cluster:Cluster", "mesh-eks-us", version="1.34"),
        exported("gcp:container/cluster:Cluster", "somebodys", masterVersion="1.30.1-gke.1"),
        exported("gcp:container/nodePool:NodePool", "mesh-gke-eu", version="1.33.1-gke.1"),
    ]
    assert running_versions(plan, resources) == {"gke-eu": "1.35.3-gke.1200", "eks-us": "1.34"}


def test_a_cluster_as_the_file_says_is_not_mentioned() -> None:
    plan = plan_from(PROD, "prod")
    assert ahead(plan, {"gke-eu": "1.36.1-gke.5", "eks-us": "1.35"}) == ()
    assert ahead(plan, {"eks-us": "1.34"}) == (), "the next `up` upgrades it"
    assert ahead(plan, {}) == ()


def test_a_cluster_that_is_ahead_of_the_file_is_named() -> None:
    plan = plan_from(changed(PROD, {"clusters.gke-eu.version": "1.34"}), "prod")
    (message,) = ahead(plan, {"gke-eu": "1.35.3-gke.1200"})
    assert message == (
        'clusters.gke-eu runs Kubernetes 1.35.3-gke.1200, and `version` is 1.34. Set `version: "1.35"`'
    )


def test_a_cluster_that_istio_does_not_support_is_named() -> None:
    plan = plan_from(PROD, "prod")
    (newer,) = ahead(plan, {"gke-eu": "1.37.0-gke.1"})
    assert newer == (
        "clusters.gke-eu runs Kubernetes 1.37.0-gke.1, but Istio 1.31.0 supports 1.32 to 1.36. Upgrade Istio"
    )
    (older,) = ahead(plan, {"gke-eu": "1.31.9-gke.1"})
    assert older.endswith("Upgrade the cluster")


def test_the_rapid_channel_is_mentioned_unless_the_file_decides() -> None:
    rapid = {"clusters.gke-eu.releaseChannel": "rapid"}
    (message,) = undecided(plan_from(changed(PROD, rapid), "prod"))
    assert message.startswith("clusters.gke-eu: the channel `rapid` may choose")
    chosen = {**rapid, "clusters.gke-eu.version": "1.35"}
    assert undecided(plan_from(changed(PROD, chosen), "prod")) == ()
    automatic = {**chosen, "clusters.gke-eu.maintenance": {"minorUpgrades": "automatic"}}
    assert len(undecided(plan_from(changed(PROD, automatic), "prod"))) == 1
    assert undecided(plan_from(PROD, "prod")) == ()
