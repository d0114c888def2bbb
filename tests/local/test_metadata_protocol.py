"""The lab's metadata server and issuer, without a network."""

import base64
import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from hybrid_mesh.local.metadata.identity import MachineIdentity
from hybrid_mesh.local.metadata.issuer import Issuer
from hybrid_mesh.local.metadata.server import ROOT, respond

MACHINE = MachineIdentity(
    "vm-a", "i-1", "ratings@lab", "10.1.0.100", attributes={"user-data": "#cloud-config\n"}
)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("issuer"), "172.30.0.1")


def ask(issuer: Issuer, path: str, *, flavor: str | None = "Google", known: bool = True) -> tuple[int, str]:
    status, body, _ = respond(ROOT + path, flavor, MACHINE if known else None, issuer)
    return status, body


def decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verify(token: str, documents: dict[str, Any]) -> dict[str, Any]:
    """The claims of `token`, after its signature held against the served keys."""
    header, claims, signature = token.split(".")
    key_id = json.loads(decode(header))["kid"]
    key = next(key for key in documents["/keys"]["keys"] if key["kid"] == key_id)
    numbers = [int.from_bytes(decode(key[name]), "big") for name in ("e", "n")]
    public = rsa.RSAPublicNumbers(*numbers).public_key()
    public.verify(decode(signature), f"{header}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    answer: dict[str, Any] = json.loads(decode(claims))
    return answer


@pytest.mark.parametrize("flavor", [None, "google", "Azure"])
def test_refuses_without_the_header(issuer: Issuer, flavor: str | None) -> None:
    status, body = ask(issuer, "instance/service-accounts/default/token", flavor=flavor)
    assert status == 403
    assert "access_token" not in body


def test_knows_no_stranger(issuer: Issuer) -> None:
    assert ask(issuer, "instance/service-accounts/default/token", known=False)[0] == 404


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("instance/id", "i-1"),
        ("instance/name", "vm-a"),
        ("instance/zone", "projects/0/zones/local-site1-a"),
        ("instance/network-interfaces/0/ip", "10.1.0.100"),
        ("instance/service-accounts/default/email", "ratings@lab"),
        ("instance/attributes/user-data", "#cloud-config\n"),
        ("instance/attributes/", "user-data\n"),
        ("project/project-id?alt=text", "hybrid-mesh"),
    ],
)
def test_answers_as_gce_does(issuer: Issuer, path: str, value: str) -> None:
    assert ask(issuer, path) == (200, value)


def test_says_when_there_is_no_such_key(issuer: Issuer) -> None:
    assert ask(issuer, "instance/attributes/ssh-keys")[0] == 404


def test_token_proves_the_machine(issuer: Issuer) -> None:
    status, body = ask(issuer, "instance/service-accounts/default/token")
    answer = json.loads(body)
    claims = verify(answer["access_token"], issuer.documents())
    assert status == 200
    assert answer["token_type"] == "Bearer"
    assert 3500 < answer["expires_in"] < 3600
    assert claims["iss"] == issuer.url == "https://172.30.0.1"
    assert (claims["aud"], claims["sub"]) == ("hybrid-mesh", "i-1")
    assert (claims["email"], claims["email_verified"]) == ("ratings@lab", True)
    assert claims["exp"] - time.time() == pytest.approx(3600, abs=5)


def test_forged_token_does_not_hold(issuer: Issuer) -> None:
    header, claims, signature = issuer.issue(MACHINE).split(".")
    forged = base64.urlsafe_b64encode(decode(claims).replace(b"ratings@lab", b"reviews@lab")).decode()
    with pytest.raises(InvalidSignature):
        verify(f"{header}.{forged.rstrip('=')}.{signature}", issuer.documents())


def test_key_and_authority_survive_a_restart(tmp_path: Path) -> None:
    first = Issuer(tmp_path, "172.30.0.1")
    token = first.issue(MACHINE)
    second = Issuer(tmp_path, "172.30.0.1")
    assert verify(token, second.documents())["email"] == "ratings@lab"
    assert second.certificate_authority_pem == first.certificate_authority_pem


def test_keys_are_private(tmp_path: Path) -> None:
    Issuer(tmp_path, "172.30.0.1")
    keys = list(tmp_path.glob("*-key.pem"))
    assert len(keys) == 3
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_server_certificate_is_for_the_issuers_address(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path, "172.30.0.1")
    certificate = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())
    authority = x509.load_pem_x509_certificate(issuer.certificate_authority_pem.encode())
    certificate.verify_directly_issued_by(authority)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name) for name in names.get_values_for_type(x509.IPAddress)] == ["172.30.0.1"]
