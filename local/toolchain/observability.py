"""Programs that receive and keep what a mesh reports, for the test of its telemetry, in one image.

Each is the official code, built from its Go module. The collector has only the parts that the test uses (see
modules/otel-collector/main.go), Prometheus only the service discovery of Kubernetes.
"""

from pathlib import Path
from typing import Final

from hybrid_mesh.local.toolchain import pins
from hybrid_mesh.local.toolchain.archive import ImageSettings, Layer, write_archive
from hybrid_mesh.local.toolchain.component import Component, Task, text_of
from hybrid_mesh.local.toolchain.golang import GoWorkshop
from hybrid_mesh.local.toolchain.pins import Processor

OBSERVABILITY: Final = "image-observability"
ARCHIVE: Final = "observability.tar"
PROGRAMS: Final = {
    "otel-collector": "otel-collector",
    "jaeger": "jaeger",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "kube-state-metrics": "kube-state-metrics",
}
"""Program -> the component that has it."""
_HERE = Path(__file__).parent


def observability(workshop: GoWorkshop, processor: Processor) -> list[Component]:
    """The programs and their image, which runs as an account without rights and has no entrypoint of its own:
    a container names its program."""
    build, prometheus = workshop.binaries, "github.com/prometheus/prometheus/cmd"
    of_prometheus = {
        "prometheus": f"{prometheus}/prometheus",
        "promtool": f"{prometheus}/promtool",
    }
    of_jaeger = {"jaeger": "github.com/jaegertracing/jaeger/cmd/all-in-one"}
    of_state = {"kube-state-metrics": "k8s.io/kube-state-metrics/v2"}
    recipe = text_of(Path(__file__), _HERE / "archive.py")
    return [
        build(
            "otel-collector",
            "otel-collector",
            {"otel-collector": "."},
            ldflags=pins.PLAIN_LDFLAGS,
            seconds=100,
        ),
        build("jaeger", "jaeger", of_jaeger, ldflags=pins.PLAIN_LDFLAGS, seconds=150),
        build("kube-state-metrics", "kube-state-metrics", of_state, ldflags=pins.PLAIN_LDFLAGS, seconds=70),
        build(
            "prometheus",
            "prometheus",
            of_prometheus,
            ldflags=pins.PLAIN_LDFLAGS,
            tags="remove_all_sd,enable_kubernetes_sd",
            seconds=200,
        ),
        Component(
            OBSERVABILITY,
            lambda task: _image(task, processor),
            {"recipe": recipe, "machine": processor.machine},
            tuple(dict.fromkeys(PROGRAMS.values())),
        ),
    ]


def _image(task: Task, processor: Processor) -> None:
    layer = Layer(task.scratch / "layer.tar")
    layer.folder("tmp", 0o1777)
    for program, component in PROGRAMS.items():
        if program != "promtool":
            layer.copy(f"usr/local/bin/{program}", task.need(component) / program)
    settings = ImageSettings("hybrid-mesh.local/observability:1", processor.debian, [], user="1338:1338")
    write_archive(task.output / ARCHIVE, settings, layer)
