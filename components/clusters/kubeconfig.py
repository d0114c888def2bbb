"""Clusters that exist already and are reached by a kubeconfig."""

import os
from collections.abc import Mapping
from pathlib import Path

import pulumi
import yaml

from components.clusters.base import MeshCluster
from model.config.clusters import KubeconfigClusterConfig
from model.plan.types import ClusterPlan


class KubeconfigMeshCluster(MeshCluster):
    """A cluster that others own: kind, k3d, on-premises. Nothing outside the mesh's own objects is
    touched.
    """

    TYPE = "hybridmesh:index:KubeconfigMeshCluster"

    def __init__(
        self,
        name: str,
        *,
        plan: ClusterPlan,
        secrets: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, plan=plan, opts=opts)
        config = plan.config
        assert isinstance(config, KubeconfigClusterConfig)
        self.context = config.context
        self.kubeconfig = _kubeconfig(config, secrets)
        self.incarnation = pulumi.Output.from_input(plan.name)
        self.endpoint = self._endpoint(config)
        self.peer_endpoint = (
            pulumi.Output.from_input(config.peer_endpoint) if config.peer_endpoint else self.endpoint
        )
        self.connect(name)
        self.register_outputs({"peerEndpoint": self.peer_endpoint})

    def _endpoint(self, config: KubeconfigClusterConfig) -> pulumi.Output[str]:
        where = f"clusters.{self.plan.name}"
        if self.kubeconfig is None or config.path:
            fallback = config.peer_endpoint
            return pulumi.Output.from_input(_read_endpoint(config.path, config.context, where, fallback))
        text = pulumi.Output.unsecret(self.kubeconfig)
        return text.apply(lambda content: server_of(content, config.context, f"{where}.secret"))


def server_of(content: str, context: str | None, where: str) -> str:
    """The API server's URL of `context` (the current one by default). Raises RunError that names `where`."""
    try:
        document = yaml.safe_load(content)
        name = context or document["current-context"]
        chosen = next(each["context"] for each in document["contexts"] if each["name"] == name)
        found = next(each["cluster"] for each in document["clusters"] if each["name"] == chosen["cluster"])
        return str(found["server"])
    except (yaml.YAMLError, KeyError, TypeError, StopIteration):
        wanted = f"context {context}" if context else "current context"
        raise pulumi.RunError(f"{where}: the kubeconfig has no usable {wanted}") from None


def _kubeconfig(
    config: KubeconfigClusterConfig, secrets: Mapping[str, pulumi.Input[str]]
) -> pulumi.Output[str] | None:
    if config.secret:
        return pulumi.Output.secret(secrets[config.secret])
    return pulumi.Output.from_input(config.path) if config.path else None


def _read_endpoint(path: str | None, context: str | None, where: str, fallback: str | None) -> str:
    """The server in a kubeconfig file. Where the file is not there (a pipeline), `fallback` does as well."""
    ambient = os.environ.get("KUBECONFIG", "~/.kube/config").split(os.pathsep)[0]
    file = Path(path or ambient).expanduser()
    try:
        return server_of(file.read_text(encoding="utf-8"), context, f"{where}.path")
    except OSError:
        if fallback:
            return fallback
        raise pulumi.RunError(
            f"{where}: the kubeconfig {file} cannot be read; give path, secret or peerEndpoint"
        ) from None
