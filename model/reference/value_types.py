"""What a key takes, in the words of the reference, from its JSON Schema."""

from collections.abc import Mapping
from typing import Any

from hybrid_mesh.model.config.base import (
    ABSOLUTE_PATH_PATTERN,
    CA_POOL_PATTERN,
    CIDR_PATTERN,
    DATE_PATTERN,
    DEVICE_PATTERN,
    DNS_LABEL_PATTERN,
    DNS_NAME_PATTERN,
    DURATION_PATTERN,
    FILE_MODE_PATTERN,
    HEADER_NAME_PATTERN,
    IMAGE_PATTERN,
    IMAGE_REPOSITORY_PATTERN,
    IMAGE_TAG_PATTERN,
    INTERFACE_PATTERN,
    KMS_KEY_PATTERN,
    LOCALITY_PATTERN,
    NOT_BLANK_PATTERN,
    ONE_LINE_PATTERN,
    SHA256_PATTERN,
    TIME_OF_DAY_PATTERN,
    UNIT_NAME_PATTERN,
    URL_PATH_PATTERN,
    VARIABLE_PATTERN,
)

PATTERNS: Mapping[str, str] = {
    ABSOLUTE_PATH_PATTERN: "absolute path",
    CIDR_PATTERN: "CIDR",
    CA_POOL_PATTERN: "name of a CA pool",
    DATE_PATTERN: 'date in quotes (`"2026-12-18"`)',
    DEVICE_PATTERN: "device name (`/dev/…`)",
    DNS_LABEL_PATTERN: "DNS label",
    DNS_NAME_PATTERN: "DNS name",
    HEADER_NAME_PATTERN: "name of an HTTP header",
    VARIABLE_PATTERN: "name of a variable",
    URL_PATH_PATTERN: "path of a URL",
    ONE_LINE_PATTERN: "string of one line",
    DURATION_PATTERN: "duration (`10s`)",
    FILE_MODE_PATTERN: "file mode of four octal digits, in quotes",
    INTERFACE_PATTERN: "name of a network interface",
    IMAGE_PATTERN: "image name",
    IMAGE_REPOSITORY_PATTERN: "Artifact Registry repository",
    KMS_KEY_PATTERN: "Cloud KMS key",
    LOCALITY_PATTERN: "region, region/zone or region/zone/subzone",
    IMAGE_TAG_PATTERN: "image tag",
    NOT_BLANK_PATTERN: "non-empty string",
    TIME_OF_DAY_PATTERN: 'time of day in quotes (`"02:00"`)',
    SHA256_PATTERN: "SHA-256 checksum of 64 hexadecimal digits",
    UNIT_NAME_PATTERN: "name of a systemd unit",
}
"""What a string that matches a pattern is."""


def without_null(node: Mapping[str, Any]) -> dict[str, Any]:
    """The schema `node` of an optional key without the alternative `null`."""
    others = [each for each in node.get("anyOf", ()) if each.get("type") != "null"]
    if len(others) != 1:
        return dict(node)
    return {**{key: value for key, value in node.items() if key != "anyOf"}, **others[0]}


def value_type(node: Mapping[str, Any]) -> str:
    """What the schema `node` accepts: "DNS label", "list of CIDR", "integer, 1 to 65535"."""
    node = without_null(node)
    if "enum" in node or "const" in node:
        return " or ".join(f"`{value}`" for value in node.get("enum", [node.get("const")]))
    if "$ref" in node or "oneOf" in node:
        return "section"
    if "anyOf" in node:
        return " or ".join(value_type(each) for each in node["anyOf"])
    kind = str(node.get("type", "any value"))
    if kind == "array":
        return f"list of {value_type(node['items'])}"
    if kind == "object":
        return f"map of {value_type(_entries(node))}"
    return PATTERNS.get(node.get("pattern", ""), kind) + _limits(node)


def _entries(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a map's values."""
    named: list[Mapping[str, Any]] = list(node.get("patternProperties", {}).values())
    others = node.get("additionalProperties")
    return named[0] if named else others if isinstance(others, Mapping) else {}


def _limits(node: Mapping[str, Any]) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        return f", {low:g} to {high:g}"
    return f", at least {low:g}" if low is not None else ""
