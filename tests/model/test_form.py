"""Every mistake in the form of a configuration is told by its key's path, its value and what to do."""

from collections.abc import Mapping
from typing import Any

import pytest

from model.plan.build import plan_from
from model.reading.problems import ConfigurationError
from tests.model.meshes import DELETED, LOCAL, changed

GROUP = "workloadGroups.legacy"
ROUTE = "ingress.public.routes.0"

CASES: list[tuple[str, Mapping[str, Any], str, str, str]] = [
    # name, changes, path, value, remedy
    ("unknown key near another", {"clusters.east.netwrok": "x"}, "clusters.east.netwrok", "x", "`network`"),
    ("unknown key near none", {"zebra": 1}, "zebra", "1", "Valid keys here: clusters, demo, id"),
    (
        "snake case",
        {"clusters.east.gateway.service_type": "NodePort"},
        "clusters.east.gateway.service_type",
        "NodePort",
        "`serviceType`",
    ),
    ("missing text", {"id": DELETED}, "id", "", "`id: mesh1`"),
    (
        "missing range",
        {"networks.boston.cidr": DELETED},
        "networks.boston.cidr",
        "",
        "`cidr: 10.10.0.0/16`",
    ),
    ("missing section", {"clusters": DELETED}, "clusters", "", "type: kubeconfig"),
    ("missing type", {"clusters.east.type": DELETED}, "clusters.east.type", "", "kubeconfig | local"),
    ("unknown type", {"clusters.east.type": "aks"}, "clusters.east.type", "aks", "kubeconfig | local"),
    (
        "cloud's network without a region",
        {"networks.eu": {"type": "gcp", "cidr": "10.30.0.0/16"}},
        "networks.eu.region",
        "",
        "`region: europe-west4`",
    ),
    (
        "no machines at all",
        {f"{GROUP}.machines": {"type": "gce", "count": 0}},
        f"{GROUP}.machines.count",
        "0",
        "at least 1",
    ),
    (
        "impatient autohealing",
        {f"{GROUP}.machines": {"type": "ec2", "readySeconds": 60}},
        f"{GROUP}.machines.readySeconds",
        "60",
        "at least 300",
    ),
    (
        "disk too small",
        {f"{GROUP}.machines": {"type": "gce", "diskGigabytes": 5}},
        f"{GROUP}.machines.diskGigabytes",
        "5",
        "at least 10",
    ),
    (
        "admitted address instead of a range",
        {"operators": {"cidrs": ["198.51.100.7"]}},
        "operators.cidrs.0",
        "198.51.100.7",
        "address/length",
    ),
    (
        "no name of a disk",
        {f"{GROUP}.machines": {"type": "ec2", "rootDevice": "xvda"}},
        f"{GROUP}.machines.rootDevice",
        "xvda",
        "/dev/xvda",
    ),
    (
        "another cloud's word",
        {"clusters.east": {"type": "eks", "network": "boston", "nodePool": {}}},
        "clusters.east.nodePool",
        "{}",
        "nodeGroup",
    ),
    (
        "unknown channel",
        {"clusters.east": {"type": "gke", "network": "boston", "releaseChannel": "REGULAR"}},
        "clusters.east.releaseChannel",
        "REGULAR",
        "`regular`",
    ),
    ("misspelt type", {"clusters.east.type": "locl"}, "clusters.east.type", "locl", "Did you mean `local`?"),
    ("unknown issuer", {"trust": {"issuer": "selfsigned"}}, "trust.issuer", "selfsigned", "`self-signed`"),
    ("missing issuer", {"trust": {}}, "trust.issuer", "", "files | google-cas | self-signed"),
    (
        "missing port of a probe",
        {f"{GROUP}.probe.httpGet": {"path": "/"}},
        f"{GROUP}.probe.httpGet.port",
        "",
        "port: 8080",
    ),
    ("number for text", {"istio.version": 1.31}, "istio.version", "1.31", '"1.31"'),
    (
        "text for number",
        {f"{GROUP}.ports.http": "9080"},
        f"{GROUP}.ports.http",
        "9080",
        "without quotes",
    ),
    (
        "switch for number",
        {f"{GROUP}.machines.count": True},
        f"{GROUP}.machines.count",
        "true",
        "Write a number",
    ),
    (
        "text for switch",
        {"clusters.east.gateway.enabled": "no"},
        "clusters.east.gateway.enabled",
        "no",
        "true or false",
    ),
    ("list for section", {"clusters": ["east"]}, "clusters", "[east]", "`name: …`"),
    ("text for section", {"clusters.east": "local"}, "clusters.east", "local", "`key: value`"),
    ("text for list", {"ingress.public.listeners": "http"}, "ingress.public.listeners", "http", "[first"),
    ("nothing at all", {"workloadGroups": None}, "workloadGroups", "null", "leave the key out"),
    ("empty section", {"networks": {}}, "networks", "{}", "Add one"),
    ("empty list", {f"{ROUTE}.backends": []}, f"{ROUTE}.backends", "[]", "Add one"),
    (
        "name in capitals",
        {"clusters.East_1": {"type": "local", "network": "boston"}},
        "clusters.East_1",
        "East_1",
        "`east-1`",
    ),
    ("name of one dash", {"id": "-"}, "id", "-", "lower case letters"),
    ("name too long", {"id": "a" * 64}, "id", "a" * 59 + "…", "63 characters"),
    (
        "number as a name",
        {"networks.boston.cidr": 10},
        "networks.boston.cidr",
        "10",
        "for example 10.10.0.0/16",
    ),
    ("no range", {"networks.boston.cidr": "boston"}, "networks.boston.cidr", "boston", "address/length"),
    (
        "range with host bits",
        {"networks.boston.cidr": "10.20.0.1/16"},
        "networks.boston.cidr",
        "10.20.0.1/16",
        "Did you mean 10.20.0.0/16?",
    ),
    (
        "range of IPv6",
        {"networks.boston.cidr": "fd00::/64"},
        "networks.boston.cidr",
        "fd00::/64",
        "for example 10.10.0.0/16",
    ),
    (
        "port too large",
        {f"{GROUP}.ports.http": 65536},
        f"{GROUP}.ports.http",
        "65536",
        "at most 65535",
    ),
    ("count of none", {f"{GROUP}.machines.count": 0}, f"{GROUP}.machines.count", "0", "at least 1"),
    (
        "loss of more than all",
        {"networks.boston.wan.lossPercent": 101},
        "networks.boston.wan.lossPercent",
        "101",
        "at most 100",
    ),
    (
        "unknown choice",
        {"clusters.east.state": "quarantine"},
        "clusters.east.state",
        "quarantine",
        "Did you mean `quarantined`?",
    ),
    (
        "relative path",
        {f"{GROUP}.application.files": [{"path": "etc/x", "content": ""}]},
        f"{GROUP}.application.files.0.path",
        "etc/x",
        "slash",
    ),
    (
        "mode without quotes",
        {f"{GROUP}.application.files": [{"path": "/etc/x", "content": "", "mode": 0o644}]},
        f"{GROUP}.application.files.0.mode",
        "420",
        '"0644"',
    ),
    (
        "mode of three digits",
        {f"{GROUP}.application.files": [{"path": "/etc/x", "content": "", "mode": "644"}]},
        f"{GROUP}.application.files.0.mode",
        "644",
        '"0644"',
    ),
    (
        "unit without suffix",
        {f"{GROUP}.application.units": [{"name": "ratings", "content": ""}]},
        f"{GROUP}.application.units.0.name",
        "ratings",
        "ratings.service",
    ),
    (
        "backend of two kinds",
        {f"{ROUTE}.backends.0.group": "legacy"},
        f"{ROUTE}.backends.0.service",
        "echo",
        "Valid keys here: group, port, weight",
    ),
    (
        "gateway class with blanks",
        {"ingress.public.gatewayClass": "My Class!"},
        "ingress.public.gatewayClass",
        "My Class!",
        "lower case letters",
    ),
    ("tag with blanks", {"istio.tag": "a b"}, "istio.tag", "a b", "1.31.0"),
    ("no image", {"demo.image": ""}, "demo.image", "", "echo:1.31.0"),
    (
        "empty command",
        {f"{GROUP}.application.commands": ["true", ""]},
        f"{GROUP}.application.commands.1",
        "",
        "Remove the entry",
    ),
    ("negative weight", {f"{ROUTE}.backends.1.weight": -1}, f"{ROUTE}.backends.1.weight", "-1", "at least 0"),
]


