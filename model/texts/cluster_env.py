"""cluster.env: the environment that `istio-start.sh` gives to Istio's agent and to its iptables rules."""

import json
import shlex
from collections.abc import Iterable

from hybrid_mesh.model.istio_facts import AGENT_PORT, HEALTH_PORT, METRICS_PORT, SSH_PORT, VM_HEALTH_PORT
from hybrid_mesh.model.texts.agent import AgentSettings, render_proxy_metadata, to_json
from hybrid_mesh.model.texts.shell_text import render_environment

CERTIFICATES_FOLDER = "/etc/certs"
"""Folder in which the agent keeps its certificate: on disk, so that it can renew it after a reboot without
a token."""

METADATA_SERVICE = "169.254.169.254/32"
"""Never redirected to Envoy: the cloud's own agents, for example for SSH keys, must reach it while Envoy
is down."""

_LABELS = "ISTIO_METAJSON_LABELS"
EXCLUDED_PORTS = (SSH_PORT, METRICS_PORT, HEALTH_PORT, AGENT_PORT, VM_HEALTH_PORT)
"""Never redirected: SSH and the health endpoint, so that they work while Envoy is down, and the agent's own
ports."""


def render_cluster_env(settings: AgentSettings) -> str:
    """Sorted lines `KEY='value'`, quoted for a POSIX shell: proxyMetadata and the VM's own settings.

    Keys and formats are istioctl's (`createClusterEnv` in istioctl/pkg/workload/workload.go), with the
    certificates kept in CERTIFICATES_FOLDER and the clouds' metadata service left out. Without ports, no
    inbound traffic is redirected (`pilot-agent istio-iptables`, `--istio-inbound-ports`). ISTIO_SVC_IP is not
    included: the text is the same for every VM of the group, and each VM sets its own address at boot.
    """
    inbound = _joined(set(settings.ports.values()))
    outbound, interfaces = settings.excluded_outbound_ports, settings.excluded_interfaces
    environment = {
        **render_proxy_metadata(settings),
        "ISTIO_INBOUND_PORTS": inbound,
        "ISTIO_LOCAL_EXCLUDE_PORTS": ",".join(
            map(str, [*EXCLUDED_PORTS, *sorted(set(settings.excluded_inbound_ports) - {*EXCLUDED_PORTS})])
        ),
        **({"ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE": _joined(set(outbound))} if outbound else {}),
        **({"ISTIO_EXCLUDE_INTERFACES": ",".join(interfaces)} if interfaces else {}),
        "ISTIO_NAMESPACE": settings.namespace,
        "ISTIO_SERVICE": f"{settings.group}.{settings.namespace}",
        "ISTIO_SERVICE_CIDR": "*",
        "ISTIO_SERVICE_EXCLUDE_CIDR": METADATA_SERVICE,
        "SERVICE_ACCOUNT": settings.service_account,
        "OUTPUT_CERTS": CERTIFICATES_FOLDER,
        "PROV_CERT": CERTIFICATES_FOLDER,
    }
    if settings.platform is not None:
        environment["CLOUD_PLATFORM"] = settings.platform
    return render_environment(environment)


def _joined(ports: Iterable[int]) -> str:
    return ",".join(map(str, sorted(ports)))


def with_label(text: str, key: str, value: str) -> str:
    """A cluster.env whose agent also sends the label `key`; a text that sends no labels is returned as it
    is."""
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines):
        name, _, quoted = line.partition("=")
        if name == _LABELS:
            labels = {**json.loads(shlex.split(quoted)[0]), key: value}
            lines[index] = render_environment({_LABELS: to_json(labels)})
    return "".join(lines)
