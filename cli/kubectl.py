"""Questions to one cluster by `kubectl`, which knows every kind of credential. It reads a kubeconfig that we
hold from a pipe, so that no key is ever in a file."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

from hybrid_mesh.cli.kubeconfigs import Kubeconfig
from hybrid_mesh.local.paths import cache_folder, project_folder
from hybrid_mesh.local.patience import patient

REQUEST_SECONDS = 10
_START_SECONDS = 5.0
"""For kubectl itself and for a credential plug-in."""
_LONGEST_REASON = 160
_SHORTEST_SECRET = 8


class KubectlError(Exception):
    """kubectl is missing, or could not do what it was asked; one line, without a secret."""


class Kubectl:
    """kubectl for one cluster. Safe for many threads: each call is a process of its own.

    The toolchain's program, else the one on PATH.
    """

    def __init__(self, kubeconfig: Kubeconfig) -> None:
        self._kubeconfig = kubeconfig
        tools = str(project_folder() / ".toolchain" / "bin")
        self._program = shutil.which(
            "kubectl", path=os.pathsep.join([tools, os.environ.get("PATH", os.defpath)])
        )

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

    def run(self, arguments: Sequence[str], timeout: float) -> subprocess.CompletedProcess[str]:
        """Runs `kubectl ARGUMENTS`, the first of which is the command; standard input is taken. Raises
        KubectlError when there is no kubectl, subprocess.TimeoutExpired after `timeout` seconds."""
        if self._program is None:
            raise KubectlError("kubectl is not installed: install it, or run `make toolchain`")
        return subprocess.run(
            [self._program, arguments[0], *self._access(), *arguments[1:]],
            input=self._kubeconfig.text or "",
            capture_output=True,
            text=True,
            timeout=patient(timeout),
            check=False,
        )

    def reason(self, done: subprocess.CompletedProcess[str]) -> str:
        """The last line of what kubectl said; what is secret in the kubeconfig is left out."""
        lines = done.stderr.strip().splitlines() or [f"kubectl ended with {done.returncode}"]
        reason = lines[-1].removeprefix("error: ")
        for secret in self._kubeconfig.credentials():
            if len(secret) >= _SHORTEST_SECRET:
                reason = reason.replace(secret, "[secret]")
        return reason[:_LONGEST_REASON]

    def _access(self) -> list[str]:
        """Which cluster, and where discovery is cached."""
        access = [f"--cache-dir={cache_folder() / 'kubectl'}"]
        if self._kubeconfig.text is not None:
            access.append("--kubeconfig=/dev/stdin")
        elif self._kubeconfig.path is not None:
            access.append(f"--kubeconfig={self._kubeconfig.path}")
        if self._kubeconfig.context is not None:
            access.append(f"--context={self._kubeconfig.context}")
        return access
