"""The kernel layer for real, in namespaces of the test's own; needs root but no toolchain."""

import os
import sys
from pathlib import Path

import pytest

from hybrid_mesh.local.linux import logs
from tests.commands import run

ISOLATED = ["unshare", "--mount", "--net", "--propagation=private", sys.executable, "-c"]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces and mounts need root")


def isolated(program: str, *arguments: str) -> str:
    """What `program` prints in new namespaces. Its network namespaces are named in a folder of its own."""
    prelude = "from hybrid_mesh.local.linux import kernel; kernel.mount('tmpfs', '/run', 'tmpfs')\n"
    prelude += "from pathlib import Path; Path('/run/netns').mkdir(); import sys\n"
    return run([*ISOLATED, prelude + program, *arguments], seconds=60).stdout


@needs_root
@pytest.mark.parametrize("name", ["plain", "jürgen", "with blank", "back\\slash", "\\344", "line\nbreak"])
def test_a_folder_is_removed_without_what_is_mounted_below(tmp_path: Path, name: str) -> None:
    """Independent of the folder's name, files of others that are mounted below it stay."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    program = """
from hybrid_mesh.local.linux import mounts
kept, folder = Path(sys.argv[1]), Path(sys.argv[2])
below = folder / "volumes"
below.mkdir(parents=True)
kernel.mount(str(kept), str(below), "none", kernel.MS_BIND)
mounts.remove_tree(folder)
assert not folder.exists()
"""
    isolated(program, str(tmp_path / "kept"), str(tmp_path / name))
    assert (tmp_path / "kept" / "file").exists()


@needs_root
def test_a_folder_stays_while_something_below_stays_mounted(tmp_path: Path) -> None:
    program = """
from hybrid_mesh.local.linux import mounts
folder = Path(sys.argv[1])
folder.mkdir()
kernel.mount("tmpfs", str(folder), "tmpfs")
mounts.kernel.unmount = lambda _: None
try:
    mounts.remove_tree(folder)
except OSError as error:
    print(error)
"""
    assert "is still mounted" in isolated(program, str(tmp_path / "folder"))
    assert (tmp_path / "folder").exists()


@needs_root
@pytest.mark.parametrize("tool", ["iptables-restore", "ip"])
def test_a_join_that_fails_half_way_can_be_repeated(tool: str) -> None:
    program = f"""
from hybrid_mesh.local.lab import networks
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.specs import NetworkSpec
net = networks.Networks()
spec = NetworkSpec("one", "10.61.0.0/16")
args = ("node-east", spec, "10.61.0.10", "172.30.1.1", "10.61.128.0/20")
real_run, real_ip = networks.run, networks.ip
def fail(*arguments, **options):
    raise LabError("busy")
if "{tool}" == "ip":
    calls = []
    def ip(lines, **options):
        calls.append(lines)
        if len(calls) in (2, 5):
            fail()
        real_ip(lines, **options)
    networks.ip = ip
else:
    networks.run = fail
for _ in range(2):
    try:
        net.join(*args)
    except LabError as error:
        print(error)
networks.run, networks.ip = real_run, real_ip
net.join(*args)
net.leave("node-east")
net.join(*args)
"""
    assert isolated(program) == "busy\n" * 2


@needs_root
def test_the_labs_services_keep_their_hardware_address_when_members_come() -> None:
    """Members remember it for up to 45 seconds, in which they would reach nobody."""
    program = """
from hybrid_mesh.local.lab import networks
from hybrid_mesh.local.lab.specs import NetworkSpec
from hybrid_mesh.local.linux.commands import run
net = networks.Networks()
spec = NetworkSpec("one", "10.61.0.0/16")
lan = net.lan(spec)
def addresses():
    links = [("wan", net.wan), ("lan", lan)]
    return [run(["ip", "-brief", "link", "show", name], namespace=there).split()[2] for name, there in links]
before = addresses()
net.join("node-east", spec, "10.61.0.10", "172.30.1.1", "10.61.128.0/20")
print(addresses() == before)
"""
    assert isolated(program) == "True\n"


@needs_root
def test_a_file_that_the_disk_does_not_take_leaves_the_old_one_and_no_draft(tmp_path: Path) -> None:
    program = """
from hybrid_mesh.local.linux.files import write_durably
folder = Path(sys.argv[1])
kernel.mount("tmpfs", str(folder), "tmpfs", options="size=64k")
write_durably(folder / "lab.json", b"old")
try:
    write_durably(folder / "lab.json", b"x" * 100_000)
except OSError as error:
    print(error.strerror)
print([(path.name, path.read_bytes()) for path in folder.iterdir()])
"""
    assert isolated(program, str(tmp_path)) == "No space left on device\n[('lab.json', b'old')]\n"


def test_logs_keep_the_run_before_and_have_a_limit(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "etcd.log"
    logs.begin(log)
    with log.open("ab") as writer:
        writer.write(b"first run")
    logs.begin(log)
    assert (log.read_bytes(), logs.previous(log).read_bytes()) == (b"", b"first run")
    logs.begin(log)
    assert logs.previous(log).read_bytes() == b"first run", "an empty run takes the place of none"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"0123456789")
        logs.bound(log, 10)
        assert log.read_bytes() == b"0123456789"
        writer.write(b"!")
        logs.bound(log, 10)
        assert (log.read_bytes(), logs.previous(log).read_bytes()) == (b"", b"0123456789!")
        writer.write(b"goes on")
    assert log.read_bytes() == b"goes on"
    assert log.stat().st_mode & 0o077 == 0
