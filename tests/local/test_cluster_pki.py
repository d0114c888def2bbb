"""A cluster's certificates, and the kubeconfigs made of them."""

import base64
import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hybrid_mesh.local.clusters import kubeconfig, pki
from hybrid_mesh.local.clusters.pki import ClusterPki
from hybrid_mesh.local.lab.specs import ClusterInfo

NAMES = ["127.0.0.1", "172.30.1.1", "10.61.0.10", "kubernetes.default.svc"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> ClusterPki:
    made = ClusterPki(tmp_path_factory.mktemp("pki"))
    made.ensure("east", NAMES, ["10.61.0.10"])
    return made


def load(made: ClusterPki, part: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(made.certificate(part).read_bytes())


@pytest.mark.parametrize(
    ("part", "user", "group"),
    [
        (pki.ADMIN, "hybrid-mesh-admin", "system:masters"),
        (pki.KUBELET, "system:node:east", "system:nodes"),
        (pki.SCHEDULER, "system:kube-scheduler", None),
        (pki.CONTROLLER_MANAGER, "system:kube-controller-manager", None),
        (pki.PROXY, "system:kube-proxy", None),
    ],
)
def test_every_part_is_who_kubernetes_expects(
    made: ClusterPki, part: str, user: str, group: str | None
) -> None:
    certificate = load(made, part)
    names = [attribute.value for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    groups = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert names == [user]
    assert [attribute.value for attribute in groups] == ([group] if group else [])
    certificate.verify_directly_issued_by(load(made, pki.AUTHORITY))


def test_only_servers_may_serve(made: ClusterPki) -> None:
    serving = {
        part
        for part in (pki.ADMIN, pki.API_SERVER, pki.KUBELET, pki.SCHEDULER, pki.PROXY, pki.KUBELET_CLIENT)
        if ExtendedKeyUsageOID.SERVER_AUTH
        in load(made, part).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    }
    assert serving == {pki.API_SERVER, pki.KUBELET}


def test_the_api_server_answers_to_all_its_names(made: ClusterPki) -> None:
    names = load(made, pki.API_SERVER).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(address) for address in names.get_values_for_type(x509.IPAddress)} == set(NAMES[:3])
    assert names.get_values_for_type(x509.DNSName) == NAMES[3:]


def test_keys_are_elliptic_and_their_owners_alone(made: ClusterPki) -> None:
    assert isinstance(load(made, pki.ADMIN).public_key(), ec.EllipticCurvePublicKey)
    keys = list(made.folder.glob("*.key"))
    assert len(keys) == 10
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)


def test_ensure_keeps_what_is_there(made: ClusterPki) -> None:
    before = made.authority_pem
    made.ensure("east", NAMES, ["10.61.0.10"])
    assert made.authority_pem == before


def test_a_half_made_set_is_created_again(tmp_path: Path) -> None:
    half = ClusterPki(tmp_path / "pki")
    half.ensure("east", NAMES, ["10.61.0.10"])
    (half.folder / "complete").unlink()
    half.certificate(pki.ADMIN).unlink()
    half.ensure("east", NAMES, ["10.61.0.10"])
    load(half, pki.ADMIN).verify_directly_issued_by(load(half, pki.AUTHORITY))


def test_a_kubeconfig_embeds_what_it_needs(made: ClusterPki) -> None:
    document = json.loads(kubeconfig.render("east", "https://127.0.0.1:4711", pki.ADMIN, made))
    cluster = document["clusters"][0]["cluster"]
    user = document["users"][0]["user"]
    assert cluster["server"] == "https://127.0.0.1:4711"
    assert base64.b64decode(cluster["certificate-authority-data"]).decode() == made.authority_pem
    assert base64.b64decode(user["client-key-data"]) == made.key(pki.ADMIN).read_bytes()
    context = document["contexts"][0]
    assert document["current-context"] == context["name"] == "east"
    assert context["context"]["user"] == document["users"][0]["name"]


def test_an_info_does_not_print_its_kubeconfig() -> None:
    info = ClusterInfo("east", "id", "KEY", "https://e", "https://p", "CA", "172.30.1.10", "ready")
    assert "KEY" not in repr(info)
    assert "KEY" not in f"{info}"
