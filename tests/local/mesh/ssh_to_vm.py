"""In place of an ssh client: runs a command in a VM of the lab, as root, with this program's standard input.

`python ssh_to_vm.py STATE VM COMMAND`
"""

import base64
import sys
from pathlib import Path

from hybrid_mesh.local.lab.client import LabClient


def main(state: str, vm: str, command: str) -> int:
    given = base64.b64encode(sys.stdin.buffer.read()).decode()
    script = f"echo {given} | base64 -d | {command}"
    done = LabClient(Path(state)).machine_shell(vm, ["sh", "-c", script], 300)
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
