"""What a user does next with a mesh that is up: commands to copy."""

from hybrid_mesh.cli.console import out
from hybrid_mesh.cli.shells import MeshShell
from hybrid_mesh.cli.typed import COMMAND, command
from hybrid_mesh.model.config.machines import LocalMachinesConfig
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.entrances import commands
from hybrid_mesh.operate.shell import NotReachableError


def next_steps(plan: MeshPlan) -> None:
    """Prints them, one line each, ready to be copied."""
    lines = [*_clusters(plan), *_machines(plan), *_ingresses(plan)]
    lines.append(
        ("plain pulumi", f'eval "$({command("env", plan.stack)})" && pulumi preview --stack {plan.stack}')
    )
    lines.append(("your own kubectl", command("kubeconfig", plan.stack)))
    lines.append(("check again", command("verify", plan.stack)))
    lines.append(("destroy it", command("down", plan.stack)))
    width = max(len(name) for name, _ in lines)
    out.print("\nYour mesh is ready. Next steps:")
    for name, text in lines:
        out.print(f"  {name:<{width}}  {text}", markup=False)


def _clusters(plan: MeshPlan) -> list[tuple[str, str]]:
    return [
        (f"cluster {name}", f"{command('kubectl', plan.stack)} {name} -- get pods -A")
        for name, cluster in plan.clusters.items()
        if cluster.active
    ]


def _machines(plan: MeshPlan) -> list[tuple[str, str]]:
    return [
        (f"VM {machine.name}", f"{COMMAND} lab shell {machine.name}")
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
            routes = [route for route in ingress.config.routes if route.kind == "HTTP" and not route.redirect]
            here = [route for route in routes if listener in ingress.config.listeners_of(route)]
            path = next((route.path_prefix for route in here if not route.hostnames), "/")
            found += [(f"ingress {name}", each) for each in commands(listener, url, path)]
    return found
