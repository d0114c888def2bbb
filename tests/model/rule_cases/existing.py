"""Meshes that break the rules of `model.checks.existing`."""

from tests.model.rule_cases.case import EAST, Case
from tests.model.rule_cases.cloud import EKS, GKE

ONE = "clusters.one"

EXISTING = [
    Case("new_clusters_have_no_istio", {f"{EAST}.istio.ownership": "adopt"}, "Leave `ownership` out"),
    Case("new_clusters_have_no_istio", {f"{EAST}.certificates": "existing"}, "Leave `certificates` out"),
    Case("new_clusters_have_no_istio", {f"{EAST}.gateway.ownership": "existing"}, "Leave `ownership` out"),
    Case("new_clusters_have_no_istio", {f"{GKE}.istio.ownership": "adopt"}, "set it to own", stack="prod"),
    Case("new_clusters_have_no_istio", {f"{EKS}.istio.ownership": "adopt"}, "set it to own", stack="prod"),
    Case(
        "only_an_existing_mesh_has_its_parts",
        {f"{ONE}.gateway.ownership": "existing"},
        "ownership: existing",
        stack="dev",
    ),
    Case(
        "only_an_existing_mesh_has_its_parts",
        {f"{ONE}.istio.remoteSecret": "istio-remote-secret-two"},
        "Leave `remoteSecret` out",
        stack="dev",
    ),
    Case(
        "local_clusters_get_the_gateway_api",
        {"istio.gatewayApi": "existing"},
        "install",
    ),
    Case("local_clusters_get_the_gateway_api", {f"{EAST}.istio.gatewayApi": "existing"}, "install"),
    Case(
        "an_existing_istio_has_certificates",
        {f"{ONE}.istio.ownership": "existing"},
        "certificates: existing",
        path=f"{ONE}.certificates",
        value="own",
        stack="dev",
    ),
    Case(
        "existing_certificates_have_the_meshs_root",
        {f"{ONE}.certificates": "existing"},
        "issuer: files",
        stack="dev",
    ),
    Case(
        "existing_certificates_have_the_meshs_root",
        {
            f"{ONE}.certificates": "existing",
            "trust": {"issuer": "aws-private-ca", "region": "eu-west-1"},
        },
        "the root of these certificates",
        stack="dev",
    ),
    Case(
        "only_vms_with_an_agent_have_an_account",
        {
            "workloadGroups.db": {
                "namespace": "shop",
                "cluster": "one",
                "network": "machines",
                "ports": {"tcp": 3306},
                "serviceAccountOwnership": "existing",
                "machines": {"type": "static", "addresses": ["192.168.56.9"]},
            }
        },
        "Leave it out",
        path="workloadGroups.db.serviceAccountOwnership",
        value="existing",
        stack="dev",
    ),
    Case(
        "istiod_reads_the_namespace_default",
        {
            "workloadGroups.ratings.namespace": "default",
            "istio.values": {"meshConfig": {"discoverySelectors": [{"matchLabels": {"mesh": "yes"}}]}},
        },
        "kubernetes.io/metadata.name: default",
        stack="dev",
    ),
    Case(
        "the_issuer_is_needed",
        {"trust": {"issuer": "existing"}, f"{ONE}.certificates": "existing"},
        "clusters.two.certificates",
        path="trust.issuer",
        value="existing",
        stack="dev",
    ),
    Case(
        "the_issuer_is_needed",
        {
            "trust": {"issuer": "files"},
            f"{ONE}.certificates": "existing",
            "clusters.two.certificates": "existing",
        },
        "issuer: existing",
        path="trust.issuer",
        value="files",
        stack="dev",
    ),
]
