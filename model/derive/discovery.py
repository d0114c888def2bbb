"""`meshConfig.discoverySelectors`: which namespaces istiod reads (Istio: "Discovery Selectors").

istiod reads the namespaces of all clusters by the selectors of its own cluster, and a namespace is read if
one selector matches. Without a selector, all are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hybrid_mesh.model.config.mesh import MeshConfig

Labels = Mapping[str, str]

NAME_LABEL = "kubernetes.io/metadata.name"
"""A label that Kubernetes sets on every namespace."""
OWNED_DOMAINS = ("istio.io", "kubernetes.io", "k8s.io")
"""Domains of labels that have a meaning for others, so that the program never adds one for a selector."""
_META = "meshConfig"


def selectors(mesh: MeshConfig, name: str) -> tuple[str, Any] | None:
    """The selectors of the istiod of cluster `name`, in any form, with their path; None if it has none, and
    if others install it. The chart moves values below `pilot` to its top, and values of the cluster replace
    those of the mesh."""
    own = mesh.clusters[name].istio
    if own.ownership == "existing":
        return None
    places = {
        f"clusters.{name}.istio.values.pilot": own.values.get("pilot"),
        "istio.values.pilot": mesh.istio.values.get("pilot"),
        f"clusters.{name}.istio.values": own.values,
        "istio.values": mesh.istio.values,
    }
    for path, values in places.items():
        config = values.get(_META) if isinstance(values, Mapping) else None
        if isinstance(config, Mapping) and "discoverySelectors" in config:
            return f"{path}.{_META}.discoverySelectors", config["discoverySelectors"]
    return None


def all_selectors(mesh: MeshConfig) -> dict[str, list[Mapping[str, Any]]]:
    """The valid, non-empty lists of selectors of all istiods, each once, by the path of the first."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for name in sorted(mesh.clusters):
        given = selectors(mesh, name)
        if given is not None and isinstance(given[1], list) and given[1] and all(map(is_selector, given[1])):
            found[given[0]] = given[1]
    return found


def is_selector(value: object) -> bool:
    """Whether `value` is a label selector of Kubernetes (`LabelSelector` of meta/v1)."""
    if not isinstance(value, Mapping) or not value.keys() <= {"matchLabels", "matchExpressions"}:
        return False
    labels, expressions = value.get("matchLabels", {}), value.get("matchExpressions", [])
    return (
        isinstance(labels, Mapping)
        and all(isinstance(each, str) for pair in labels.items() for each in pair)
        and isinstance(expressions, list)
        and all(map(_is_expression, expressions))
    )


def _is_expression(value: object) -> bool:
    if not isinstance(value, Mapping) or not value.keys() <= {"key", "operator", "values"}:
        return False
    values = value.get("values", [])
    if not isinstance(value.get("key"), str) or not isinstance(values, list):
        return False
    if not all(isinstance(each, str) for each in values):
        return False
    operator = value.get("operator")
    return operator in {"In", "NotIn"} if values else operator in {"Exists", "DoesNotExist"}


def selected(given: Sequence[Mapping[str, Any]], labels: Labels) -> bool:
    """Whether one of the selectors matches `labels`."""
    return any(_matches(each, labels) for each in given)


def _matches(selector: Mapping[str, Any], labels: Labels) -> bool:
    wanted = selector.get("matchLabels", {})
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _fulfils(each, labels) for each in selector.get("matchExpressions", [])
    )


def _fulfils(expression: Mapping[str, Any], labels: Labels) -> bool:
    key, values = expression["key"], expression.get("values", [])
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels


def added_labels(given: Mapping[str, Sequence[Mapping[str, Any]]], labels: Labels) -> dict[str, str]:
    """Labels that make a namespace with `labels` one that every istiod reads, as far as there are. A label
    that it has already is not replaced."""
    added: dict[str, str] = {}
    for each in given.values():
        together = {**added, **labels}
        if selected(each, together):
            continue
        for selector in each:
            more = {key: value for key, value in _wanted(selector).items() if key not in together}
            if selected([selector], {**more, **together}) and not any(map(_is_owned, more)):
                added |= more
                break
    return added


def _wanted(selector: Mapping[str, Any]) -> dict[str, str]:
    """Labels that a selector requires."""
    wanted = dict(selector.get("matchLabels", {}))
    for each in selector.get("matchExpressions", []):
        if each["operator"] == "In":
            wanted.setdefault(each["key"], each["values"][0])
        elif each["operator"] == "Exists":
            wanted.setdefault(each["key"], "true")
    return wanted


def _is_owned(key: str) -> bool:
    domain, slash, _ = key.rpartition("/")
    return key == "istio-injection" or bool(slash and domain.endswith(OWNED_DOMAINS))
