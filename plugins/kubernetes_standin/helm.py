"""Helm actions on one cluster, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from plugins.framework.calls import CallContext
from plugins.framework.errors import OperationCancelledError, ResourceError
from plugins.framework.values import Properties
from plugins.kubernetes_standin.kubeconfig import parse
from plugins.kubernetes_standin.settings import Settings

FIELD_MANAGER: Final = "pulumi-kubernetes-release"
_WORKER: Final = Path(__file__).with_name("helm_worker.py")
_WORKER_ENVIRONMENT: Final = {"PYTHONDONTWRITEBYTECODE": "1", "GOGC": "400"}
"""A process that lives for seconds need not tidy its memory: a tenth less CPU time for a large chart."""
_POLL_SECONDS: Final = 0.2
_QUERIES_PER_SECOND: Final = 200.0


class HelmError(ResourceError):
    """Helm refused or failed; `kind` is the class of helm_python's error."""

    def __init__(self, text: str, kind: str) -> None:
        super().__init__(text)
        self.kind = kind


class Helm:
    """Runs actions for one provider."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder

    def run(self, action: str, namespace: str, arguments: Mapping[str, Any], context: CallContext) -> Any:
        """The action's result. Raises HelmError, and OperationCancelledError when the user cancels."""
        request = {
            "action": action,
            "config": self._config(namespace),
            "arguments": {name: value for name, value in arguments.items() if value is not None},
        }
        answer = _in_process(request, self._folder, context.cancelled)
        if "error" in answer:
            raise HelmError(answer["error"], answer["kind"])
        return answer["result"]

    def find(self, namespace: str, name: str) -> Any | None:
        """The stored release (as `helm get all`), None when there is none; goes on when the user cancels."""
        request = {"action": "get", "config": self._config(namespace), "arguments": {"name": name}}
        answer = _in_process(request, self._folder, threading.Event())
        if answer.get("kind") == "HelmNotFoundError":
            return None
        if "error" in answer:
            raise HelmError(answer["error"], answer["kind"])
        return answer["result"]

    def render(self, arguments: Mapping[str, Any], context: CallContext) -> Any:
        """The `manifest` and `metadata` of a local chart, without a cluster."""
        request = {"action": "render", "arguments": dict(arguments)}
        answer = _in_process(request, self._folder, context.cancelled)
        if "error" in answer:
            raise HelmError(answer["error"], answer["kind"])
        return answer["result"]

    def _config(self, namespace: str) -> Properties:
        content = parse(self._settings.kubeconfig, self._folder)
        config: Properties = {"namespace": namespace, "burst_limit": 500, "qps": _QUERIES_PER_SECOND}
        if content is not None:
            config["kubeconfig"] = json.dumps(content)
        if self._settings.context:
            config["kube_context"] = self._settings.context
        driver = self._settings.helm.get("driver")
        return {**config, "storage_driver": driver} if driver else config


def _in_process(request: Properties, folder: Path, cancel: threading.Event) -> Any:
    # The name is only for the field manager; the interpreter finds its packages by the folder.
    name = str(Path(sys.executable).with_name(FIELD_MANAGER))
    process = subprocess.Popen(
        [name, str(_WORKER)],
        executable=sys.executable,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | _WORKER_ENVIRONMENT,
    )
    outputs: list[tuple[str, str]] = []
    reader = threading.Thread(
        target=lambda: outputs.append(process.communicate(json.dumps(request))), daemon=True
    )
    reader.start()
    cancelled = False
    while reader.is_alive():
        if cancel.is_set() and not cancelled:
            cancelled = True
            process.send_signal(signal.SIGTERM)
        reader.join(_POLL_SECONDS)
    output, errors = outputs[0]
    if cancelled:
        raise OperationCancelledError(f"the Helm action {request['action']}")
    if process.returncode != 0 or not output:
        last = errors.strip().splitlines()[-1:] or [f"it ended with code {process.returncode}"]
        raise ResourceError(f"Helm broke: {last[0]}")
    return json.loads(output)
