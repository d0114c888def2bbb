"""Whether the stack that the engine works on has anything in the lab.

The engine tells a plug-in no stack before it asks about resources, and then it asks about all of them at
once: what is in a local cluster as soon as the cluster itself. So the stack is found as the engine found it:
by its arguments, the environment and the selection of `pulumi stack select` (pkg/cmd/pulumi/stack of Pulumi);
its file tells the rest. Where anything is uncertain the answer is yes: an unneeded lab costs memory, a
missing one costs what a refresh then forgets.
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
    """What `pulumi stack select` has noted (sdk/go/common/workspace/workspace.go)."""
    home = Path(environment.get("PULUMI_HOME") or Path(environment["HOME"]) / ".pulumi")
    path = str(project / "Pulumi.yaml")
    name = yaml.safe_load(Path(path).read_text(encoding="utf-8"))["name"]
    digest = hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
    found = json.loads((home / "workspaces" / f"{name}-{digest}-workspace.json").read_text(encoding="utf-8"))
    return str(found["stack"])
