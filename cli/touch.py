"""What exists after an `up`, and how to touch it."""

import shutil

from hybrid_mesh.cli.console import out
from hybrid_mesh.cli.shells import MeshShell
from hybrid_mesh.model.config.clusters import LocalClusterConfig
from hybrid_mesh.model.config.machines import LocalMachinesConfig
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.shell import NotReachableError

COMMAND = "hybrid-mesh" if shutil.which("hybrid-mesh") else ".venv/bin/hybrid-mesh"
"""As the user can type it."""


def how_to_touch(plan: MeshPlan) -> None:
    """Prints it, one line each, ready to be copied."""
    lines = [*_clusters(plan), *_machines(plan), *_ingresses(plan)]
    lines.append(("plain pulumi", f'eval "$({COMMAND} env)" && pulumi preview --stack {plan.stack}'))
    lines.append(("check again", f"{COMMAND} verify"))
    lines.append(("take it away", f"{COMMAND} down"))
    width = max(len(name) for name, _ in lines)
    out.print("\nWhat exists, and how to touch it:")
    for name, text in lines:
        out.print(f"  {name:<{width}}  {text}", markup=False)


def _clusters(plan: MeshPlan) -> list[tuple[str, str]]:
    return [
        (f"cluster {name}", f"kubectl --kubeconfig <({COMMAND} lab kubeconfig {name}) get pods -A")
        for name, cluster in plan.clusters.items()
        if isinstance(cluster.config, LocalClusterConfig) and cluster.active
    ]


def _machines(plan: MeshPlan) -> list[tuple[str, str]]:
    return [
        (f"machine {machine.name}", f"{COMMAND} lab shell {machine.name}")
        for group in plan.groups.values()
        if isinstance(group.config.machines, LocalMachinesConfig)
        for machine in group.machines
    ]


def _ingresses(plan: MeshPlan) -> list[tuple[str, str]]:
    shell = MeshShell(plan)
    found = []
    for name, ingress in plan.ingresses.items():
        for listener in ingress.config.listeners:
            try:
                url = shell.ingress_url(name, listener.port)
            except NotReachableError:
                continue
            scheme = listener.protocol.lower()
            found.append((f"ingress {name}", f"curl {url.replace('http', scheme, 1)}/"))
    return found
