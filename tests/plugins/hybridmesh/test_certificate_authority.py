"""CertificateAuthority: what it issues, what it keeps, what it refuses."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID
from pulumi.runtime.proto import provider_pb2

from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties
from hybrid_mesh.plugins.hybridmesh import certificate_authority
from hybrid_mesh.plugins.hybridmesh.authority import make_root
from tests.plugins.hybridmesh.driver import Driver, FailedCallError
from tests.plugins.hybridmesh.test_given_intermediate import issuing

INPUTS: Properties = {"trustDomain": "mesh.example.com", "meshId": "mesh1", "clusters": ["east", "west"]}
Clock = Callable[[timedelta], None]


@pytest.fixture
def authority(drive: Callable[[str], Driver]) -> Driver:
    return drive("CertificateAuthority")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Moves the plug-in's clock."""
    return lambda span: monkeypatch.setattr(
        certificate_authority, "utc_now", lambda: datetime.now(UTC) + span
    )


def made(authority: Driver, **more: Any) -> tuple[str, Properties, Properties]:
    inputs, failures = authority.check({**INPUTS, **more})
    assert failures == {}
    identity, outputs = authority.create(inputs)
    return identity, inputs, outputs.value


def certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def files(mesh_id: str = "own") -> Properties:
    root = make_root("own.example.com", mesh_id, 3650, datetime.now(UTC))
    return {"issuer": "files", "rootCertificatePem": root.certificate_pem, "rootKeyPem": root.key_pem}


def test_every_key_is_secret_on_the_wire(authority: Driver) -> None:
    inputs, _ = authority.check(INPUTS)
    _, outputs = authority.create(inputs)
    assert outputs.secrets == {("rootKeyPem",), ("intermediates",)}


def test_it_records_the_validity_of_its_intermediates(authority: Driver) -> None:
    identity, inputs, outputs = made(authority)
    for cluster in INPUTS["clusters"]:
        issued = certificate(outputs["intermediates"][cluster]["ca-cert.pem"])
        found = {key: datetime.fromisoformat(text) for key, text in outputs["validity"][cluster].items()}
        assert found == {"from": issued.not_valid_before_utc, "until": issued.not_valid_after_utc}
    without = {key: value for key, value in outputs.items() if key != "validity"}
    answer = authority.diff(identity, without, inputs, inputs)
    assert list(answer.detailedDiff) == ["validity"]
    assert not answer.replaces
    assert authority.update(identity, without, inputs, inputs).value == outputs


def test_a_cluster_gets_what_istiod_reads(authority: Driver) -> None:
    _, _, outputs = made(authority)
    data = outputs["intermediates"]["east"]
    assert set(data) == {"ca-cert.pem", "ca-key.pem", "root-cert.pem", "cert-chain.pem"}
    assert data["root-cert.pem"] == outputs["rootCertificatePem"]
    assert data["cert-chain.pem"] == data["ca-cert.pem"] + outputs["rootCertificatePem"]
    key = serialization.load_pem_private_key(data["ca-key.pem"].encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == "secp256r1"
    assert key.public_key() == certificate(data["ca-cert.pem"]).public_key()


def test_an_intermediate_has_the_fields_of_istios_own(authority: Driver) -> None:
    _, _, outputs = made(authority)
    issued = certificate(outputs["intermediates"]["west"]["ca-cert.pem"])
    extensions = issued.extensions
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.value.ca, constraints.value.path_length, constraints.critical) == (True, 0, True)
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature) == (True, True, True)
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["istiod.istio-system.svc"]
    assert issued.subject.rfc4514_string() == "L=west,CN=Intermediate CA,O=mesh.example.com"


def test_a_leaf_of_one_cluster_is_trusted_by_the_root(authority: Driver) -> None:
    """As another cluster's proxy sees it: leaf, intermediate, and the root it trusts."""
    _, _, outputs = made(authority)
    data = outputs["intermediates"]["east"]
    signer = certificate(data["ca-cert.pem"])
    signer_key = serialization.load_pem_private_key(data["ca-key.pem"].encode(), None)
    assert isinstance(signer_key, ec.EllipticCurvePrivateKey)
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.UniformResourceIdentifier("spiffe://mesh.example.com/ns/demo/sa/echo")
    now = datetime.now(UTC)
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(signer.subject)
        .public_key(leaf_key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer_key.public_key()), critical=False
        )
        .sign(signer_key, hashes.SHA256())
    )
    store = verification.Store([certificate(outputs["rootCertificatePem"])])
    verified = verification.PolicyBuilder().store(store).build_client_verifier().verify(leaf, [signer])
    assert len(verified.chain) == 3


def test_no_change_is_not_a_difference(authority: Driver) -> None:
    identity, inputs, outputs = made(authority)
    answer = authority.diff(identity, outputs, inputs, inputs)
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_adding_and_removing_a_cluster_is_an_update_that_keeps_the_others(authority: Driver) -> None:
    identity, inputs, outputs = made(authority)
    news = {**inputs, "clusters": ["north", "west"]}
    answer = authority.diff(identity, outputs, inputs, news)
    assert (answer.changes, list(answer.replaces)) == (provider_pb2.DiffResponse.DIFF_SOME, [])
    updated = authority.update(identity, outputs, inputs, news).value
    assert set(updated["intermediates"]) == {"north", "west"}
    assert updated["intermediates"]["west"] == outputs["intermediates"]["west"]
    assert updated["rootKeyPem"] == outputs["rootKeyPem"]


