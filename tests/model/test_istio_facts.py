"""What Istio fixes stands in one place."""

import ast
from collections.abc import Iterator

from hybrid_mesh.model import istio_facts
from tests.commands import PROJECT

ROOMS = ("model", "components", "plugins", "local", "operate", "cli")
ALONE = ("model/istio_facts.py", "model/texts/machine_files")
"""The facts, and what runs on VMs without the project."""
NAMES = {istio_facts.SYSTEM_NAMESPACE, istio_facts.GROUP_LABEL, istio_facts.NETWORK_LABEL}


def _literals() -> Iterator[tuple[str, int, object]]:
    for room in ROOMS:
        for path in sorted((PROJECT / room).rglob("*.py")):
            name = path.relative_to(PROJECT).as_posix()
            if not name.startswith(ALONE):
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, ast.Constant):
                        yield name, node.lineno, node.value


def test_no_port_and_no_name_of_istio_is_written_down_elsewhere() -> None:
    ports = {value for name, value in vars(istio_facts).items() if name.endswith("_PORT")}
    assert {istio_facts.ISTIOD_PORT, istio_facts.WEBHOOK_PORT} <= ports
    found = [each for each in _literals() if each[2] in ports | NAMES]
    assert found == []
