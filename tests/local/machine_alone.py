"""Boots one machine, says "up" and waits to be killed: python -m tests.local.machine_alone FOLDER."""

import os
import sys
from pathlib import Path

from local.lab.specs import MachineSpec, NetworkSpec
from local.machines.runtime import MachineRuntime
from tests.local.machine_parts import Parts


def main() -> None:
    parts = Parts.find()
    assert parts is not None
    machine = MachineRuntime(
        MachineSpec("alone", NetworkSpec("lan-a", "10.1.0.0/16"), "#cloud-config\n", "nobody@lab"),
        Path(sys.argv[1]) / "alone",
        instance_id="i-alone",
        namespace=Path("/proc/self/ns/net"),
        address="10.1.0.100",
        rootfs=parts.rootfs,
        cgroup=f"{os.environ['HYBRID_MESH_TEST_SITE']}/alone",
        log=Path(sys.argv[1]) / "alone.log",
    )
    process = machine.start()
    machine.wait_until_up(20)
    print("up", flush=True)
    process.wait()


if __name__ == "__main__":
    main()
