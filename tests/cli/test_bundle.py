import json
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli import bundle as command
from hybrid_mesh.cli.bundle_files import write_bundle
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.kubeconfigs import Kubeconfig
from hybrid_mesh.cli.main import app
from hybrid_mesh.model.plan.build import plan_from
from tests.cli.fake_pulumi import FakePulumi
from tests.commands import PROJECT
from tests.docs.shapes import differences, documented
from tests.operate.mesh import mesh_plan, raw_mesh

runner = CliRunner()
TOKEN = "eyJhbGciOi.the-token-itself.signature"
ROOTS = "-----BEGIN CERTIFICATE-----\nroots\n-----END CERTIFICATE-----\n"
EXPORTED = {
    "gatewayAddresses": ["192.0.2.10"],
    "clusterEnv": "ISTIO_META_CLUSTER_ID='east'\n",
    "meshYaml": "defaultConfig: {}\n",
    "packageUrl": "https://example.com/istio-sidecar.deb",
}


def bundle_mesh() -> dict[str, Any]:
    mesh = raw_mesh()
    mesh["workloadGroups"]["legacy"]["machines"] = {"type": "bundle"}
    del mesh["demo"]["group"]
    return mesh


@pytest.fixture
def asked(pulumi: FakePulumi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """The calls to the cluster; everything answers well."""
    asked: list[tuple[object, ...]] = []
    mesh = bundle_mesh()

    def mint(_kubectl: object, namespace: str, account: str, seconds: int) -> tuple[str, str]:
        asked.append((namespace, account, seconds))
        return TOKEN, "2026-11-23T07:12:01+00:00"

    pulumi.answer("stack output", stdout=json.dumps({"bundles": {"legacy": EXPORTED}}))
    monkeypatch.setattr("hybrid_mesh.cli.bundle.stack_plan", lambda stack: plan_from(mesh, stack))
    monkeypatch.setattr("hybrid_mesh.cli.bundle_source.Engine.find", pulumi.engine)
    monkeypatch.setattr("hybrid_mesh.cli.bundle_source.read_kubeconfig", lambda *_: Kubeconfig({}))
    monkeypatch.setattr("hybrid_mesh.cli.bundle_source.mint", mint)
    monkeypatch.setattr("hybrid_mesh.cli.bundle_source.read_roots", lambda *_: ROOTS)
    monkeypatch.chdir(tmp_path)
    return asked


def test_a_bundle_is_a_folder_and_an_archive_for_their_owner_only(asked: list[tuple[object, ...]]) -> None:
    done = runner.invoke(app, ["bundle", "legacy", "--ttl", "30m"])
    assert done.exit_code == 0, done.output
    assert asked == [("demo", "legacy", 1800)]
    folder, archive = Path("local-legacy"), Path("local-legacy.tar.gz")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert (folder / "istio-token").read_text() == TOKEN
    assert stat.S_IMODE((folder / "istio-token").stat().st_mode) == 0o600
    assert (folder / "root-cert.pem").read_text() == ROOTS
    assert "192.0.2.10" in (folder / "hosts").read_text()
    assert stat.S_IMODE((folder / "install.sh").stat().st_mode) == 0o755
    with tarfile.open(archive) as packed:
        members = {member.name: member for member in packed.getmembers()}
    assert {"local-legacy/install.sh", "local-legacy/istio-token", "local-legacy/mesh.yaml"} <= set(members)
    assert {(member.uid, member.uname) for member in members.values()} == {(0, "root")}


def test_the_json_says_where_it_is(asked: list[tuple[object, ...]]) -> None:
    done = runner.invoke(app, ["bundle", "legacy", "--json"])
    rows = documented(PROJECT / "docs" / "json.md", "hybrid-mesh bundle")
    assert differences([json.loads(done.stdout)], rows) == []
    assert json.loads(done.stdout) == {
        "group": "legacy",
        "cluster": "east",
        "folder": "local-legacy",
        "archive": "local-legacy.tar.gz",
        "expires": "2026-11-23T07:12:01+00:00",
    }
    assert TOKEN not in done.output


def test_the_expiry_is_the_clusters_and_the_token_is_never_printed(asked: list[tuple[object, ...]]) -> None:
    done = runner.invoke(app, ["bundle", "legacy"])
    assert "expires at 2026-11-23T07:12:01+00:00" in done.stdout
    assert TOKEN not in done.output
    assert "the-token-itself" not in done.output


def test_a_bundle_is_renewed_over_an_older_one(asked: list[tuple[object, ...]], tmp_path: Path) -> None:
    runner.invoke(app, ["bundle", "legacy", "--output", str(tmp_path / "b")])
    (tmp_path / "b" / "of-before").touch()
    assert runner.invoke(app, ["bundle", "legacy", "--output", str(tmp_path / "b")]).exit_code == 0
    assert not (tmp_path / "b" / "of-before").exists()


def test_a_folder_of_somebody_elses_is_not_touched(asked: list[tuple[object, ...]], tmp_path: Path) -> None:
    precious = tmp_path / "home" / "thesis.tex"
    precious.parent.mkdir()
    precious.write_text("thesis")
    done = runner.invoke(app, ["bundle", "legacy", "--output", str(tmp_path / "home")])
    assert done.exit_code == 2
    assert "exists and is not a bundle" in done.stderr
    assert precious.read_text() == "thesis"


@pytest.mark.parametrize("ttl", ["5m", "1", "1w", "-1h", "0d", "9.5h", "", "1" * 5000 + "d"])
def test_a_life_that_no_cluster_would_give_is_refused(asked: list[tuple[object, ...]], ttl: str) -> None:
    done = runner.invoke(app, ["bundle", "legacy", f"--ttl={ttl}"])
    assert done.exit_code == 2
    assert ("minimum 10m" if ttl in {"5m", "0d"} else "is not a duration") in done.stderr
    assert asked == []


def test_a_group_without_bundles_is_refused_with_those_that_have(
    asked: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = runner.invoke(app, ["bundle", "nobody"])
    assert done.exit_code == 2
    assert "It has: legacy." in done.stderr
    monkeypatch.setattr(command, "stack_plan", lambda _: mesh_plan())
    done = runner.invoke(app, ["bundle", "legacy"])
    assert done.exit_code == 2
    assert "It has none" in done.stderr


@pytest.mark.parametrize("addresses", [["a.elb.example.com"], []])
def test_a_gateway_without_ip_addresses_says_what_to_set(
    asked: list[tuple[object, ...]], pulumi: FakePulumi, addresses: list[str]
) -> None:
    pulumi.answers.clear()
    exported = {**EXPORTED, "gatewayAddresses": addresses}
    pulumi.answer("stack output", stdout=json.dumps({"bundles": {"legacy": exported}}))
    done = runner.invoke(app, ["bundle", "legacy"])
    assert done.exit_code == 1
    assert "clusters.east.gateway.addresses" in done.stderr
    assert not Path("local-legacy").exists()


@pytest.mark.parametrize("output", ["{}", "no JSON", '{"bundles": {}}', '{"bundles": {"legacy": null}}'])
def test_a_stack_that_exports_none_says_to_raise_it(
    asked: list[tuple[object, ...]], pulumi: FakePulumi, output: str
) -> None:
    pulumi.answers.clear()
    pulumi.answer("stack output", stdout=output)
    done = runner.invoke(app, ["bundle", "legacy"])
    assert done.exit_code == 1
    assert "hybrid-mesh up --stack local" in done.stderr


def test_nothing_is_written_where_something_else_is(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "other").touch()
    with pytest.raises(CommandError):
        write_bundle(tmp_path / "x", {"machine.env": ""}, TOKEN)
    assert [path.name for path in tmp_path.rglob("*")] == ["x", "other"]


def test_a_link_that_appears_in_the_archives_place_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As another user may do in a folder where everybody writes, between the removal and the making."""
    target, archive = tmp_path / "target", tmp_path / "x.tar.gz"
    target.write_text("precious")
    unlink = Path.unlink

    def lose_the_race(path: Path, missing_ok: bool = False) -> None:
        unlink(path, missing_ok=missing_ok)
        if path == archive:
            archive.symlink_to(target)

    monkeypatch.setattr(Path, "unlink", lose_the_race)
    with pytest.raises(CommandError, match="Another process"):
        write_bundle(tmp_path / "x", {"machine.env": ""}, TOKEN)
    assert target.read_text() == "precious"
