"""A virtual machine of the lab: systemd-nspawn that boots real systemd and real cloud-init on an overlay."""

import os
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.specs import CompletedCommand, MachineSpec
from hybrid_mesh.local.linux import cgroups
from hybrid_mesh.local.linux.waiting import until
from hybrid_mesh.local.machines.overlay import Overlay
from hybrid_mesh.local.patience import patient

REBOOT_EXIT_CODE = 133
"""systemd-nspawn's exit code, under --keep-unit, when the guest asked for a reboot (systemd-nspawn(1))."""

POWER_OFF = signal.SIGRTMIN + 4
"""The signal by which systemd as process 1 starts `poweroff.target` (systemd(1), Signals)."""

_POLL_SECONDS = 0.05
_KILL_SECONDS = 1.0
_TIMED_OUT = (124, 137, -signal.SIGKILL)
"""How timeout(1) ends when the command took too long, and when it had to be killed."""


class MachineRuntime:
    """One VM: its disk in `folder`, its process tree below one systemd-nspawn in a given network namespace.

    The VM ends with the pid namespace of the caller. `instance_id` is cloud-init's: the same disk with the
    same id is a restart, not a first boot. `cgroup` is a path below every hierarchy, created here if absent.
    The console goes to `log`.
    """

    def __init__(
        self,
        spec: MachineSpec,
        folder: Path,
        *,
        instance_id: str,
        namespace: Path,
        address: str,
        rootfs: Path,
        cgroup: str,
        log: Path,
    ) -> None:
        self.spec = spec
        self.instance_id = instance_id
        self.address = address
        self._folder = folder
        self._namespace = namespace
        self._cgroup = cgroup.strip("/")
        self._log = log
        self._overlay = Overlay(folder, rootfs)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Mounts the disk, writes the NoCloud seed if it has none, and boots.

        The caller supervises the returned process: REBOOT_EXIT_CODE means that the caller must call `start`
        again. Raises OSError when the disk or the control groups cannot be created.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._overlay.mount()
        self._overlay.prepare(
            name=self.spec.name, instance_id=self.instance_id, user_data=self.spec.user_data
        )
        cgroups.remove(self._cgroup)  # on cgroup v2, the cgroup of the last boot accepts no new process
        cgroups.make(self._cgroup)
        cgroups.give_way(self._cgroup)  # the clusters, which start at the same time, have priority
        namespace = os.open(self._namespace, os.O_RDONLY)
        try:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    [*self._launcher(), *self._command(namespace)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=_environment(),
                    pass_fds=[namespace],
                    start_new_session=True,
                )
        finally:
            os.close(namespace)
        return self._process

    def stop(self, timeout: float) -> None:
        """Shuts the VM down, kills it after `timeout` seconds, and unmounts its disk."""
        process = self._process
        if process is not None and process.poll() is None:
            leader = self._leader()
            if leader is not None:
                _signal(leader, POWER_OFF)
            try:
                process.wait(timeout if leader is not None else 0)
            except subprocess.TimeoutExpired:
                self._cut_power(process)
        cgroups.kill(self._cgroup)
        self._overlay.unmount()

    def shell(self, command: list[str], timeout: float) -> CompletedCommand:
        """Runs `command` as root in the VM. Raises LabError when the VM is not running, or when the command
        takes longer than `timeout` seconds; it is then ended in the VM, too."""
        leader = self._leader()
        if leader is None:
            raise LabError(f"VM {self.spec.name} is not running")
        timeout = patient(timeout)
        enter = ["nsenter", f"--target={leader}", "--all", "--root", "--wd", "--"]
        limit = ["timeout", f"--kill-after={_KILL_SECONDS:g}", f"{timeout:g}"]
        too_long = LabError(f"{command[0]} on VM {self.spec.name} took longer than {timeout:g} s")
        began = time.monotonic()
        try:
            done = subprocess.run(
                [*enter, *limit, *command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=_environment(),
                timeout=timeout + 5 * _KILL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise too_long from error
        if done.returncode in _TIMED_OUT and time.monotonic() - began >= timeout:
            raise too_long
        return CompletedCommand(
            done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        )

    def wait_until_up(self, timeout: float) -> None:
        """Waits until the VM's init listens on its bus. Raises LabError after `timeout` seconds or when the
        VM ends first."""
        failure = f"VM {self.spec.name} did not boot: see {self._log}"
        until(self._is_up, timeout, failure, every=_POLL_SECONDS)

    def remove(self) -> None:
        """Kills the VM and removes its disk and its control groups."""
        self.stop(timeout=0)
        self._overlay.remove()
        shutil.rmtree(self._folder, ignore_errors=True)
        cgroups.remove(self._cgroup)

    def _launcher(self) -> list[str]:
        """The prefix of systemd-nspawn: it starts in the VM's cgroup and writes to /run of its own. It is a
        program, not a `preexec_fn`, because the caller has threads."""
        folders = [str(hierarchy / self._cgroup) for hierarchy in cgroups.hierarchies()]
        script = (
            f"for folder in {shlex.join(folders)}; do echo $$ > $folder/cgroup.procs || exit; done; "
            "if [ -d /run/systemd ]; then notes=/run/systemd; else notes=/run; fi; "
            'mount -t tmpfs -o mode=0755 tmpfs $notes && exec "$@"'
        )
        return ["unshare", "--mount", "--propagation=private", "sh", "-c", script, "launcher"]

    def _command(self, namespace: int) -> list[str]:
        return [
            "systemd-nspawn",
            "--quiet",
            "--boot",
            f"--directory={self._overlay.root}",
            f"--machine={self.spec.name}",
            f"--hostname={self.spec.name}",
            f"--network-namespace-path=/proc/self/fd/{namespace}",
            "--settings=no",
            "--register=no",
            "--keep-unit",
            "--resolv-conf=off",
            "--timezone=off",
            "--link-journal=no",
            "--console=pipe",
            "--capability=CAP_NET_ADMIN",  # in addition to nspawn's defaults: the agent sets packet filters
            "--drop-capability=CAP_MKNOD",
        ]

    def _cut_power(self, process: subprocess.Popen[bytes]) -> None:
        if (leader := self._leader()) is not None:
            _signal(leader, signal.SIGKILL)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _is_up(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise LabError(f"VM {self.spec.name} ended while it booted: see {self._log}")
        leader = self._leader()
        return leader is not None and _init_listens(leader)

    def _leader(self) -> int | None:
        """The VM's process 1, in the caller's pid namespace."""
        if self._process is None or self._process.poll() is not None:
            return None
        own = _pid_namespace(self._process.pid)
        for child in _children(self._process.pid):
            if (namespace := _pid_namespace(child)) is not None and namespace != own:
                return child
        return None


def _environment() -> dict[str, str]:
    """The environment of systemd-nspawn. On a host with cgroup v1 it needs a variable, or it hangs before it
    starts the guest's init."""
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
    if not cgroups.unified():
        environment["SYSTEMD_NSPAWN_UNIFIED_HIERARCHY"] = "0"
    return environment


def _signal(process_id: int, number: int) -> None:
    try:
        os.kill(process_id, number)
    except ProcessLookupError:
        return


def _pid_namespace(process_id: int) -> str | None:
    try:
        return str(Path(f"/proc/{process_id}/ns/pid").readlink())
    except OSError:
        return None


def _children(process_id: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            status = (entry / "stat").read_text()
        except OSError:
            continue
        if int(status.rpartition(")")[2].split()[1]) == process_id:
            found.append(int(entry.name))
    return found


def _init_listens(leader: int) -> bool:
    return Path(f"/proc/{leader}/root/run/systemd/private").is_socket()
