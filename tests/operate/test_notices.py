"""The notices that a stack's last state gives, at a time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.operate.notices.notices import notices
from hybrid_mesh.operate.notices.types import Notice
from hybrid_mesh.plugins.hybridmesh.authority import Root, make_intermediate, make_request, make_root
from hybrid_mesh.plugins.hybridmesh.main import HANDLERS
from tests.model.meshes import LOCAL, PROD

START = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x:y"}
"""A secret as `pulumi stack export` prints it."""
LOCAL_PLAN = plan_from(LOCAL, "local")
PROD_PLAN = plan_from(PROD, "prod")


def _at(days: float) -> datetime:
    return START + timedelta(days=days)


def _resource(token: str, name: str, **more: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:x::y::{token}::{name}", "type": token, "inputs": {}, "outputs": {}, **more}


def _state(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": 3, "deployment": {"resources": list(resources), **more}}


def _own(*, days: int = 90, root_days: int = 3650) -> dict[str, Any]:
    """The authority of the stack `local`, as the plug-in leaves it in the state."""
    validity = {"from": START.isoformat(), "until": _at(days).isoformat()}
    return _resource(
        "hybridmesh:index:CertificateAuthority",
        "mesh-trust-authority",
        outputs={
            "rootCertificatePem": make_root("x.example.com", "mesh1", root_days, START).certificate_pem,
            "rootKeyPem": SECRET,
            "intermediates": SECRET,
            "validity": {"east": validity, "west": validity},
        },
    )


def _issued(cluster: str, root: Root, *, asked: int, got: int, cloud: str = "gcp") -> list[dict[str, Any]]:
    """A request for an intermediate, and what an authority of a cloud issued for it."""
    request, _ = make_request("x.example.com", cluster)
    pem = make_intermediate(root, "x.example.com", cluster, got, START)["ca-cert.pem"]
    outputs = {"cluster": cluster, "validityDays": asked, "requestPem": request, "keyPem": SECRET}
    token = {
        "gcp": "gcp:certificateauthority/certificate:Certificate",
        "aws": "aws:acmpca/certificate:Certificate",
    }[cloud]
    names = {
        "gcp": ({"pemCsr": request}, {"pemCertificate": pem, "pemCertificateChains": [root.certificate_pem]}),
        "aws": (
            {"certificateSigningRequest": request},
            {"certificate": pem, "certificateChain": root.certificate_pem},
        ),
    }[cloud]
    return [
        _resource(
            "hybridmesh:index:CertificateRequest",
            cluster,
            outputs={**outputs, "issuedAt": START.isoformat()},
        ),
        _resource(token, cluster, inputs=names[0], outputs=names[1]),
    ]


def _about(found: list[Notice], path: str) -> Notice:
    [notice] = [notice for notice in found if notice.path == path]
    return notice


@pytest.mark.parametrize(
    ("day", "level", "words"),
    [
        (
            10,
            "notice",
            "intermediate of east: renewal due in 50 days, on 2026-03-02; the certificate ends on",
        ),
        (
            61,
            "warning",
            "intermediate of east: renewal due since 2026-03-02; the certificate ends on 2026-04-01",
        ),
        (91, "warning", "intermediate of east: ended on 2026-04-01. Run `pulumi up`"),
    ],
)
def test_when_an_intermediate_is_due(day: float, level: str, words: str) -> None:
    notice = _about(notices(LOCAL_PLAN, _state(_own()), _at(day)), "clusters.east")
    assert notice.level == level
    assert notice.message.startswith(words)


@pytest.mark.parametrize("cloud", ["gcp", "aws"])
def test_a_clouds_certificate_counts_as_it_was_issued(cloud: str) -> None:
    """It is renewed after two thirds of what was requested, and ends when the certificate says."""
    root = make_root("x.example.com", "corporate", 3650, START)
    state = _state(*_issued("gke-eu", root, asked=90, got=70, cloud=cloud))
    found = notices(PROD_PLAN, state, _at(10))
    message = _about(found, "clusters.gke-eu").message
    assert "renewal due in 50 days" in message
    assert message.endswith("the certificate ends on 2026-03-12")
    assert "not in the state" in _about(found, "clusters.eks-us").message
    assert _about(found, "trust").message.startswith("root corporate Root CA: ends in 3640 days")


def test_an_authority_that_ends_before_the_next_intermediate_is_a_warning() -> None:
    root = make_root("x.example.com", "corporate", 120, START)
    state = _state(*_issued("gke-eu", root, asked=90, got=90), *_issued("eks-us", root, asked=90, got=90))
    notice = _about(notices(PROD_PLAN, state, _at(10)), "trust")
    assert notice.level == "warning"
    assert "before an intermediate that gke-eu gets on 2026-03-02" in notice.message
    assert "trust.intermediateValidityDays" in notice.message


@pytest.mark.parametrize(("day", "level"), [(100, "notice"), (830, "warning"), (1001, "warning")])
def test_the_end_of_the_root_is_a_warning_when_it_is_near(day: float, level: str) -> None:
    notice = _about(notices(LOCAL_PLAN, _state(_own(days=1500, root_days=1000)), _at(day)), "trust")
    assert notice.level == level
    assert ("ended on 2028-09-27" in notice.message) == (day > 1000)


def test_a_group_whose_registration_failed_is_a_warning() -> None:
    failed = _resource(
        "hybridmesh:index:MachineRegistration",
        "legacy",
        inputs={"group": "legacy"},
        initErrors=["1 of 2 VMs never registered: legacy-1\nlast words"],
    )
    fine = _resource("hybridmesh:index:MachineRegistration", "other", inputs={"group": "other"})
    found = notices(LOCAL_PLAN, _state(_own(), failed, fine), _at(1))
    assert found[0].level == "warning"
    notice = _about(found, "workloadGroups.legacy")
    assert notice.message.endswith("failed in the last run: 1 of 2 VMs never registered: legacy-1")
    assert not any("other" in each.path for each in found)


def test_a_cluster_that_is_ahead_of_the_file_is_a_warning() -> None:
    cluster = _resource(
        "aws:eks/cluster:Cluster", "x", parent="urn:x::mesh-eks-us", outputs={"version": "1.36"}
    )
    [notice] = [
        each for each in notices(PROD_PLAN, _state(_own(), cluster), _at(1)) if "1.36" in each.message
    ]
    assert (notice.level, notice.path) == ("warning", "clusters.eks-us")


def test_a_run_that_was_cut_off_and_a_stack_without_resources() -> None:
    pending = [{"resource": {"urn": "urn:x::mesh-east"}, "type": "creating"}]
    found = notices(LOCAL_PLAN, _state(_own(), pending_operations=pending), _at(1))
    assert found[0] == Notice("warning", "", "the last run was interrupted while it worked on mesh-east")
    for state in (_state(), {}, {"deployment": None}):
        assert [each.level for each in notices(LOCAL_PLAN, state, _at(1))] == ["notice"]


def test_what_waits_for_its_deletion_says_nothing() -> None:
    found = notices(LOCAL_PLAN, _state(_own(), {**_own(days=1), "delete": True}), _at(10))
    assert _about(found, "clusters.east").level == "notice"


def test_it_reads_what_the_plugin_writes() -> None:
    outputs = {
        "CertificateAuthority": {"rootCertificatePem", "validity"},
        "CertificateRequest": {"requestPem", "issuedAt", "cluster", "validityDays"},
        "MachineRegistration": {"group"},
    }
    for name, read in outputs.items():
        handler = HANDLERS[f"hybridmesh:index:{name}"]
        assert read <= {*handler.inputs, *handler.computed}, name
        assert not read & set(handler.secret_outputs), "secrets of a state stay encrypted"
