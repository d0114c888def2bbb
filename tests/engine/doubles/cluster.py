"""The double of the kubernetes plug-in, for runs without an API server.

A cluster is its API server's URL. The double keeps the rules whose breach a real cluster would punish: no
object in a namespace that is not there, none of a kind without its definition, no istiod before its
certificates, no injected proxy before istiod; and the server-side values that a program reads.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

from plugins.framework.calls import CallContext
from plugins.framework.handler import ResourceHandler
from plugins.framework.server import serve
from plugins.framework.values import Properties
from plugins.kubernetes_standin.kinds import Kind
from plugins.kubernetes_standin.kubeconfig import parse
from plugins.kubernetes_standin.provider import RELEASE, KubernetesProvider
from plugins.kubernetes_standin.settings import Settings
from tests.engine.doubles.objects import ObjectHandler
from tests.engine.doubles.releases import ReleaseHandler
from tests.engine.doubles.store import World


class ClusterProvider(KubernetesProvider):
    """One `kubernetes.Provider`; its own inputs are handled as the stand-in handles them."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__()
        self.version = version("pulumi-kubernetes")
        self.world = world or World.current()
        self.settings = Settings()

    def configure(self, inputs: Properties, context: CallContext) -> None:
        self.settings = Settings.of(inputs)

    def handler(self, token: str) -> ResourceHandler:
        if token == RELEASE:
            return ReleaseHandler(self)
        return ObjectHandler(self, Kind.of_token(token))

    @property
    def server(self) -> str:
        """The URL of the API server, which names the cluster."""
        content = parse(self.settings.kubeconfig, Path.cwd()) or parse(str(_ambient()), Path.cwd()) or {}
        wanted = self.settings.context or content.get("current-context")
        chosen = next(each["context"] for each in content["contexts"] if each["name"] == wanted)
        found = next(each["cluster"] for each in content["clusters"] if each["name"] == chosen["cluster"])
        return str(found["server"])

    def reachable(self) -> bool:
        return not self.world.dead(self.server)


def _ambient() -> Path:
    return Path(os.environ.get("KUBECONFIG", "~/.kube/config")).expanduser()


if __name__ == "__main__":
    serve(ClusterProvider())
