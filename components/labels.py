"""Labels (Google Cloud) and tags (AWS) on everything that can carry them, by one transformation."""

from collections.abc import Mapping
from typing import Any

import pulumi

from hybrid_mesh.model.derive.labels import component_labels


def labelling(labels: Mapping[str, str]) -> pulumi.ResourceTransformation:
    """A transformation for a component, whose descendants inherit it: puts `labels`, and `component`, which
    names the component that declares a resource, on each resource of a cloud.

    It is an option of the SDK (`transformations`), not of the engine (`transforms`): it costs no call per
    resource, and mocks run it.
    """

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        parent = args.opts.parent
        if parent is None or args.type_.partition(":")[0] not in _LABELLERS:
            return None
        own = component_labels(labels, parent.pulumi_resource_name)
        return pulumi.ResourceTransformationResult(labelled(args.type_, args.props, own), args.opts)

    return transform


def labelled(kind: str, props: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """`props` of a resource of type `kind` with `labels` wherever it takes any; its own win.

    The SDK names every input of a type, given or not, so that its name says whether there is such a one.
    """
    return _LABELLERS[kind.partition(":")[0]](kind, props, labels)


def _labelled_in_aws(kind: str, props: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    made = dict(props)
    if "tags" in props:
        made["tags"] = _tags(kind, props["tags"], labels)
    if "tag_specifications" in props:
        made["tag_specifications"] = [
            {"resource_type": each, "tags": dict(labels)}
            for each in ("instance", "network-interface", "volume")
        ]
    return made


def _labelled_in_google(kind: str, props: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    made = dict(props)
    for name in ("labels", "resource_labels"):
        if name in props:
            made[name] = {**labels, **(props[name] or {})}
    if kind == "gcp:container/nodePool:NodePool":
        made["node_config"] = {**props["node_config"], "resource_labels": dict(labels)}
    if kind == "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate":
        made["disks"] = [{**disk, "labels": dict(labels)} for disk in props["disks"]]
    return made


def _tags(kind: str, own: Any, labels: Mapping[str, str]) -> Any:
    if kind != "aws:autoscaling/group:Group":
        return {**labels, **(own or {})}
    # Its instances and their disks have theirs from the launch template.
    return [
        *(own or ()),
        *(
            {"key": key, "value": value, "propagate_at_launch": False}
            for key, value in sorted(labels.items())
        ),
    ]


_LABELLERS = {"aws": _labelled_in_aws, "gcp": _labelled_in_google}
"""By the package of a resource's type."""
