"""Which of Pulumi's plug-ins are installed on this host, so that ours never take their place.

Source of the places and their order: `getPluginInfoAndPath` in
pulumi/sdk/v3/go/common/workspace/plugins.go: first PATH, then beside the `pulumi` program (language
hosts), then the plug-in cache, where the version must be equal.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

KUBERNETES = "pulumi-resource-kubernetes"
PYTHON = "pulumi-language-python"


def kubernetes_version() -> str:
    """The version of the kubernetes plug-in that the installed SDK asks for."""
    return version("pulumi-kubernetes")


def has_kubernetes(environment: Mapping[str, str], ours: Iterable[Path]) -> bool:
    """Whether the kubernetes plug-in is on PATH (in a folder of `ours` it does not count) or, in the right
    version, in the cache."""
    folder = _plugin_cache(environment) / f"resource-kubernetes-v{kubernetes_version()}"
    return _on_path(KUBERNETES, environment, ours) or os.access(folder / KUBERNETES, os.X_OK)


def has_python(environment: Mapping[str, str], ours: Iterable[Path], pulumi: Path | None) -> bool:
    """Whether the Python language host is on PATH (in a folder of `ours` it does not count) or beside the
    `pulumi` program."""
    beside = pulumi is not None and os.access(pulumi.resolve().parent / PYTHON, os.X_OK)
    return beside or _on_path(PYTHON, environment, ours)


def _plugin_cache(environment: Mapping[str, str]) -> Path:
    home = environment.get("PULUMI_HOME")
    return (Path(home) if home else Path(environment.get("HOME", "/")) / ".pulumi") / "plugins"


def _on_path(name: str, environment: Mapping[str, str], ours: Iterable[Path]) -> bool:
    not_counted = {folder.resolve() for folder in ours}
    folders = (Path(folder) for folder in environment.get("PATH", "").split(os.pathsep) if folder)
    return any(shutil.which(name, path=str(f)) is not None for f in folders if f.resolve() not in not_counted)
