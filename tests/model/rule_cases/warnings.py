"""Meshes that can be planned, and that `up` refuses."""

from typing import Any

from tests.model.rule_cases.case import LEGACY, Case

_PORT = f"{LEGACY}.probe"
_NO_DEMO: dict[str, Any] = {"demo": None, "ingress": {}}

WARNINGS = [
    Case(
        "addresses_are_not_those_of_examples",
        {"operators.cidrs": ["10.0.0.0/24", "198.51.100.0/28"]},
        "your own value",
        path="operators.cidrs.1",
        value="198.51.100.0/28",
    ),
    Case(
        "addresses_are_not_those_of_examples",
        {"istio.packages": "http://192.0.2.7:8080/packages"},
        "your own value",
        path="istio.packages",
    ),
    Case(
        "addresses_are_not_those_of_examples",
        {f"{LEGACY}.probe.httpGet.host": "2001:db8::1"},
        "your own value",
        path=f"{LEGACY}.probe.httpGet.host",
    ),
    Case("projects_are_not_those_of_examples", {"project": "example-mesh-staging"}, "your Google"),
    Case(
        "probes_can_be_answered",
        {**_NO_DEMO, f"{LEGACY}.probe": {"httpGet": {"port": 9080}}},
        "Add an `application`",
        path=_PORT,
        value="9080",
    ),
    Case(
        "probes_can_be_answered",
        {**_NO_DEMO, f"{LEGACY}.probe": {"tcpSocket": {"port": 9080, "host": "127.0.0.1"}}},
        "remove the probe",
        path=_PORT,
        value="9080",
    ),
]
