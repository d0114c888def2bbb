"""What comes out of Istio's sources as files: the charts, and the `istio-sidecar` package.

The layout of the package is that of tools/packaging/packaging.mk in istio.io/istio: binaries in
/usr/local/bin, the unit, the environment and the bootstrap template, and its own post-install script.
"""

import re
import shutil
from pathlib import Path

from hybrid_mesh.local.toolchain.component import Component, Task, text_of
from hybrid_mesh.local.toolchain.golang import GoWorkshop
from hybrid_mesh.local.toolchain.pins import ISTIO_VERSION, Processor

ISTIO_FILES = "istio-files"
PACKAGE = "istio-sidecar"
_CHARTS = {"base": "base", "gateway": "gateway", "istio-control/istio-discovery": "istiod"}
_RECIPE = text_of(Path(__file__))
_CONFIGURATION_FILES = ("/var/lib/istio/envoy/envoy_bootstrap_tmpl.json", "/var/lib/istio/envoy/sidecar.env")


def istio_files(workshop: GoWorkshop) -> Component:
    """`charts/{base,gateway,istiod}` as in the sources and `packaging/`, out of Istio's module."""
    copies = {f"manifests/charts/{source}": f"charts/{name}" for source, name in _CHARTS.items()}
    copies["tools/packaging/common"] = "packaging"
    copies["tools/packaging/postinst.sh"] = "packaging/postinst.sh"
    return workshop.module_files(ISTIO_FILES, "istio", "istio.io/istio", copies)


def charts() -> Component:
    """The charts as a release has them: a release build writes hub, tag and version over placeholders."""

    def recipe(task: Task) -> None:
        for name in _CHARTS.values():
            chart = task.output / name
            shutil.copytree(task.need(ISTIO_FILES) / "charts" / name, chart)
            _rewrite(chart / "Chart.yaml", {r"(?m)^(version|appVersion): .*$": rf"\1: {ISTIO_VERSION}"})
            if name == "istiod":
                placeholders = {
                    r"(?m)^(\s+hub): registry\.istio\.io/testing$": r"\1: docker.io/istio",
                    r"(?m)^(\s+tag): latest$": rf"\1: {ISTIO_VERSION}",
                }
                _rewrite(chart / "values.yaml", placeholders)

    return Component("charts", recipe, {"recipe": _RECIPE}, (ISTIO_FILES,), seconds=1)


def sidecar_package(processor: Processor) -> Component:
    """`istio-sidecar.deb`, not compressed: it is installed more often than it is carried."""

    def recipe(task: Task) -> None:
        tree = task.scratch / PACKAGE
        packaging = task.need(ISTIO_FILES) / "packaging"
        files = {
            "usr/local/bin/envoy": (task.need("envoy") / "envoy", 0o755),
            "usr/local/bin/pilot-agent": (task.need("pilot-agent") / "pilot-agent", 0o755),
            "usr/local/bin/istio-start.sh": (packaging / "istio-start.sh", 0o755),
            "lib/systemd/system/istio.service": (packaging / "istio.service", 0o644),
            "var/lib/istio/envoy/sidecar.env": (packaging / "sidecar.env", 0o644),
            "var/lib/istio/envoy/envoy_bootstrap_tmpl.json": (packaging / "envoy_bootstrap.json", 0o644),
            "DEBIAN/postinst": (packaging / "postinst.sh", 0o755),
        }
        for path, (source, mode) in files.items():
            target = tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(mode)
        (tree / "DEBIAN/conffiles").write_text("".join(f"{path}\n" for path in _CONFIGURATION_FILES))
        (tree / "DEBIAN/control").write_text(_control(processor))
        task.run(
            [
                "dpkg-deb",
                "--root-owner-group",
                "-Znone",
                "--build",
                str(tree),
                str(task.output / f"{PACKAGE}.deb"),
            ],
            environment={"SOURCE_DATE_EPOCH": "0"},
        )

    inputs = {"recipe": _RECIPE, "machine": processor.machine}
    return Component("package", recipe, inputs, ("envoy", "pilot-agent", ISTIO_FILES))


def _control(processor: Processor) -> str:
    fields = {
        "Package": PACKAGE,
        "Version": ISTIO_VERSION,
        "License": "Apache",
        "Vendor": "istio.io",
        "Architecture": processor.debian,
        "Maintainer": "istio@istio.io",
        "Depends": "iproute2, iptables, sudo, hostname",
        "Section": "default",
        "Priority": "optional",
        "Homepage": "http://istio.io",
        "Description": "Istio Sidecar",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def _rewrite(file: Path, changes: dict[str, str]) -> None:
    text = file.read_text()
    for pattern, replacement in changes.items():
        text, count = re.subn(pattern, replacement, text)
        if count == 0:
            raise ValueError(f"{file.name} has nothing like {pattern}")
    file.write_text(text)
