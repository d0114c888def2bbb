"""Whether the stack that the engine works on has anything in the lab.

The engine does not name the stack before it calls a plug-in about resources, and then it calls about all of
them at the same time: objects in a local cluster as well as the cluster itself. So this module determines the
stack like the engine does: from its arguments, the environment and the selection of `pulumi stack select`
(pkg/cmd/pulumi/stack of Pulumi), and then reads the stack's file. In case of doubt, the answer is yes: an
unneeded lab costs memory, but a missing one makes a refresh remove resources from the state.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml


def stack_needs_lab() -> bool:
    """The answer for the engine that started this process."""
    try:
        arguments = Path(f"/proc/{os.getppid()}/cmdline").read_text(encoding="utf-8").split("\0")
        return needs_lab(arguments, os.environ, Path.cwd())
    except (OSError, ValueError):
        return True


def needs_lab(arguments: Sequence[str], environment: Mapping[str, str], project: Path) -> bool:
    """Whether `pulumi` with these arguments, in the folder `project`, has a stack with local networks."""
    if any(argument.split("=")[0] == "--config-file" for argument in arguments):
        return True
    try:
        stack = (
            _argument(arguments) or environment.get("PULUMI_STACK") or _selected(environment, project)
        ).rpartition("/")[2]
        settings = yaml.safe_load((project / "Pulumi.yaml").read_text(encoding="utf-8"))
        file = project / settings.get("stackConfigDir", ".") / f"Pulumi.{stack}.yaml"
        config = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]
        networks = config["hybrid-mesh:mesh"]["networks"]
        return any(network["type"] == "local" for network in networks.values())
    except (OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError):
        return True


def _argument(arguments: Sequence[str]) -> str:
    """The value of the last `--stack` or `-s`."""
    found = ""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        name, equals, value = argument.partition("=")
        if name in ("--stack", "-s"):
            found = value if equals else following
        elif argument.startswith("-s") and not argument.startswith("--"):
            found = argument.removeprefix("-s")
    return found


def _selected(environment: Mapping[str, str], project: Path) -> str:
    """The selection of `pulumi stack select` (sdk/go/common/workspace/workspace.go)."""
    home = Path(environment.get("PULUMI_HOME") or Path(environment["HOME"]) / ".pulumi")
    path = str(project / "Pulumi.yaml")
    name = yaml.safe_load(Path(path).read_text(encoding="utf-8"))["name"]
    digest = hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
    found = json.loads((home / "workspaces" / f"{name}-{digest}-workspace.json").read_text(encoding="utf-8"))
    return str(found["stack"])
