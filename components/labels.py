"""Labels (Google Cloud) and tags (AWS) of all cloud resources, set by one transformation."""

from collections.abc import Mapping
from typing import Any

import pulumi

from hybrid_mesh.model.derive.labels import component_labels


def labelling(labels: Mapping[str, str]) -> pulumi.ResourceTransformation:
    """A transformation of a component and its descendants. It sets `labels`, and `component` with the name of
    the declaring component, on each cloud resource.

    It uses the SDK's option (`transformations`), not the engine's (`transforms`): it needs no call per
    resource, and works with mocks.
    """

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        parent = args.opts.parent
        if parent is None or args.type_.partition(":")[0] not in _LABELLERS:
            return None
        own = component_labels(labels, parent.pulumi_resource_name)
        return pulumi.ResourceTransformationResult(labelled(args.type_, args.props, own), args.opts)

    return transform


def labelled(kind: str, props: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """`props` of a resource of type `kind`, with `labels` added if it supports them. Its own labels take
    precedence.

    The SDK passes every input of a type, set or not, so their names show whether the type has labels.
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
    # Its instances and their disks get theirs from the launch template.
    return [
        *(own or ()),
        *(
            {"key": key, "value": value, "propagate_at_launch": False}
            for key, value in sorted(labels.items())
        ),
    ]


_LABELLERS = {"aws": _labelled_in_aws, "gcp": _labelled_in_google}
"""By package of the resource's type."""