@pytest.mark.parametrize(
    ("changes", "path", "value", "remedy"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_says_where_what_and_what_to_do(
    changes: Mapping[str, Any], path: str, value: str, remedy: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        plan_from(changed(LOCAL, changes), "test")
    found = {problem.path: problem for problem in raised.value.problems}
    assert path in found
    assert found[path].value == value
    assert remedy in found[path].remedy


@pytest.mark.parametrize("changes", [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_speaks_of_nothing_but_the_configuration(changes: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        plan_from(changed(LOCAL, changes), "test")
    text = str(raised.value)
    for jargon in ("pydantic", "https://errors", "Input should", "[type=", "union", "tuple", "Traceback"):
        assert jargon not in text
    for problem in raised.value.problems:
        assert len(str(problem).splitlines()) <= 2


def test_one_wrong_entry_of_a_list_is_one_problem() -> None:
    with pytest.raises(ConfigurationError) as raised:
        plan_from(changed(LOCAL, {"ingress.public.listeners.0.protocol": "TCP"}), "test")
    assert [problem.path for problem in raised.value.problems] == ["ingress.public.listeners.0.protocol"]


def test_tells_every_problem_at_once() -> None:
    wrong = changed(LOCAL, {"id": "Mesh", "clusters.east.netwrok": "x", "networks.boston.cidr": "no"})
    with pytest.raises(ConfigurationError) as raised:
        plan_from(wrong, "test")
    paths = {problem.path for problem in raised.value.problems}
    assert paths == {"id", "clusters.east.netwrok", "networks.boston.cidr"}
