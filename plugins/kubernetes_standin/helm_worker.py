"""One Helm action in a process of its own: `python helm_worker.py` reads a request, writes a result, both
JSON.

A process of its own because Helm takes the name of its process as the field manager of what it applies,
because a cancelled action must end wherever it is, and because several releases go on at once. Needs
nothing but helm_python. The request: `action`, `config` (arguments of helm_python.Config), `arguments`. The
result: `{"result": ...}` or `{"error": text, "kind": class name}`.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

import helm_python as helm

_CANCEL_SECONDS: Final = 10.0
_PR_SET_PDEATHSIG: Final = 1
"""linux/prctl.h"""

Arguments = dict[str, Any]


def _install(config: helm.Config, context: helm.HelmContext, arguments: Arguments) -> Any:
    config.install(context=context, **arguments)
    return config.get_all(arguments["name"])


def _upgrade(config: helm.Config, context: helm.HelmContext, arguments: Arguments) -> Any:
    config.upgrade(context=context, **arguments)
    return config.get_all(arguments["name"])


def _uninstall(config: helm.Config, context: helm.HelmContext, arguments: Arguments) -> Any:
    del context
    return config.uninstall(**arguments)


def _rollback(config: helm.Config, context: helm.HelmContext, arguments: Arguments) -> Any:
    del context
    return config.rollback(**arguments)


def _get(config: helm.Config, context: helm.HelmContext, arguments: Arguments) -> Any:
    del context
    return config.get_all(**arguments)


_ACTIONS: Final[dict[str, Callable[[helm.Config, helm.HelmContext, Arguments], Any]]] = {
    "install": _install,
    "upgrade": _upgrade,
    "uninstall": _uninstall,
    "rollback": _rollback,
    "get": _get,
}


def _render(arguments: Arguments) -> Any:
    with helm.Chart.load(arguments.pop("chart")) as chart:
        rendered = chart.render(arguments.pop("values"), is_install=True, **arguments)
        manifests = [text for path, text in rendered.items() if not path.endswith("NOTES.txt")]
        return {"manifest": "\n---\n".join(manifests), "metadata": chart.metadata}


def _perform(request: Arguments, context: helm.HelmContext) -> Arguments:
    try:
        if request["action"] == "render":
            return {"result": _render(request["arguments"])}
        with helm.Config(**_with_kubeconfig(request["config"])) as config:
            return {"result": _ACTIONS[request["action"]](config, context, request["arguments"])}
    except helm.HelmError as failure:
        return {"error": str(failure), "kind": type(failure).__name__}


def _with_kubeconfig(config: Arguments) -> Arguments:
    """The kubeconfig's text as a file that exists only in this process' memory."""
    text = config.pop("kubeconfig", "")
    if not text:
        return config
    file = os.memfd_create("kubeconfig")
    os.write(file, text.encode())
    return {**config, "kubeconfig_path": f"/proc/self/fd/{file}"}


def main() -> None:
    """Performs the request in a thread, so that SIGTERM can cancel it meanwhile."""
    ctypes.CDLL(None).prctl(
        _PR_SET_PDEATHSIG, signal.SIGTERM
    )  # a plug-in that is killed leaves no action behind
    request = json.load(sys.stdin)
    context = helm.HelmContext()

    def cancel(*_: object) -> None:
        signal.alarm(int(_CANCEL_SECONDS))  # ends the process if Helm does not heed
        context.cancel()

    signal.signal(signal.SIGTERM, cancel)
    answers: list[Arguments] = []
    worker = threading.Thread(target=lambda: answers.append(_perform(request, context)))
    worker.start()
    worker.join()
    json.dump(answers[0] if answers else {"error": "the Helm action broke", "kind": "HelmError"}, sys.stdout)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
