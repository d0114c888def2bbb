"""The double of the kubernetes plug-in, for runs without an API server.

A cluster is its API server's URL. The double keeps the rules whose breach a real cluster would punish: no
object in a namespace that is not there, none of a kind without its definition, no istiod before its
certificates, no injected proxy before istiod; and the server-side values that a program reads. What it does
with a provider's own inputs, with an unreachable cluster and with changes is what pulumi-kubernetes does
(provider/pkg/provider: provider.go, diff.go, helm_release.go); where versions differ, the newest.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.errors import CheckFailure, ResourceError
from hybrid_mesh.plugins.framework.handler import Checked, Diff, ResourceHandler
from hybrid_mesh.plugins.framework.provider import Provider
from hybrid_mesh.plugins.framework.server import serve
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties
from tests.engine.doubles.kinds import RELEASE, Kind
from tests.engine.doubles.objects import ObjectHandler
from tests.engine.doubles.releases import ReleaseHandler
from tests.engine.doubles.schema import provider_inputs
from tests.engine.doubles.store import World


class ClusterProvider(Provider):
    """One `kubernetes.Provider`."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__("kubernetes", version("pulumi-kubernetes"), {})
        self.world = world or World.current()
        self.settings: Properties = {}

    def check_config(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        known = provider_inputs(self.name).keys() | {"version", "pluginDownloadURL"}
        failures = [
            CheckFailure(name, "the SDK's Provider knows no such input") for name in news.keys() - known
        ]
        return Checked(news, failures)

    def diff_config(self, old_inputs: Properties, news: Properties, context: CallContext) -> Diff:
        """The identifier alone decides when both have one; else the cluster that the kubeconfig names, and a
        kubeconfig that is not known yet counts as another."""
        diff = Diff.of_inputs(old_inputs, news)
        old, new = old_inputs.get("clusterIdentifier"), news.get("clusterIdentifier")
        if old is not None and new is not None:
            replaces = ["clusterIdentifier"] if old != new else []
        elif UNKNOWN in (news.get("kubeconfig"), news.get("context")):
            replaces = ["kubeconfig"]
        else:
            replaces = ["kubeconfig"] if self._server(old_inputs) != self._server(news) else []
        return Diff(changes=diff.changes, replaces=replaces if diff.changes else [], detailed=diff.detailed)

    def configure(self, inputs: Properties, context: CallContext) -> None:
        self.settings = inputs

    def handler(self, token: str) -> ResourceHandler:
        if token == RELEASE:
            return ReleaseHandler(self)
        kind = Kind.of_token(token)
        if kind.name.endswith(("List", "Patch")):
            raise ResourceError(f"{token}: lists cannot be created, and the program has no use for patches")
        return ObjectHandler(self, kind)

    def has(self, option: str) -> bool:
        """Whether the provider was given a flag; the SDK sends it as text."""
        return self.settings.get(option) in {True, "true"}

    @property
    def server(self) -> str:
        """The URL of the API server, which names the cluster."""
        return self._server(self.settings)

    def reachable(self) -> bool:
        return not self.world.dead(self.server)

    def _server(self, settings: Properties) -> str:
        content = _kubeconfig(settings.get("kubeconfig") or str(self.world.kubeconfig))
        wanted = settings.get("context") or content.get("current-context")
        chosen = next(each["context"] for each in content["contexts"] if each["name"] == wanted)
        found = next(each["cluster"] for each in content["clusters"] if each["name"] == chosen["cluster"])
        return str(found["server"])


def _kubeconfig(given: str) -> dict[str, Any]:
    """From a text, or from the file at a path."""
    text = given if "{" in given or "\n" in given else Path(given).expanduser().read_text()
    content: dict[str, Any] = yaml.safe_load(text)
    return content


if __name__ == "__main__":
    serve(ClusterProvider())
