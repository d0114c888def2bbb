"""mesh.yaml: the proxy configuration of a VM's agent, its `/etc/istio/config/mesh`."""

from collections.abc import Mapping
from typing import Any

import yaml

from hybrid_mesh.model.istio_facts import ISTIOD_HOST, ISTIOD_PORT
from hybrid_mesh.model.texts.agent import AgentSettings, render_proxy_metadata


def render_mesh_yaml(settings: AgentSettings) -> str:
    """`defaultConfig` as istioctl writes it (`createMeshConfig` in istioctl/pkg/workload/workload.go):
    that of the mesh, with the address of istiod, the group's probe and the VM's proxyMetadata."""
    config = {
        **_plain(settings.default_config),
        "discoveryAddress": f"{ISTIOD_HOST}:{ISTIOD_PORT}",
        "meshId": settings.mesh_id,
        "proxyMetadata": render_proxy_metadata(settings),
    }
    if settings.probe is not None:
        config["readinessProbe"] = _plain(settings.probe)
    return yaml.safe_dump({"defaultConfig": config}, sort_keys=True, allow_unicode=True, width=1 << 16)


def _plain(value: Any) -> Any:
    """The same value with dicts and lists instead of other mappings and tuples."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value
