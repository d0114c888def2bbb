"""The provider: its own inputs, and the handler of each resource type."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Final

from plugins.framework.calls import CallContext
from plugins.framework.differences import compare, property_path
from plugins.framework.errors import CheckFailure, ResourceError
from plugins.framework.handler import Checked, Diff, ResourceHandler
from plugins.framework.provider import Provider
from plugins.framework.values import UNKNOWN, Properties, Secret
from plugins.kubernetes_standin.api import Api
from plugins.kubernetes_standin.cluster import Cluster
from plugins.kubernetes_standin.kinds import Kind
from plugins.kubernetes_standin.kubeconfig import parse
from plugins.kubernetes_standin.objects import ObjectHandler
from plugins.kubernetes_standin.release import ReleaseHandler
from plugins.kubernetes_standin.settings import Settings

RELEASE: Final = "kubernetes:helm.sh/v3:Release"
_COMPONENTS: Final = (
    "kubernetes:yaml",
    "kubernetes:kustomize",
    "kubernetes:helm.sh/v4",
    "kubernetes:helm.sh/v2",
)
_IDENTIFYING: Final = ("kubeconfig", "context", "cluster")


class KubernetesProvider(Provider):
    """Serves any kind of object, and Helm releases. One instance is one cluster."""

    def __init__(self) -> None:
        # The engine compares with what the SDK asks for, and warns when they differ.
        super().__init__("kubernetes", version("pulumi-kubernetes"), {})
        self._folder = Path.cwd()  # the engine starts plug-ins in the program's folder
        self._cluster: Cluster | None = None

    def handler(self, token: str) -> ResourceHandler:
        if token.startswith(_COMPONENTS) or token.count(":") != 2 or token.endswith("Patch"):
            raise ResourceError(
                f"the stand-in of the kubernetes plug-in has no {token}; the official plug-in has"
            )
        cluster = self._cluster or Cluster(Settings(), Api(Settings(), self._folder))
        if token == RELEASE:
            return ReleaseHandler(cluster, self._folder)
        return ObjectHandler(Kind.of_token(token), cluster)

    def check_config(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        del olds, context
        kubeconfig = news.get("kubeconfig", UNKNOWN)
        if kubeconfig is UNKNOWN:
            return Checked(news)
        try:
            parse(Settings.of(news).kubeconfig, self._folder)
        except ResourceError as failure:
            return Checked(news, [CheckFailure("kubeconfig", str(failure))])
        return Checked({**news, "kubeconfig": Secret(kubeconfig)})

    def diff_config(self, old_inputs: Properties, news: Properties, context: CallContext) -> Diff:
        del context
        found = compare(old_inputs, news)
        return Diff(
            changes=bool(found),
            replaces=self._replaces(old_inputs, news),
            detailed={property_path(path): how for path, how in found.items()},
        )

    def configure(self, inputs: Properties, context: CallContext) -> None:
        del context
        settings = Settings.of(inputs)
        self._cluster = Cluster(settings, Api(settings, self._folder))

    def _replaces(self, old: Properties, new: Properties) -> list[str]:
        """The identifier alone decides when both have one; else the cluster that the kubeconfig names.

        An identifier that is not known yet is that of a cluster that is being made: a replacement.
        """
        if old.get("clusterIdentifier") and "clusterIdentifier" in new:
            changed = old["clusterIdentifier"] != new["clusterIdentifier"]
            return ["clusterIdentifier"] if changed else []
        if new.get("kubeconfig") is UNKNOWN:
            return []
        changed = self._server(old) != self._server(new)
        return [name for name in _IDENTIFYING if changed and old.get(name) != new.get(name)]

    def _server(self, inputs: Properties) -> str:
        """The cluster that a kubeconfig's context names: the official plug-in compares the same."""
        settings = Settings.of(inputs)
        try:
            content = parse(settings.kubeconfig, self._folder) or {}
        except ResourceError:
            return settings.kubeconfig
        wanted = settings.context or content.get("current-context", "")
        named = {item.get("name"): item.get("context", {}) for item in content.get("contexts", [])}
        cluster = settings.cluster or named.get(wanted, {}).get("cluster", "")
        servers = {item.get("name"): item.get("cluster", {}) for item in content.get("clusters", [])}
        return f"{cluster} {servers.get(cluster, {}).get('server', '')}"
