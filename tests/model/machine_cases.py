"""One workload group's VMs, as several tests render them."""

from dataclasses import replace

from hybrid_mesh.model.config.groups import ApplicationConfig, MachineFileConfig, SystemdUnitConfig
from hybrid_mesh.model.texts.agent import AgentSettings
from hybrid_mesh.model.texts.application import bundled_application
from hybrid_mesh.model.texts.bundle import Bundle
from hybrid_mesh.model.texts.cloud_init import MachineBoot
from hybrid_mesh.model.texts.cluster_env import render_cluster_env
from hybrid_mesh.model.texts.mesh_yaml import render_mesh_yaml

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PACKAGE_URL = "https://blob.istio.io/istio-release/releases/1.31.0/deb/istio-sidecar.deb"


SETTINGS = AgentSettings(
    group="ratings",
    namespace="bookinfo",
    service_account="ratings",
    cluster="west",
    network="lan-a",
    mesh_id="mesh1",
    trust_domain="mesh.example.com",
    labels={"app": "ratings", "version": "vm", "hybrid-mesh/group": "ratings"},
    ports={"http": 9080, "admin": 8081},
    probe={"httpGet": {"path": "/health", "port": 9080}, "periodSeconds": 5},
    default_config={"proxyMetadata": {"ISTIO_META_DNS_CAPTURE": "true", "BOOTSTRAP_NOTE": "it's one mesh"}},
)

BOOT = MachineBoot(
    group="ratings",
    namespace="bookinfo",
    service_account="ratings",
    cluster="west",
    api_endpoint="https://203.0.113.7",
    api_certificate_authority=CERTIFICATE,
    gateway_addresses=("203.0.113.10", "203.0.113.11"),
    cluster_env=render_cluster_env(SETTINGS),
    mesh_yaml=render_mesh_yaml(SETTINGS),
    package_url=PACKAGE_URL,
    package_sha256="0" * 64,
)

BOOT_WITH_APPLICATION = replace(
    BOOT,
    application=ApplicationConfig(
        files=(
            MachineFileConfig(path="/etc/ratings.conf", content="colour = red\nname = 'ü'\n", mode="0640"),
            MachineFileConfig(path="/usr/local/bin/ratings", url="https://example.com/ratings", mode="0755"),
        ),
        units=(
            SystemdUnitConfig(
                name="ratings.service", content="[Service]\nExecStart=/usr/local/bin/ratings\n"
            ),
        ),
        commands=("adduser --system ratings",),
    ),
)

BUNDLE = Bundle(
    group="ratings",
    namespace="bookinfo",
    service_account="ratings",
    cluster="west",
    root_certificates=CERTIFICATE,
    gateway_addresses=("203.0.113.10",),
    cluster_env=render_cluster_env(replace(SETTINGS, platform="none")),
    mesh_yaml=BOOT.mesh_yaml,
    package_url=PACKAGE_URL,
    network_cidrs=("10.40.0.0/16",),
    application=bundled_application(BOOT_WITH_APPLICATION.application),
    name="rack1-a",
    address="10.40.3.7",
)
