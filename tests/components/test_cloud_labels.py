"""Labels and tags on everything in clouds that can carry them, on the stack `prod`."""

import pulumi_aws as aws
import pulumi_gcp as gcp

from tests.components.cloud_stacks import of_clouds, only
from tests.components.conftest import Declared
from tests.components.recording import Declaration

LABELS = {"stack": "prod", "mesh": "mesh-prod", "owner": "platform"}


def labels_of(each: Declaration) -> list[dict[str, str]]:
    """All the sets of labels or tags that a resource says."""
    inputs = each.inputs
    if each.typ == "aws:autoscaling/group:Group":
        return [{tag["key"]: tag["value"] for tag in inputs["tags"]}]
    # Tags of Google Cloud are words that firewall rules know.
    names = ("tags",) if each.typ.startswith("aws:") else ("labels", "resourceLabels")
    found = [inputs[key] for key in names if key in inputs]
    found += [each["tags"] for each in inputs.get("tagSpecifications", [])]
    found += [inputs["nodeConfig"]["resourceLabels"]] if each.typ.endswith(":NodePool") else []
    return found + [disk["labels"] for disk in inputs.get("disks", [])]


def takes_labels(token: str) -> bool:
    """Whether the SDK's class for `token` has an input for labels or tags."""
    package, path, kind = token.split(":")
    module = getattr({"aws": aws, "gcp": gcp}[package], path.split("/")[0])
    names = getattr(module, kind)._internal_init.__annotations__
    return bool({"aws": {"tags"}, "gcp": {"labels", "resource_labels"}}[package] & set(names))


def test_everything_that_can_has_labels(prod: Declared, private_ca: Declared) -> None:
    for each in (*of_clouds(prod), *of_clouds(private_ca)):
        found = labels_of(each)
        assert found or not takes_labels(each.typ), each.name
        for labels in found:
            assert labels.items() >= LABELS.items(), each.name
            assert labels["component"], each.name


def test_the_load_balancer_controller_leaves_the_component_to_each_service(prod: Declared) -> None:
    """Its default tags override those that a Service's annotation gives."""
    values = prod.recording.named("mesh-eks-us-load-balancers-release").inputs["values"]
    assert values["defaultTags"].items() >= LABELS.items()
    assert "component" not in values["defaultTags"]
    assert values["podDisruptionBudget"] == {"maxUnavailable": 1}, "its webhook refuses Services without it"
    annotations = prod.recording.named("mesh-eks-us-gateway-release").inputs["values"]["service"][
        "annotations"
    ]
    tags = annotations["service.beta.kubernetes.io/aws-load-balancer-additional-resource-tags"]
    assert "component=mesh-eks-us-gateway" in tags.split(",")


def test_labels_show_which_component_declares(prod: Declared) -> None:
    assert prod.recording.named("mesh-gke-eu-cluster").inputs["resourceLabels"]["component"] == "mesh-gke-eu"
    group = only(prod, "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate")
    assert group["labels"]["component"] == "mesh-group-ratings-machines"
