"""CertificateRequest: what a cloud's authority is asked to sign, and when it is asked again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID
from pulumi.runtime.proto import provider_pb2

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.engine import Severity
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties
from hybrid_mesh.plugins.hybridmesh import certificate_request
from tests.plugins.hybridmesh.driver import Driver, FailedCallError

INPUTS: Properties = {"trustDomain": "mesh.example.com", "cluster": "gke-eu", "validityDays": 30}
CHANGED = provider_pb2.DiffResponse.DIFF_SOME
UNCHANGED = provider_pb2.DiffResponse.DIFF_NONE


@pytest.fixture
def request_of(drive: Callable[[str], Driver]) -> Driver:
    return drive("CertificateRequest")


def test_the_request_asks_for_an_intermediate(request_of: Driver) -> None:
    identity, outputs = request_of.create(INPUTS)
    assert identity == "gke-eu-request"
    assert outputs.secrets == {("keyPem",)}
    asked = x509.load_pem_x509_csr(outputs.value["requestPem"].encode())
    constraints = asked.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)
    assert asked.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    names = asked.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["istiod.istio-system.svc"]
    key = serialization.load_pem_private_key(outputs.value["keyPem"].encode(), None)
    assert key.public_key() == asked.public_key()
    assert asked.is_signature_valid


def test_a_preview_makes_no_key(request_of: Driver) -> None:
    _, outputs = request_of.create(INPUTS, preview=True)
    assert outputs.value["keyPem"] is UNKNOWN
    assert outputs.value["requestPem"] is UNKNOWN


@pytest.mark.parametrize(("days", "verdict"), [(19, UNCHANGED), (21, CHANGED)])
def test_it_is_due_in_the_last_third(
    request_of: Driver, monkeypatch: pytest.MonkeyPatch, days: int, verdict: int
) -> None:
    identity, outputs = request_of.create(INPUTS)
    now = datetime.now(UTC) + timedelta(days=days)
    monkeypatch.setattr(certificate_request, "utc_now", lambda: now)
    answer = request_of.diff(identity, outputs.value, INPUTS, INPUTS)
    assert answer.changes == verdict
    assert not answer.replaces


def test_an_update_makes_another_key_and_the_certificate_unknown_before(request_of: Driver) -> None:
    identity, outputs = request_of.create(INPUTS)
    longer = {**INPUTS, "validityDays": 60}
    assert request_of.diff(identity, outputs.value, INPUTS, longer).changes == CHANGED
    previewed = request_of.update(identity, outputs.value, INPUTS, longer, preview=True)
    assert previewed.value["requestPem"] is UNKNOWN
    updated = request_of.update(identity, outputs.value, INPUTS, longer)
    assert updated.value["keyPem"] != outputs.value["keyPem"]
    assert updated.secrets == {("keyPem",)}


def _until(days: float) -> Properties:
    return {**INPUTS, "authorityEnds": (datetime.now(UTC) + timedelta(days=days)).isoformat()}


@pytest.mark.parametrize("preview", [True, False])
def test_a_request_that_the_authority_must_refuse_fails(request_of: Driver, preview: bool) -> None:
    with pytest.raises(FailedCallError, match="set intermediateValidityDays to at most 20") as refused:
        request_of.create(_until(20.5), preview=preview)
    assert "the authority expires on" in str(refused.value)
    identity, outputs = request_of.create(_until(31))
    with pytest.raises(FailedCallError, match=r"cluster gke-eu .* for 30 days\. Renew the authority\.$"):
        request_of.update(identity, outputs.value, INPUTS, _until(-1), preview=preview)


@pytest.mark.parametrize(("left", "warned"), [(48, True), (49.5, False)])
def test_a_renewal_that_will_be_refused_is_said_before(
    request_of: Driver, monkeypatch: pytest.MonkeyPatch, left: float, warned: bool
) -> None:
    """The renewal is due on day 20 and needs 30 days more; until then, nothing changes."""
    logged: list[tuple[Severity, str]] = []
    monkeypatch.setattr(CallContext, "log", lambda _, severity, text: logged.append((severity, text)))
    identity, outputs = request_of.create(INPUTS)
    answer = request_of.diff(identity, outputs.value, INPUTS, _until(left))
    assert answer.changes == UNCHANGED
    expected = [(Severity.WARNING, True)] if warned else []
    assert [(severity, "to at most 28." in text) for severity, text in logged] == expected


def test_a_long_trust_domain_is_cut_in_the_subject(request_of: Driver) -> None:
    _, outputs = request_of.create({**INPUTS, "trustDomain": "a" * 70})
    subject = x509.load_pem_x509_csr(outputs.value["requestPem"].encode()).subject
    (organization,) = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert organization.value == "a" * 64


@pytest.mark.parametrize("days", [0, -1, "thirty"])
def test_a_wrong_life_is_refused(request_of: Driver, days: object) -> None:
    _, failures = request_of.check({**INPUTS, "validityDays": days})
    assert "validityDays" in failures
