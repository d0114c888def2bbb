"""The log of one member of the lab, from all its sources."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.log_lines import merged
from hybrid_mesh.local.lab.log_sources import Journal, LogFile, Source
from hybrid_mesh.local.lab.specs import LogLine

Sources = Iterator[tuple[str, Source]]
Component = Callable[[Path], Sources]
"""By the member's folder: its sources, each with a name that no other has."""


class MemberLog:
    """The log of a member, or of the lab itself. It is read from disk, so the lab can be stopped."""

    def __init__(self, components: list[tuple[Component, Path]]) -> None:
        self._components = components
        self._sources: dict[str, Source] = {}

    @property
    def exists(self) -> bool:
        """Whether the member still exists, so that more can be logged."""
        return any(folder.exists() for _, folder in self._components)

    def read(self, since: datetime | None = None) -> list[LogLine]:
        """The first time: the end of every source, or everything from `since` on. After that: what is new
        since the last call, also from new sources."""
        for component, folder in self._components:
            for key, source in component(folder):
                self._sources.setdefault(key, source)
        lines = merged(line for source in self._sources.values() for line in source.read(since))
        return [line for line in lines if since is None or line.time >= since]


def lab_log(folder: Path) -> MemberLog:
    """The lab's own log."""
    return MemberLog([(_file("lab.log"), folder)])


def cluster_log(folder: Path, name: str, component: str | None) -> MemberLog:
    """The log of the cluster's daemons, or of one component. Raises LabError with all names for an unknown
    component."""
    daemons = {path.stem: _file(f"logs/{path.name}") for path in sorted(folder.glob("logs/*.log"))}
    return _chosen(f"cluster {name}", folder, daemons, {**daemons, **_PODS}, component)


def machine_log(folder: Path, name: str, component: str | None) -> MemberLog:
    """The log of a VM, or of one component; `folder` is that of its disk. Raises LabError like
    `cluster_log`."""
    return _chosen(f"VM {name}", folder, _MACHINE, {**_MACHINE, **_UNITS}, component)


def _chosen(
    what: str, folder: Path, usual: dict[str, Component], every: dict[str, Component], component: str | None
) -> MemberLog:
    if component is None:
        return MemberLog([(each, folder) for each in usual.values()])
    if component not in every:
        raise LabError(f"{what} has no component {component}; components are: {', '.join(sorted(every))}")
    return MemberLog([(every[component], folder)])


def _file(path: str, name: str = "") -> Component:
    def sources(folder: Path) -> Sources:
        yield path, LogFile(name or Path(path).stem, folder / path)

    return sources


def _pods(pattern: str) -> Component:
    """Containers of pods. `pattern` is relative to the folder of all pods:
    <namespace>_<pod>_<uid>/<container>."""

    def sources(folder: Path) -> Sources:
        for path in sorted(folder.glob(f"pods/{pattern}/*.log")):
            pod = path.parts[-3].split("_")[1]
            yield str(path), LogFile(f"{pod}/{path.parts[-2]}", path, container=True)

    return sources


def _journal(name: str, *units: str) -> Component:
    def sources(folder: Path) -> Sources:
        yield f"journal {units}", Journal(name, folder / "upper/var/log/journal", units)

    return sources


def _all(*components: Component) -> Component:
    def sources(folder: Path) -> Sources:
        for component in components:
            yield from component(folder)

    return sources


def _console(folder: Path) -> Sources:
    path = folder.with_name(f"{folder.name}.log")
    yield str(path), LogFile("console", path)


_PODS: Final[dict[str, Component]] = {
    "istiod": _pods("istio-system_istiod-*/*"),
    "proxy": _pods("*/istio-proxy"),
    "pods": _pods("*/*"),
}
"""Of a cluster, beside its daemons: proxies are those of gateways and the sidecars."""
_AGENT: Final = _all(
    _file("upper/var/log/istio/istio.log", "proxy"), _file("upper/var/log/istio/istio.err.log", "proxy")
)
_MACHINE: Final[dict[str, Component]] = {
    "console": _console,
    "cloud-init": _file("upper/var/log/cloud-init-output.log", "cloud-init"),
    "journal": _journal("journal"),
    "proxy": _AGENT,
}
_UNITS: Final[dict[str, Component]] = {
    "identity": _journal("identity", "hybrid-mesh-identity*"),
    "proxy": _all(_AGENT, _journal("proxy", "istio.service")),
}
