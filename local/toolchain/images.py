"""The container images of the local site, each with no more than its program needs.

Layout source: pilot/docker/Dockerfile.{pilot,proxyv2} and pkg/test/echo/docker/Dockerfile.app of
istio.io/istio.
"""

from pathlib import Path

from hybrid_mesh.local.toolchain.archive import ImageSettings, Layer, write_archive
from hybrid_mesh.local.toolchain.component import Component, Task, text_of
from hybrid_mesh.local.toolchain.istio import ISTIO_FILES
from hybrid_mesh.local.toolchain.libraries import libraries
from hybrid_mesh.local.toolchain.pins import ISTIO_VERSION, Processor
from hybrid_mesh.local.toolchain.rootfs import ROOTFS

_HERE = Path(__file__).parent
_RECIPE = text_of(_HERE / "images.py", _HERE / "archive.py", _HERE / "libraries.py")
_ACCOUNTS = """root:x:0:0:root:/root:/usr/sbin/nologin
istio-proxy:x:1337:1337:istio-proxy:/:/usr/sbin/nologin
application:x:1338:1338:application:/:/usr/sbin/nologin
"""
_GROUPS = "root:x:0:\nistio-proxy:x:1337:\napplication:x:1338:\n"
_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
_CLIENTS = ("curl", "openssl")
"""Clients that people and `hybrid-mesh verify` run in Istio's image (docker/Dockerfile.base; ca-certificates
brings openssl)."""
_IPTABLES_VARIANTS = {"": "nft", "-nft": "nft", "-legacy": "legacy"}


def images(processor: Processor) -> list[Component]:
    inputs = {"recipe": _RECIPE, "machine": processor.machine}
    return [
        Component("image-pilot", lambda task: _pilot(task, processor), inputs, ("pilot-discovery", ROOTFS)),
        Component(
            "image-proxyv2",
            lambda task: _proxy(task, processor),
            inputs,
            ("envoy", "pilot-agent", ISTIO_FILES, ROOTFS),
            seconds=4,
        ),
        Component("image-echo", lambda task: _echo(task, processor), inputs, ("echo",)),
        Component("image-pause", lambda task: _pause(task, processor), inputs, ("pause",)),
    ]


def _pilot(task: Task, processor: Processor) -> None:
    layer = _base(task)
    layer.copy(_CERTIFICATES, task.need(ROOTFS) / _CERTIFICATES, 0o644)
    layer.copy("usr/local/bin/pilot-discovery", task.need("pilot-discovery") / "pilot-discovery")
    settings = ImageSettings(
        f"docker.io/istio/pilot:{ISTIO_VERSION}",
        processor.debian,
        ["/usr/local/bin/pilot-discovery"],
        user="1337:1337",
    )
    write_archive(task.output / "pilot.tar", settings, layer)


def _proxy(task: Task, processor: Processor) -> None:
    system, envoy = task.need(ROOTFS), task.need("envoy") / "envoy"
    layer = _base(task)
    layer.copy(_CERTIFICATES, system / _CERTIFICATES, 0o644)
    plugins = sorted((system / "usr/lib" / processor.triplet / "xtables").glob("*.so"))
    variants = [system / f"usr/sbin/xtables-{variant}-multi" for variant in ("nft", "legacy")]
    _add_iptables(layer, system, variants, plugins)
    clients = [system / "usr/bin" / name for name in _CLIENTS]
    for client in clients:
        layer.copy(f"usr/bin/{client.name}", client)
    found = libraries(task, system, processor, [envoy, *variants, *plugins, *clients])
    _add_loader(layer, system, processor)
    for path, source in sorted(found.items()):
        if not layer.holds(path):
            layer.copy(path, source)
    template = "envoy_bootstrap.json"
    layer.copy(
        "var/lib/istio/envoy/envoy_bootstrap_tmpl.json",
        task.need(ISTIO_FILES) / "packaging" / template,
        0o644,
    )
    layer.copy("usr/local/bin/envoy", envoy)
    layer.copy("usr/local/bin/pilot-agent", task.need("pilot-agent") / "pilot-agent")
    settings = ImageSettings(
        f"docker.io/istio/proxyv2:{ISTIO_VERSION}", processor.debian, ["/usr/local/bin/pilot-agent"]
    )
    write_archive(task.output / "proxyv2.tar", settings, layer)


def _echo(task: Task, processor: Processor) -> None:
    layer = _base(task)
    for program in ("echo-server", "echo-client"):
        layer.copy(f"usr/local/bin/{program}", task.need("echo") / program)
    settings = ImageSettings(
        f"hybrid-mesh.local/echo:{ISTIO_VERSION}",
        processor.debian,
        ["/usr/local/bin/echo-server"],
        user="1338:1338",
    )
    write_archive(task.output / "echo.tar", settings, layer)


def _pause(task: Task, processor: Processor) -> None:
    layer = Layer(task.scratch / "layer.tar")
    layer.copy("pause", task.need("pause") / "pause")
    settings = ImageSettings("hybrid-mesh.local/pause:1", processor.debian, ["/pause"], user="65535:65535")
    write_archive(task.output / "pause.tar", settings, layer)


def _base(task: Task) -> Layer:
    """The folders and accounts that every program expects of a Unix system with a merged /usr."""
    layer = Layer(task.scratch / "layer.tar")
    for name in ("bin", "sbin", "lib", "lib64"):
        layer.folder(f"usr/{name}")
        layer.link(name, f"usr/{name}")
    layer.folder("tmp", 0o1777)
    layer.folder("run")
    layer.folder("var")
    layer.link("var/run", "/run")
    layer.text("etc/passwd", _ACCOUNTS)
    layer.text("etc/group", _GROUPS)
    layer.text("etc/nsswitch.conf", "hosts: files dns\n")
    return layer


def _add_iptables(layer: Layer, system: Path, variants: list[Path], plugins: list[Path]) -> None:
    """iptables as Debian has it: two programs that act by the name they are called by."""
    for variant in variants:
        layer.copy(f"usr/sbin/{variant.name}", variant)
    for plugin in plugins:
        path = str(plugin.relative_to(system))
        if plugin.is_symlink():
            layer.link(path, str(plugin.readlink()))
        else:
            layer.copy(path, plugin, 0o644)
    for family in ("iptables", "ip6tables"):
        for suffix, name in _IPTABLES_VARIANTS.items():
            for verb in ("", "-save", "-restore"):
                layer.link(f"usr/sbin/{family}{suffix}{verb}", f"xtables-{name}-multi")


def _add_loader(layer: Layer, system: Path, processor: Processor) -> None:
    real = (system / processor.loader).resolve()
    layer.copy(f"usr/lib/{processor.triplet}/{real.name}", real)
    if not layer.holds(processor.loader):
        layer.link(processor.loader, f"/usr/lib/{processor.triplet}/{real.name}")
