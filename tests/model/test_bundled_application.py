"""The script that applies a bundle's application, run in a folder in place of a VM's root."""

import hashlib
import stat
import subprocess
from pathlib import Path

import pytest

from hybrid_mesh.model.config.groups import ApplicationConfig
from hybrid_mesh.model.texts.application import bundled_application
from hybrid_mesh.model.texts.machine_texts import source_text
from tests.commands import run

SYSTEMCTL = """#!/bin/sh
echo "$*" >>{root}/calls
for word; do
    case $word in
    *.service) [ -e "{root}/etc/systemd/system/$word" ] || {{ echo "Unit $word not found." >&2; exit 5; }} ;;
    --quiet | --no-block | --now | daemon-reload | enable | disable | start | restart) ;;
    *) echo "Unknown operation $word" >&2; exit 1 ;;
    esac
done
"""


class Vm:
    """`root` stands for `/` of a VM: `systemctl` there knows the units that have a file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in (("systemctl", SYSTEMCTL.format(root=root)), ("fetch", source_text("fetch.sh"))):
            file = root / "bin" / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
            file.chmod(0o755)
        script = source_text("application.sh").replace("patience=300", "patience=3")
        script = script.replace("/var/lib/hybrid-mesh", f"{root}/var")
        script = script.replace("/usr/local/lib/hybrid-mesh", f"{root}/bin")
        (root / "application").write_text(script)

    def apply(self, **application: object) -> subprocess.CompletedProcess[str]:
        folder = self.root / "bundle"
        for old in folder.glob("*"):
            old.unlink()
        folder.mkdir(exist_ok=True)
        (self.root / "calls").write_text("")
        for path, text in bundled_application(ApplicationConfig.model_validate(application)).items():
            (folder / path).write_text(text.replace("/etc/", f"{self.root}/etc/"))
        return self.run(str(folder))

    def run(self, word: str) -> subprocess.CompletedProcess[str]:
        path = {"PATH": f"{self.root}/bin:/usr/bin:/bin"}
        return run(["/bin/sh", self.root / "application", word], environment=path, check=False)

    @property
    def calls(self) -> list[str]:
        return (self.root / "calls").read_text().splitlines()

    def read(self, path: str) -> str:
        return (self.root / path).read_text()


@pytest.fixture
def vm(tmp_path: Path) -> Vm:
    return Vm(tmp_path)


CONF = {"path": "/etc/app.conf", "content": "colour = 'red'\n", "mode": "0640"}
UNIT = {"name": "app.service", "content": "[Service]\nExecStart=/bin/true\n"}


def count(vm: Vm) -> dict[str, object]:
    return {"commands": [f"cd {vm.root}", 'echo "it\'s run" >>ran']}


def test_files_commands_and_units_are_applied_once(vm: Vm) -> None:
    done = vm.apply(files=[CONF], units=[UNIT], **count(vm))
    assert done.returncode == 0, done.stderr
    assert vm.read("etc/app.conf") == CONF["content"]
    assert stat.S_IMODE((vm.root / "etc/app.conf").stat().st_mode) == 0o640
    assert vm.calls == [
        "daemon-reload",
        "--quiet enable app.service",
        "--quiet --no-block restart app.service",
    ]
    done = vm.apply(files=[CONF], units=[UNIT], **count(vm))
    assert done.returncode == 0, done.stderr
    assert vm.read("ran") == "it's run\n"
    assert vm.calls[-1] == "--quiet --no-block start app.service", "nothing changed, so it is not restarted"


def test_a_changed_application_is_applied_again_and_what_it_lost_is_removed(vm: Vm) -> None:
    vm.apply(files=[CONF, {**CONF, "path": "/etc/old.conf"}], units=[UNIT], **count(vm))
    other = {**UNIT, "name": "other.service"}
    done = vm.apply(files=[{**CONF, "content": "colour = 'blue'\n"}], units=[other], **count(vm))
    assert done.returncode == 0, done.stderr
    assert vm.read("etc/app.conf") == "colour = 'blue'\n"
    assert not (vm.root / "etc/old.conf").exists()
    assert not (vm.root / "etc/systemd/system/app.service").exists()
    assert "--quiet disable --now app.service" in vm.calls
    assert vm.calls[-1] == "--quiet --no-block restart other.service"
    assert vm.read("ran") == "it's run\n" * 2


def test_a_failed_command_ends_it_and_runs_again(vm: Vm) -> None:
    failing = {"commands": [f"echo once >>{vm.root}/ran", f"test -e {vm.root}/fixed", f"touch {vm.root}/end"]}
    done = vm.apply(units=[UNIT], **failing)
    assert done.returncode == 1
    assert "a command of the application failed (exit code 1)" in done.stderr
    assert vm.calls == [], "no unit starts"
    assert not (vm.root / "end").exists()
    (vm.root / "fixed").touch()
    assert vm.apply(units=[UNIT], **failing).returncode == 0
    assert vm.read("ran") == "once\nonce\n"


def test_removing_it_restores_what_was_there(vm: Vm) -> None:
    (vm.root / "etc").mkdir()
    (vm.root / "etc/app.conf").write_text("of the distribution\n")
    vm.apply(files=[CONF], units=[UNIT])
    vm.apply(files=[{**CONF, "content": "second"}], units=[UNIT])
    done = vm.run("--remove")
    assert done.returncode == 0, done.stderr
    assert vm.read("etc/app.conf") == "of the distribution\n"
    assert not (vm.root / "etc/systemd/system/app.service").exists()
    assert not (vm.root / "var/application").exists()
    assert vm.run("--remove").returncode == 0


def test_a_bundle_without_an_application_removes_an_earlier_one(vm: Vm) -> None:
    vm.apply(files=[CONF])
    assert vm.apply().returncode == 0
    assert not (vm.root / "etc/app.conf").exists()


def test_a_folder_in_the_place_of_a_file_is_left_alone(vm: Vm) -> None:
    (vm.root / "etc/app.conf").mkdir(parents=True)
    done = vm.apply(files=[CONF])
    assert done.returncode == 1
    assert "is a folder" in done.stderr


def test_a_download_is_verified(vm: Vm) -> None:
    source = vm.root / "source"
    source.write_text("#!/bin/true\n")
    right = hashlib.sha256(source.read_bytes()).hexdigest()
    download = {"path": "/etc/tool", "url": f"file://{source}", "mode": "0755"}
    done = vm.apply(files=[{**download, "sha256": "0" * 64}])
    assert done.returncode == 1
    assert f"is not {'0' * 64}" in done.stderr
    assert not (vm.root / "etc/tool").exists()
    done = vm.apply(files=[{**download, "sha256": right}])
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((vm.root / "etc/tool").stat().st_mode) == 0o755
    source.write_text("changed on the server")
    assert vm.apply(files=[{**download, "sha256": right}]).returncode == 0
    assert vm.read("etc/tool") == "#!/bin/true\n", "it is in place"
