"""The hand-run list: each planned object once, commands that a shell reads, certificates of openssl."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from hybrid_mesh.model.objects.planned import AT_RUN_TIME, PlannedObject
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.explain.certificates import certificate_steps
from hybrid_mesh.model.plan.explain.step import Step
from hybrid_mesh.model.plan.explain.steps import explain, left_out
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.stack_file import load_stack_file
from tests.commands import PROJECT
from tests.model.meshes import LOCAL, PROD, STACKS, changed

DOCUMENT = re.compile(r"<<'(EOF_*)'\n(.*)\n?\1\Z", re.DOTALL)


def document(step: Step) -> object:
    found = DOCUMENT.search(step.commands[0])
    assert found, step
    return yaml.safe_load(found[2])


@pytest.mark.parametrize("name", STACKS)
def test_each_planned_object_is_in_exactly_one_step(name: str) -> None:
    plan = plan_from(STACKS[name], name)
    steps = [step for step in explain(plan) if step.resource is not None]
    planned = [(f"cluster {c.name}", each.name) for c in plan.clusters.values() for each in c.objects]
    assert sorted((step.where, step.resource) for step in steps) == sorted(planned)
    assert all(step.commands for step in steps if "no active peer" not in step.title)


@pytest.mark.parametrize("name", STACKS)
def test_a_shell_reads_every_command(name: str) -> None:
    script = "\n".join(
        command for step in explain(plan_from(STACKS[name], name)) for command in step.commands
    )
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_documents_are_those_of_the_plan() -> None:
    plan = plan_from(LOCAL, "local")
    steps = {(step.where, step.resource): step for step in explain(plan)}
    for planned in plan.clusters["east"].objects:
        step = steps["cluster east", planned.name]
        if not isinstance(planned, PlannedObject):
            assert document(step) == planned.values
        elif planned.manifest["kind"] != "Secret":
            assert document(step) == without_plugin_annotations(planned.manifest)


def without_plugin_annotations(manifest: object) -> object:
    copied = yaml.safe_load(yaml.safe_dump(manifest))
    kept = {k: v for k, v in copied["metadata"].pop("annotations", {}).items() if "pulumi.com/" not in k}
    return {**copied, "metadata": {**copied["metadata"], **({"annotations": kept} if kept else {})}}


def test_only_values_of_a_run_are_left_open() -> None:
    """A person's commands make the secrets, so no placeholder of one is printed."""
    example = load_stack_file(PROJECT / "model/reference/examples/datacenter.yaml").mesh
    for name, mesh in (("local", LOCAL), ("dev", STACKS["dev"]), ("example", example)):
        commands = [command for step in explain(plan_from(mesh, name)) for command in step.commands]
        assert not [command for command in commands if AT_RUN_TIME in command]
    assert any("--type kubernetes.io/tls --from-file edge-https-tls/tls.crt" in each for each in commands)


def test_a_text_that_contains_the_end_of_a_document_is_not_cut() -> None:
    values = {"istio.values.meshConfig.accessLogFormat": "EOF\nEOF_\n"}
    plan = plan_from(changed(LOCAL, values), "local")
    step = next(step for step in explain(plan) if step.resource == "east-istio-istiod")
    found = document(step)
    assert isinstance(found, dict)
    assert found["meshConfig"]["accessLogFormat"] == "EOF\nEOF_\n"


def test_peers_are_read_at_their_peer_endpoint() -> None:
    plan = plan_from(STACKS["dev"], "dev")
    [step] = [step for step in explain(plan) if step.resource == "one-peering-remote-secrets"]
    assert len(step.commands) == len(plan.clusters["one"].peers)
    endpoint = STACKS["dev"]["clusters"]["two"]["peerEndpoint"]
    assert f"--name two --server {endpoint} | kubectl --context kind-one apply" in step.commands[0]


def test_kiali_finds_its_secret_by_labels() -> None:
    plan = plan_from(changed(LOCAL, {"kiali": {"cluster": "east"}}), "local")
    (step,) = [step for step in explain(plan) if step.resource == "kiali-east-clusters"]
    create, label = step.commands
    assert "create secret generic kiali-multi-cluster-secret" in create
    assert "--from-file kiali-multi-cluster-secret/west" in create
    assert label.endswith("kiali.io/multiCluster=true kiali.io/kiali-multi-cluster-secret=true")


def test_what_has_no_commands_is_named() -> None:
    assert left_out(plan_from(PROD, "prod"))[:2] == ("network aws-us (aws)", "network gcp-eu (gcp)")
    assert "cluster east (local)" in left_out(plan_from(LOCAL, "local"))
    assert left_out(plan_from(STACKS["dev"], "dev")) == ()


def run_certificates(plan: MeshPlan, folder: Path) -> None:
    script = "set -eu\n" + "\n".join(command for step in certificate_steps(plan) for command in step.commands)
    done = subprocess.run(["bash"], input=script, text=True, capture_output=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr


def test_the_certificates_are_those_that_istiod_takes(tmp_path: Path) -> None:
    plan = plan_from(LOCAL, "local")
    run_certificates(plan, tmp_path)
    for cluster in plan.clusters:
        folder = tmp_path / cluster
        names = {path.name for path in folder.iterdir()}
        assert {"ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"} <= names
        chain = x509.load_pem_x509_certificates((folder / "cert-chain.pem").read_bytes())
        assert len(chain) == 2
        chain[0].verify_directly_issued_by(chain[1])
        constraints = chain[0].extensions.get_extension_for_class(x509.BasicConstraints).value
        assert (constraints.ca, constraints.path_length) == (True, 0)
        assert (folder / "ca-key.pem").stat().st_mode & 0o077 == 0


def test_a_vm_gets_its_files_and_application_through_ssh(tmp_path: Path) -> None:
    """`ssh` and `sudo` of this test run their words as a remote shell would, in a folder of the test."""
    target = tmp_path / "etc of app" / "x.conf"
    file = {"path": str(target), "content": "it's $HOME\n"}
    application = {"files": [file], "commands": [f"echo done > '{tmp_path}/once'"]}
    plan = plan_from(changed(LOCAL, {"workloadGroups.legacy.application": application}), "local")
    [step] = [step for step in explain(plan) if step.where == "VM legacy-0"]
    commands = [command for command in step.commands if str(tmp_path) in command]
    assert len(commands) == 3
    doubles = 'ssh() { shift; bash -c "$*"; }; sudo() { "$@"; }; export -f sudo'
    done = subprocess.run(
        ["bash", "-c", "\n".join(["set -eu", doubles, *commands])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert target.read_text() == "it's $HOME\n"
    assert (tmp_path / "once").read_text() == "done\n"