def test_a_preview_of_an_added_cluster_knows_the_others(authority: Driver) -> None:
    identity, inputs, outputs = made(authority)
    news = {**inputs, "clusters": [*inputs["clusters"], "north"]}
    previewed = authority.update(identity, outputs, inputs, news, preview=True).value
    assert previewed["intermediates"]["east"] == outputs["intermediates"]["east"]
    assert set(previewed["intermediates"]["north"].values()) == {UNKNOWN}
    assert previewed["rootCertificatePem"] == outputs["rootCertificatePem"]


def test_renewal_is_due_in_the_last_third_and_keeps_the_root(authority: Driver, later: Clock) -> None:
    identity, inputs, outputs = made(authority, intermediateValidityDays=90)
    later(timedelta(days=59))
    assert not authority.diff(identity, outputs, inputs, inputs).diffs
    later(timedelta(days=61))
    answer = authority.diff(identity, outputs, inputs, inputs)
    assert set(answer.detailedDiff) == {"intermediates.east", "intermediates.west"}
    assert not answer.replaces
    updated = authority.update(identity, outputs, inputs, inputs).value
    assert updated["rootCertificatePem"] == outputs["rootCertificatePem"]
    assert updated["intermediates"]["east"] != outputs["intermediates"]["east"]


def test_an_intermediate_never_outlives_its_root(authority: Driver) -> None:
    _, _, outputs = made(authority, rootValidityDays=30, intermediateValidityDays=730)
    root = certificate(outputs["rootCertificatePem"])
    issued = certificate(outputs["intermediates"]["east"]["ca-cert.pem"])
    assert issued.not_valid_after_utc <= root.not_valid_after_utc


def test_an_expired_root_signs_no_more(authority: Driver, later: Clock) -> None:
    identity, inputs, outputs = made(authority, rootValidityDays=30)
    later(timedelta(days=31))
    news = {**inputs, "clusters": ["north"]}
    with pytest.raises(FailedCallError, match="the root certificate expired on"):
        authority.update(identity, outputs, inputs, news)


@pytest.mark.parametrize(
    ("change", "key"),
    [({"rootValidityDays": 100}, "trust.rootValidityDays"), (files(), "trust.issuer")],
    ids=["validity", "files"],
)
def test_another_root_is_refused_with_the_key(authority: Driver, change: Properties, key: str) -> None:
    _, inputs, _ = made(authority)
    _, failures = authority.check({**INPUTS, **change}, inputs)
    reasons = " ".join(failures.values())
    assert f"{key} determines the mesh's root" in reasons
    assert "trust.rotation: none" in reasons


def test_a_root_of_ones_own(authority: Driver) -> None:
    own = files()
    _, _, outputs = made(authority, **own)
    assert outputs["rootCertificatePem"] == own["rootCertificatePem"]
    signed = certificate(outputs["intermediates"]["east"]["ca-cert.pem"])
    signed.verify_directly_issued_by(certificate(own["rootCertificatePem"]))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"rootKeyPem": files("other")["rootKeyPem"]}, "does not belong to the root certificate"),
        ({"rootKeyPem": "no key"}, "is not an unencrypted PEM private key"),
        ({"rootCertificatePem": "no certificate"}, "is not a valid PEM certificate"),
    ],
)
def test_a_wrong_root_is_refused_without_its_key(authority: Driver, wrong: Properties, reason: str) -> None:
    given = {**INPUTS, **files(), **wrong}
    _, failures = authority.check(given)
    assert reason in failures["rootCertificatePem"]
    assert given["rootKeyPem"] not in str(failures)


def test_files_need_both(authority: Driver) -> None:
    own = files()
    del own["rootKeyPem"]
    assert "requires both" in authority.check({**INPUTS, **own})[1]["rootKeyPem"]


@pytest.mark.parametrize("days", [0, -1, "many"])
def test_days_are_numbers_of_days(authority: Driver, days: Any) -> None:
    assert authority.check({**INPUTS, "intermediateValidityDays": days})[1]


def test_read_keeps_what_is_in_the_state(authority: Driver) -> None:
    identity, inputs, outputs = made(authority)
    assert authority.read(identity, inputs, outputs)[1].value == outputs


def test_a_root_that_another_authority_signed_is_refused(authority: Driver) -> None:
    """Its renewal would be a change of root. An earlier version took one, which stays as it is."""
    signed = issuing()
    given = {"issuer": "files", "rootCertificatePem": signed.certificate_pem, "rootKeyPem": signed.key_pem}
    (refusal,) = authority.check({**INPUTS, **given})[1].values()
    assert "is not a root: " in refusal
    assert "trust.issuer: intermediates" in refusal
    olds, _ = authority.check({**INPUTS, **files()})
    assert authority.check({**INPUTS, **given}, {**olds, **given})[1] == {}
