"""Runs `kubectl`, which supports every kind of credential, on one cluster. A kubeconfig that this program
holds is passed in memory, so that no key is ever written to disk."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hybrid_mesh.cli.kubeconfigs import Kubeconfig
from hybrid_mesh.local.paths import cache_folder, project_folder
from hybrid_mesh.local.patience import patient

REQUEST_SECONDS = 10
_START_SECONDS = 5.0
"""For kubectl itself and for a credential plug-in."""
_LONGEST_REASON = 160
_SHORTEST_SECRET = 8


NO_KUBECTL = "kubectl is not installed: install it, or run `make toolchain`"


class KubectlError(Exception):
    """kubectl is missing or failed; the text is one line without secrets."""


class Kubectl:
    """kubectl for one cluster. Safe for many threads: each call is a process of its own.

    The toolchain's program, else the one on PATH.
    """

    def __init__(self, kubeconfig: Kubeconfig) -> None:
        self._kubeconfig = kubeconfig
        self._program = find_kubectl()

    def get(self, path: str) -> Any:
        """The JSON at `path` of the API server. Raises KubectlError."""
        return self.read("get", "--raw", path)

    def read(self, *arguments: str) -> Any:
        """The JSON that `kubectl ARGUMENTS` prints. Raises KubectlError."""
        limit = f"--request-timeout={patient(REQUEST_SECONDS):.0f}s"
        try:
            done = self.run([*arguments, limit], REQUEST_SECONDS + _START_SECONDS)
        except subprocess.TimeoutExpired:
            raise KubectlError("no answer in time") from None
        if done.returncode != 0:
            raise KubectlError(self.reason(done))
        return json.loads(done.stdout)

    def run(
        self, arguments: Sequence[str], timeout: float, said: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Runs `kubectl ARGUMENTS`, the first of which is the command, with `said` as standard input. Raises
        KubectlError when there is no kubectl, subprocess.TimeoutExpired after `timeout` seconds."""
        if self._program is None:
            raise KubectlError(NO_KUBECTL)
        with in_memory(self._kubeconfig.text or "") as (path, descriptor):
            return subprocess.run(
                [self._program, arguments[0], *self._access(path), *arguments[1:]],
                input=said,
                capture_output=True,
                text=True,
                timeout=patient(timeout),
                check=False,
                pass_fds=(descriptor,),
            )

    def reason(self, done: subprocess.CompletedProcess[str]) -> str:
        """The last line of kubectl's errors, with the secrets of the kubeconfig replaced."""
        lines = done.stderr.strip().splitlines() or [f"kubectl ended with {done.returncode}"]
        reason = lines[-1].removeprefix("error: ")
        for secret in self._kubeconfig.credentials():
            if len(secret) >= _SHORTEST_SECRET:
                reason = reason.replace(secret, "[secret]")
        return reason[:_LONGEST_REASON]

    def _access(self, path: str) -> list[str]:
        """Which cluster, and where discovery is cached; `path` is that of a kubeconfig in memory."""
        access = [f"--cache-dir={cache_folder() / 'kubectl'}"]
        if self._kubeconfig.text is not None:
            access.append(f"--kubeconfig={path}")
        elif self._kubeconfig.path is not None:
            access.append(f"--kubeconfig={self._kubeconfig.path}")
        if self._kubeconfig.context is not None:
            access.append(f"--context={self._kubeconfig.context}")
        return access


def find_kubectl() -> str | None:
    """The toolchain's kubectl, else the one on PATH."""
    tools = str(project_folder() / ".toolchain" / "bin")
    return shutil.which("kubectl", path=os.pathsep.join([tools, os.environ.get("PATH", os.defpath)]))


@contextmanager
def in_memory(text: str) -> Iterator[tuple[str, int]]:
    """The path and the descriptor of a file with `text` that is on no disk and ends with its last process.

    A process that inherits the descriptor opens the path as often as it likes, as do the programs that it
    starts: Google's kubectl is a dispatcher that reads the kubeconfig and then starts another kubectl, which
    would find a pipe empty.
    """
    descriptor = os.memfd_create("kubeconfig")
    try:
        with os.fdopen(os.dup(descriptor), "w") as file:
            file.write(text)
        yield f"/proc/self/fd/{descriptor}", descriptor
    finally:
        os.close(descriptor)
