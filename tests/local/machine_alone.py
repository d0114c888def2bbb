"""Boots one VM, says "up", and boots it again whenever it reboots, until it is killed:
python -m tests.local.machine_alone FOLDER (as-it-is | cgroup-v2)."""

import os
import subprocess
import sys
from pathlib import Path

from hybrid_mesh.local.lab.specs import MachineSpec, NetworkSpec
from hybrid_mesh.local.machines.runtime import REBOOT_EXIT_CODE, MachineRuntime
from hybrid_mesh.local.toolchain.profile import Profile


def main() -> None:
    if sys.argv[2] == "cgroup-v2":
        subprocess.run(["mount", "-t", "cgroup2", "none", "/sys/fs/cgroup"], check=True)
    machine = MachineRuntime(
        MachineSpec("alone", NetworkSpec("lan-a", "10.1.0.0/16"), "#cloud-config\n", "nobody@lab"),
        Path(sys.argv[1]) / "alone",
        instance_id="i-alone",
        namespace=Path("/proc/self/ns/net"),
        address="10.1.0.100",
        rootfs=Profile.current().rootfs,
        cgroup=f"{os.environ['HYBRID_MESH_TEST_SITE']}/alone",
        log=Path(sys.argv[1]) / "alone.log",
    )
    code = REBOOT_EXIT_CODE
    while code == REBOOT_EXIT_CODE:
        process = machine.start()
        machine.wait_until_up(60)
        print("up", flush=True)
        if sys.argv[2] == "cgroup-v2":
            machine.shell(["systemctl", "reboot"], 20)
        code = process.wait(600)


if __name__ == "__main__":
    main()
