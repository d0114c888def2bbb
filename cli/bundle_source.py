"""What the bundles of a group consist of: the stack's exports, the mesh's roots, tokens of its cluster."""

import json
from dataclasses import dataclass, replace
from typing import Any

from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.inventory import Host
from hybrid_mesh.cli.kubeconfigs import read_kubeconfig
from hybrid_mesh.cli.kubectl import Kubectl
from hybrid_mesh.cli.tokens import mint, read_roots
from hybrid_mesh.model.plan.types import GroupPlan, MeshPlan
from hybrid_mesh.model.texts.bundle import Bundle, render_bundle


@dataclass(frozen=True)
class BundleSource:
    """`bundle` is that of the whole group; tokens are valid for `seconds`."""

    group: GroupPlan
    kubectl: Kubectl
    bundle: Bundle
    seconds: int

    def files(self, host: Host | None = None) -> dict[str, str]:
        """The files of the bundle of one VM, or of any. Raises CommandError."""
        if host is None:
            return _render(self.bundle)
        return _render(replace(self.bundle, name=host.name, address=host.address))

    def token(self) -> tuple[str, str]:
        """A new token, and when it expires, as the API server says. Raises CommandError."""
        return mint(self.kubectl, self.group.namespace, self.group.service_account, self.seconds)


def read_source(plan: MeshPlan, group: GroupPlan, seconds: int) -> BundleSource:
    """Raises CommandError for a stack that is not up, and for a cluster that does not answer."""
    content = _exported(Engine.find(), plan.stack, group.name)
    kubectl = Kubectl(read_kubeconfig(plan.clusters[group.cluster], plan.stack))
    roots = read_roots(kubectl, group.namespace)
    return BundleSource(group, kubectl, _describe(group, content, roots), seconds)


def _exported(engine: Engine, stack: str, group: str) -> dict[str, Any]:
    done = engine.ask("stack", "output", "--stack", stack, "--json", "--show-secrets")
    try:
        content = json.loads(done.stdout)["bundles"][group] if done.returncode == 0 else None
    except (ValueError, KeyError, TypeError):
        content = None
    if not isinstance(content, dict):
        raise CommandError(
            f"The stack {stack} exports no bundle of {group} yet.",
            f"Run `hybrid-mesh up --stack {stack}`, then this command again.",
        )
    return content


def _render(bundle: Bundle) -> dict[str, str]:
    try:
        return render_bundle(bundle)
    except ValueError:
        addresses = ", ".join(bundle.gateway_addresses) or "none"
        raise CommandError(
            f"The gateway of {bundle.cluster} has no IP addresses, which VMs need (got: {addresses}).",
            f"Set `clusters.{bundle.cluster}.gateway.addresses` and run `hybrid-mesh up`.",
        ) from None


def _describe(group: GroupPlan, content: dict[str, Any], roots: str) -> Bundle:
    return Bundle(
        group=group.name,
        namespace=group.namespace,
        service_account=group.service_account,
        cluster=group.cluster,
        root_certificates=roots,
        gateway_addresses=tuple(content["gatewayAddresses"]),
        cluster_env=content["clusterEnv"],
        mesh_yaml=content["meshYaml"],
        package_url=content["packageUrl"],
        package_sha256=content.get("packageSha256", ""),
        network_cidrs=tuple(content.get("networkCidrs", ())),
        http_proxy=content.get("httpProxy", {}),
        application=content.get("application", {}),
    )
