"""Every mistake in the form of a configuration is reported with its key's path, its value and a remedy."""

import pytest

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading.problems import ConfigurationError
from tests.model.meshes import DELETED, LOCAL, changed
from tests.model.rule_cases.case import Case

GROUP = "workloadGroups.legacy"
ROUTE = "ingress.public.routes.0"
LEGACY = "workloadGroups.legacy"

CASES = [
    Case("unknown key near another", {"clusters.east.netwrok": "x"}, "`network`"),
    Case("unknown key near none", {"zebra": 1}, "Valid keys here: clusters, demo, httpProxy, id"),
    Case("snake case", {"clusters.east.gateway.service_type": "NodePort"}, "`serviceType`"),
    Case("missing text", {"id": DELETED}, "`id: mesh1`"),
    Case("missing range", {"networks.boston.cidr": DELETED}, "`cidr: 10.10.0.0/16`"),
    Case("missing section", {"clusters": DELETED}, "type: kubeconfig"),
    Case("missing type", {"clusters.east.type": DELETED}, "kubeconfig | local"),
    Case("unknown type", {"clusters.east.type": "aks"}, "kubeconfig | local"),
    Case(
        "cloud's network without a region",
        {"networks.eu": {"type": "gcp", "cidr": "10.30.0.0/16"}},
        "`region: europe-west4`",
        path="networks.eu.region",
        value="",
    ),
    Case(
        "no machines at all",
        {f"{GROUP}.machines": {"type": "gce", "count": 0}},
        "1 or more",
        path=f"{GROUP}.machines.count",
        value="0",
    ),
    Case(
        "impatient autohealing",
        {f"{GROUP}.machines": {"type": "ec2", "readySeconds": 60}},
        "300 or more",
        path=f"{GROUP}.machines.readySeconds",
        value="60",
    ),
    Case(
        "disk too small",
        {f"{GROUP}.machines": {"type": "gce", "diskGigabytes": 5}},
        "10 or more",
        path=f"{GROUP}.machines.diskGigabytes",
        value="5",
    ),
    Case(
        "admitted address instead of a range",
        {"operators": {"cidrs": ["198.51.100.7"]}},
        "address/length",
        path="operators.cidrs.0",
        value="198.51.100.7",
    ),
    Case(
        "no name of a disk",
        {f"{GROUP}.machines": {"type": "ec2", "rootDevice": "xvda"}},
        "/dev/xvda",
        path=f"{GROUP}.machines.rootDevice",
        value="xvda",
    ),
    Case(
        "another cloud's word",
        {"clusters.east": {"type": "eks", "network": "boston", "nodePool": {}}},
        "nodeGroup",
        path="clusters.east.nodePool",
        value="",
    ),
    Case(
        "unknown channel",
        {"clusters.east": {"type": "gke", "network": "boston", "releaseChannel": "REGULAR"}},
        "`regular`",
        path="clusters.east.releaseChannel",
        value="REGULAR",
    ),
    Case("misspelt type", {"clusters.east.type": "locl"}, "Did you mean `local`?"),
    Case(
        "unknown issuer",
        {"trust": {"issuer": "selfsigned"}},
        "`self-signed`",
        path="trust.issuer",
        value="selfsigned",
    ),
    Case(
        "CA pool with its location",
        {"trust": {"issuer": "google-cas", "location": "europe-west4", "pool": "europe-west4/Roots"}},
        "dashes and underscores",
        path="trust.pool",
        value="europe-west4/Roots",
    ),
    *(
        Case(
            name,
            {"clusters.east": {"type": "gke", "network": "amsterdam", **cluster}},
            remedy,
            path=f"clusters.east.{path}",
            value=value,
        )
        for name, cluster, remedy, path, value in (
            (
                "repository as Docker names it",
                {"nodePool": {"imageRepositories": ["europe-west4-docker.pkg.dev/p/images"]}},
                "my-project/europe-west4/images",
                "nodePool.imageRepositories.0",
                "europe-west4-docker.pkg.dev/p/images",
            ),
            (
                "key without its ring",
                {"databaseEncryptionKey": "projects/p/cryptoKeys/k"},
                "keyRings",
                "databaseEncryptionKey",
                "projects/p/cryptoKeys/k",
            ),
            (
                "time of day",
                {"maintenance": {"window": {"start": "24:00", "hours": 6}}},
                '"23:59"',
                "maintenance.window.start",
                "24:00",
            ),
            (
                "short window",
                {"maintenance": {"window": {"start": "02:00", "hours": 2}}},
                "4 or more",
                "maintenance.window.hours",
                "2",
            ),
            (
                "date",
                {"maintenance": {"exclusions": [{"name": "x", "start": "18.12.2026", "end": "2027-01-01"}]}},
                '"2026-12-18"',
                "maintenance.exclusions.0.start",
                "18.12.2026",
            ),
        )
    ),
    Case(
        "missing issuer",
        {"trust": {}},
        "files | google-cas | intermediates | self-signed",
        path="trust.issuer",
        value="",
    ),
    Case(
        "missing port of a probe",
        {f"{GROUP}.probe.httpGet": {"path": "/"}},
        "port: 8080",
        path=f"{GROUP}.probe.httpGet.port",
        value="",
    ),
    Case("number for text", {"istio.version": 1.31}, "Write 1.31.0."),
    Case("text for number", {f"{GROUP}.ports.http": "9080"}, "Write 9080 without quotes.", value='"9080"'),
    Case("switch for number", {f"{GROUP}.machines.count": True}, "Write a whole number", value="true"),
    Case("text for switch", {"clusters.east.gateway.enabled": "no"}, "Write false."),
    Case("list for section", {"clusters": ["east"]}, "`name: …`", value="[east]"),
    Case("text for section", {"clusters.east": "local"}, "`key: value`"),
    Case("text for list", {"ingress.public.listeners": "http"}, "[first"),
    Case("nothing at all", {"workloadGroups": None}, "leave the key out", value="null"),
    Case("empty section", {"networks": {}}, "Add one"),
    Case("duration", {f"{ROUTE}.timeouts": {"request": "10"}}, "10s", f"{ROUTE}.timeouts.request", '"10"'),
    Case("locality", {"networks.boston.locality": "a/b/c/d"}, "region/zone"),
    Case(
        "interface", {f"{LEGACY}.excludeInterfaces": ["a b"]}, "br-+", f"{LEGACY}.excludeInterfaces.0", "a b"
    ),
    Case(
        "header name",
        {f"{LEGACY}.probe.httpGet.httpHeaders": [{"name": "a b", "value": "x"}]},
        "x-version",
        f"{LEGACY}.probe.httpGet.httpHeaders.0.name",
        "a b",
    ),
    Case(
        "header value",
        {f"{LEGACY}.probe.httpGet.httpHeaders": [{"name": "a", "value": ""}]},
        "one line",
        f"{LEGACY}.probe.httpGet.httpHeaders.0.value",
        '""',
    ),
    Case("empty list", {"ingress.public.listeners": []}, "Add one"),
    Case(
        "name in capitals",
        {"clusters.East_1": {"type": "local", "network": "boston"}},
        "`east-1`",
        value="East_1",
    ),
    Case("name of one dash", {"id": "-"}, "lower case letters"),
    Case("name too long", {"id": "a" * 64}, "63 characters", value="a" * 30 + "…" + "a" * 29),
    Case("number as a name", {"networks.boston.cidr": 10}, "for example 10.10.0.0/16"),
    Case("no range", {"networks.boston.cidr": "boston"}, "address/length"),
    Case("range with host bits", {"networks.boston.cidr": "10.20.0.1/16"}, "Did you mean 10.20.0.0/16?"),
    Case("range of IPv6", {"networks.boston.cidr": "fd00::/64"}, "for example 10.10.0.0/16"),
    Case("port too large", {f"{GROUP}.ports.http": 65536}, "65535 or less"),
    Case("count of none", {f"{GROUP}.machines.count": 0}, "1 or more"),
    Case("loss of more than all", {"networks.boston.wan.lossPercent": 101}, "100 or less"),
    Case("unknown choice", {"clusters.east.state": "quarantine"}, "Did you mean `quarantined`?"),
    Case(
        "relative path",
        {f"{GROUP}.application.files": [{"path": "etc/x", "content": ""}]},
        "slash",
        path=f"{GROUP}.application.files.0.path",
        value="etc/x",
    ),
    Case(
        "mode without quotes",
        {f"{GROUP}.application.files": [{"path": "/etc/x", "content": "", "mode": 0o644}]},
        '"0644"',
        path=f"{GROUP}.application.files.0.mode",
        value="420",
    ),
    Case(
        "mode of three digits",
        {f"{GROUP}.application.files": [{"path": "/etc/x", "content": "", "mode": "644"}]},
        '"0644"',
        path=f"{GROUP}.application.files.0.mode",
        value='"644"',
    ),
    Case(
        "unit without suffix",
        {f"{GROUP}.application.units": [{"name": "ratings", "content": ""}]},
        "ratings.service",
        path=f"{GROUP}.application.units.0.name",
        value="ratings",
    ),
    Case(
        "backend of two kinds",
        {f"{ROUTE}.backends.0.group": "legacy"},
        "Valid keys here: group, port, weight",
        path=f"{ROUTE}.backends.0.service",
        value="echo",
    ),
    Case("gateway class with blanks", {"ingress.public.gatewayClass": "My Class!"}, "lower case letters"),
    Case("tag with blanks", {"istio.tag": "a b"}, "1.31.0"),
    Case("no image", {"demo.image": ""}, "echo:1.31.0", value='""'),
    Case(
        "empty command",
        {f"{GROUP}.application.commands": ["true", ""]},
        "Remove the entry",
        path=f"{GROUP}.application.commands.1",
        value='""',
    ),
    Case("negative weight", {f"{ROUTE}.backends.1.weight": -1}, "0 or more"),
]


EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.rule))


@EACH
def test_says_where_what_and_what_to_do(case: Case) -> None:
    with pytest.raises(ConfigurationError) as raised:
        plan_from(changed(LOCAL, case.changes), "test")
    found = {problem.path: problem for problem in raised.value.problems}
    assert case.path in found
    assert found[case.path].value == case.value
    assert case.remedy in found[case.path].remedy


@EACH
def test_speaks_of_nothing_but_the_configuration(case: Case) -> None:
    with pytest.raises(ConfigurationError) as raised:
        plan_from(changed(LOCAL, case.changes), "test")
    text = str(raised.value)
    for jargon in ("pydantic", "https://errors", "Input should", "[type=", "union", "tuple", "Traceback"):
        assert jargon not in text
    for problem in raised.value.problems:
        assert len(str(problem).splitlines()) <= 2


def test_one_wrong_entry_of_a_list_is_one_problem() -> None:
    with pytest.raises(ConfigurationError) as raised:
        plan_from(changed(LOCAL, {"ingress.public.listeners.0.protocol": "UDP"}), "test")
    assert [problem.path for problem in raised.value.problems] == ["ingress.public.listeners.0.protocol"]


def test_reports_every_problem_at_once() -> None:
    wrong = changed(LOCAL, {"id": "Mesh", "clusters.east.netwrok": "x", "networks.boston.cidr": "no"})
    with pytest.raises(ConfigurationError) as raised:
        plan_from(wrong, "test")
    paths = {problem.path for problem in raised.value.problems}
    assert paths == {"id", "clusters.east.netwrok", "networks.boston.cidr"}
