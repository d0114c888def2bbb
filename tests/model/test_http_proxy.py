"""The HTTP proxy of VMs: what is downloaded through it, and what is reached directly."""

import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.http_proxy import proxy_environment
from hybrid_mesh.model.plan.boot import machine_boot
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.texts.bundle import Bundle, render_bundle
from hybrid_mesh.model.texts.cloud_init import render_user_data
from hybrid_mesh.model.texts.machine_texts import SETTINGS, source_text
from hybrid_mesh.model.texts.shell_text import render_environment
from tests.model.meshes import PROD, changed

URL = "http://proxy.example.com:3128"
MESH = changed(PROD, {"httpProxy": {"url": URL, "noProxy": [".corp.example.com"]}})


def settings(text: str) -> dict[str, str]:
    """The values of an environment file."""
    pairs = (line.partition("=") for line in text.splitlines())
    return {key: value.strip("'") for key, _, value in pairs}


def user_data(mesh: Any) -> dict[str, str]:
    plan = plan_from(mesh, "prod")
    group = next(each for each in plan.groups.values() if each.machine_set is not None)
    boot = machine_boot(group, plan.istio, "https://203.0.113.7", "PEM", ("203.0.113.9",), real_name="x")
    document = yaml.safe_load(render_user_data(boot))
    found: str = next(each["content"] for each in document["write_files"] if each["path"] == SETTINGS)
    return settings(found)


def test_the_mesh_is_reached_directly() -> None:
    found = user_data(MESH)
    assert (found["http_proxy"], found["https_proxy"]) == (URL, URL)
    direct = found["no_proxy"].split(",")
    cidrs = [str(network["cidr"]) for network in MESH["networks"].values()]
    always = ["169.254.169.254", "metadata.google.internal", ".svc", ".cluster.local"]
    for each in (*cidrs, *always, ".corp.example.com", "203.0.113.7", "203.0.113.9"):
        assert each in direct


def test_without_a_proxy_there_is_no_setting() -> None:
    assert not {"http_proxy", "https_proxy", "no_proxy"} & user_data(PROD).keys()


def test_a_bundle_has_it_too() -> None:
    environment = proxy_environment(MeshConfig.model_validate(MESH))
    made = render_bundle(
        Bundle("g", "n", "a", "c", "PEM", ("203.0.113.9",), "", "", "https://p", http_proxy=environment)
    )
    found = settings(made["machine.env"])
    assert found["https_proxy"] == URL
    assert found["no_proxy"].endswith(",203.0.113.9")


class Proxy(ThreadingHTTPServer):
    """An HTTP proxy that answers each request itself and remembers its URL."""

    asked: list[str]


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"answer")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
            pass

    made = Proxy(("127.0.0.1", 0), Handler)
    made.asked = []
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_a_download_goes_through_it(tmp_path: Path, proxy: Proxy) -> None:
    url = f"http://127.0.0.1:{proxy.server_port}"
    environment = {"http_proxy": url, "https_proxy": url, "no_proxy": "direct.example.com"}
    (tmp_path / "machine.env").write_text(render_environment(environment))
    script = tmp_path / "fetch"
    script.write_text(
        source_text("fetch.sh").replace("/etc/hybrid-mesh/machine.env", f"{tmp_path}/machine.env")
    )
    target = tmp_path / "file"
    subprocess.run(
        ["/bin/sh", str(script), "http://packages.example.com/a.deb", str(target), "0644"],
        env={"PATH": os.environ["PATH"]},
        check=True,
        timeout=30,
    )
    assert target.read_text() == "answer"
    assert proxy.asked == ["http://packages.example.com/a.deb"]
