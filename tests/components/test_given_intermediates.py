"""Intermediates that are issued elsewhere and handed over in the configuration."""

import pytest
import yaml

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.secrets import check_keys
from hybrid_mesh.model.reading.document import read_document
from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.model.reading.stack_file import StackFile
from tests.components.conftest import declare_mesh
from tests.model.meshes import LOCAL, changed

MESH = changed(LOCAL, {"trust": {"issuer": "intermediates"}})
KEYS = {
    "root-certificate": "the root",
    **{
        f"{cluster}-{name}": f"{name} of {cluster}"
        for cluster in ("east", "west")
        for name in ("ca-certificate", "chain", "ca-key")
    },
}


def test_each_cluster_gets_its_own() -> None:
    declared = declare_mesh(MESH, secrets=KEYS)
    made = declared.recording
    given = made.named("mesh-trust-west-intermediate")
    assert given.inputs == {
        "cluster": "west",
        "certificatePem": "ca-certificate of west",
        "keyPem": "ca-key of west",
        "chainPem": "chain of west",
        "rootCertificatePem": "the root",
    }
    secret = made.named("mesh-west-istio-cacerts")
    assert secret.inputs["stringData"] == {"ca-cert.pem": "ca-certificate of west"}
    assert "stringData" in secret.secret
    assert declared.outputs["rootCertificate"] == "the root"
    assert not made.of_type("hybridmesh:index:CertificateAuthority")


def test_the_plan_requires_their_keys() -> None:
    plan = plan_from(MESH, "t")
    assert set(plan.secrets) == set(KEYS)


def test_only_private_keys_must_be_secret() -> None:
    plan = plan_from(MESH, "t")
    public = {name: "PEM" for name in KEYS if not name.endswith("-key")}
    config = {f"hybrid-mesh:{name}": text for name, text in public.items()}
    root = read_document(yaml.safe_dump({"config": {"hybrid-mesh:mesh": {"id": "a"}, **config}}))
    assert root is not None
    file = StackFile("Pulumi.t.yaml", root)
    with pytest.raises(ConfigurationError) as raised:
        check_keys(plan, file, "t")
    texts = sorted(str(problem) for problem in raised.value.problems)
    assert len(texts) == 2
    assert "the private key of cluster east (PEM)" in texts[0]
    assert "--secret" in texts[0]
