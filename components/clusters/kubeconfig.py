"""Existing clusters that are reached with a kubeconfig."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pulumi
import yaml

from hybrid_mesh.components.clusters.base import MeshCluster
from hybrid_mesh.components.clusters.existing import ExistingCluster
from hybrid_mesh.components.resources import ClusterInspection
from hybrid_mesh.model.config.clusters import KubeconfigClusterConfig
from hybrid_mesh.model.derive.kubeconfigs import (
    Endpoint,
    ambient_files,
    endpoint_of,
    merge_kubeconfigs,
)
from hybrid_mesh.model.plan.kinds import KubeconfigClusterPlan


class KubeconfigMeshCluster(MeshCluster):
    """A cluster that the program does not own: kind, k3d, on-premises. Only the mesh's own objects are
    changed."""

    TYPE = "hybridmesh:index:KubeconfigMeshCluster"
    shared = True
    root_certificate_pem: pulumi.Output[str] | None = None
    """The root of the certificates that the cluster has already; None if it has none, or is quarantined."""

    def __init__(
        self,
        name: str,
        *,
        plan: KubeconfigClusterPlan,
        secrets: Mapping[str, pulumi.Input[str]],
        existing: ExistingCluster | None = None,
        expected_root: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`expected_root` is the mesh's root certificate (PEM), for a cluster with its own certificates; None
        if it is that cluster's."""
        super().__init__(name, plan=plan, opts=opts)
        config = plan.config
        self.context = existing.context if existing else config.context
        self.kubeconfig = _kubeconfig(config, secrets, existing)
        self.incarnation = pulumi.Output.from_input(plan.name)
        found = self._endpoint(config, is_text=bool(existing or config.secret))
        self.endpoint = found.apply(lambda known: known.server)
        peer_endpoint = existing.peer_endpoint if existing else None
        self.peer_endpoint = self.endpoint
        if peer_endpoint := peer_endpoint or config.peer_endpoint:
            self.peer_endpoint = pulumi.Output.from_input(peer_endpoint)
        self.peer_tls = pulumi.Output.all(found, self.peer_endpoint).apply(
            lambda known: _peer_tls(known[0], known[1], config.peer_certificate_authority)
        )
        if existing and existing.provider:
            self.provider = existing.provider
        else:
            # Objects of a mesh that was made by hand are taken over. Newer plug-ins refuse that by default.
            self.connect(name, upsert_existing_objects=config.istio.remote_secret is not None or None)
        if plan.inspection is not None:
            inspection = ClusterInspection(
                f"{name}-inspection",
                cluster_name=plan.name,
                incarnation=self.incarnation,
                kubeconfig=self.kubeconfig,
                context=self.context,
                istio=plan.inspection.istio,
                certificates=plan.inspection.certificates,
                expected_root_pem=expected_root if plan.inspection.certificates else None,
                gateway_api=plan.inspection.gateway_api,
                objects=plan.inspection.objects,
                quarantined=not plan.active,
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.prerequisites = [inspection]
            if plan.inspection.certificates and plan.active:
                self.root_certificate_pem = inspection.root_certificate_pem
        self.register_outputs({"peerEndpoint": self.peer_endpoint})

    def _endpoint(self, config: KubeconfigClusterConfig, *, is_text: bool) -> pulumi.Output[Endpoint]:
        """The server in the kubeconfig's text; else `peerEndpoint`, so that a program on another host
        without the file gets the same value; else the server in the file."""
        where = f"clusters.{self.plan.name}"
        if is_text and self.kubeconfig is not None:
            text = pulumi.Output.unsecret(self.kubeconfig)
            return text.apply(lambda content: _server([(Path(), content)], self.context, f"{where}.secret"))
        if config.peer_endpoint:
            return pulumi.Output.from_input(Endpoint(config.peer_endpoint))
        files = [Path(config.path).expanduser()] if config.path else ambient_files(os.environ, Path.home())
        return pulumi.Output.from_input(_server(_read(files, where), config.context, f"{where}.path"))


def _peer_tls(found: Endpoint, peer_endpoint: str, authority: str | None) -> Endpoint:
    """How peers verify the certificate at `peer_endpoint`: by the configured `authority`, else as the
    kubeconfig does if it has the same URL, else by the cluster's own authority."""
    same = found if found.server == peer_endpoint else Endpoint(peer_endpoint)
    return replace(same, authority=authority) if authority is not None else same


def _kubeconfig(
    config: KubeconfigClusterConfig,
    secrets: Mapping[str, pulumi.Input[str]],
    existing: ExistingCluster | None,
) -> pulumi.Output[str] | None:
    if existing:
        return pulumi.Output.secret(existing.kubeconfig)
    if config.secret:
        return pulumi.Output.secret(secrets[config.secret])
    if config.path:
        # Pulumi's Kubernetes plug-in does not know `~`.
        return pulumi.Output.from_input(str(Path(config.path).expanduser()))
    return None


def _read(files: Sequence[Path], where: str) -> list[tuple[Path, str]]:
    """The readable files. Raises RunError if none can be read."""
    found = []
    for file in files:
        with suppress(OSError, UnicodeDecodeError):
            found.append((file, file.read_text(encoding="utf-8")))
    if not found:
        names = ", ".join(map(str, files))
        raise pulumi.RunError(f"{where}: cannot read kubeconfig {names}; set path, secret or peerEndpoint")
    return found


def _server(files: Sequence[tuple[Path, str]], context: str | None, where: str) -> Endpoint:
    """The API server of `context` (the current one by default). Raises RunError that names `where`."""
    try:
        merged = merge_kubeconfigs([(path, yaml.safe_load(text) or {}) for path, text in files])
        found = endpoint_of(merged, context, lambda path: path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        found = None
    except (OSError, ValueError) as failure:
        raise pulumi.RunError(
            f"{where}: the kubeconfig's certificate authority cannot be read ({type(failure).__name__})"
        ) from None
    if found is None:
        wanted = f"context {context}" if context else "current context"
        raise pulumi.RunError(f"{where}: the kubeconfig has no usable {wanted}")
    return found
