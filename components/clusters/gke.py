"""A cluster on Google Kubernetes Engine."""

from collections.abc import Mapping, Sequence
from typing import cast

import pulumi
import pulumi_gcp as gcp

from hybrid_mesh.components.clusters.cloud import CloudMeshCluster
from hybrid_mesh.components.clusters.exec_kubeconfig import certificate_authority, exec_kubeconfig
from hybrid_mesh.components.clusters.gke_nodes import nodes_version
from hybrid_mesh.components.expect import expect
from hybrid_mesh.components.names import child
from hybrid_mesh.components.networks.base import CloudNetwork, CloudSite, allowed, allowed_cidrs
from hybrid_mesh.components.networks.gcp import GcpNetwork
from hybrid_mesh.model.clouds.google import ACCOUNT_ID_LIMIT, NODE_SURGE, disk_type
from hybrid_mesh.model.clouds.names import google_name
from hybrid_mesh.model.objects.helm_values import SOURCE_RANGES
from hybrid_mesh.model.plan.kinds import GkeClusterPlan

MaintenancePolicy = gcp.container.ClusterMaintenancePolicyArgsDict
NODE_ROLE = "roles/container.defaultNodeServiceAccount"
"""Roles for writing logs and metrics only (GKE, "Use least privilege IAM service accounts")."""
IMAGES_ROLE = "roles/artifactregistry.reader"
LONGEST_NAME = 40
"""Maximum length of the names of clusters and node pools."""
CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"


class GkeMeshCluster(CloudMeshCluster):
    """A regional, VPC-native cluster with private nodes, Dataplane V2 and Workload Identity."""

    TYPE = "hybridmesh:index:GkeMeshCluster"
    plan: GkeClusterPlan

    def __init__(
        self,
        name: str,
        *,
        plan: GkeClusterPlan,
        site: CloudSite,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, plan=plan, opts=opts)
        network = expect(site.networks[plan.network], GcpNetwork)
        self._name, self._config, self._network = name, plan.config, network
        self._zones = list(network.plan.zones) or None
        self._region = network.plan.config.region
        account, granted = self._account()
        self.cluster = self._cluster(account, granted, site)
        pool = self._pool(account)
        address = self._gateway_address(site.networks)
        authority = self.cluster.master_auth.cluster_ca_certificate.apply(lambda text: text or "")
        dns = plan.config.endpoint == "dns"
        self.endpoint = (_dns_name(self.cluster) if dns else self.cluster.endpoint).apply(_https)
        self._set_peer_endpoints()
        self.incarnation = self.cluster.self_link
        self.certificate_authority = certificate_authority(authority)
        # At the DNS name, the certificate is one of Google's public CA.
        self.kubeconfig = _kubeconfig(self.cluster.name, self.endpoint, None if dns else authority)
        self.connect_after(name, [pool, *network.ready])
        self.load_balancers = [*address, pool, *network.ready]
        self.register_outputs(
            {"endpoint": self.endpoint, "gatewayAddresses": self.reserved_gateway_addresses}
        )

    def _set_peer_endpoints(self) -> None:
        configured, private = self._config.peer_endpoint, _private_address(self.cluster).apply(_https)
        if configured:
            self.peer_endpoint = pulumi.Output.from_input(configured)
        else:
            self.peer_endpoint = private if self._config.private else self.endpoint
            self.network_endpoint = private

    def _account(self) -> tuple[gcp.serviceaccount.Account, pulumi.Resource]:
        """The nodes' service account, as the project's default one may edit the whole project."""
        account = gcp.serviceaccount.Account(
            child(self._name, "nodes"),
            account_id=google_name("nodes", pulumi.get_stack(), self.plan.name, limit=ACCOUNT_ID_LIMIT),
            display_name=f"Nodes of {self.plan.name}",
            opts=self._network.options(self),
        )
        granted = gcp.projects.IAMMember(
            child(self._name, "nodes-role"),
            project=self._project(account),
            role=NODE_ROLE,
            member=_member(account),
            opts=self._network.options(self),
        )
        for repository in self._config.node_pool.image_repositories:
            project, location, name = repository.split("/")
            gcp.artifactregistry.RepositoryIamMember(
                child(self._name, "images", project.replace(":", "-"), location, name),
                project=project,
                location=location,
                repository=name,
                role=IMAGES_ROLE,
                member=_member(account),
                opts=self._network.options(self),
            )
        return account, granted

    def _project(self, account: gcp.serviceaccount.Account) -> pulumi.Input[str]:
        return self._network.plan.project or account.project

    def _cluster(
        self,
        account: gcp.serviceaccount.Account,
        granted: pulumi.Resource,
        site: CloudSite,
    ) -> gcp.container.Cluster:
        plan, network, protected = self.plan, self._network, site.protected
        sources, private = allowed(plan.api.sources, site.networks), self._config.private
        return gcp.container.Cluster(
            child(self._name, "cluster", limit=LONGEST_NAME),
            location=self._region,
            node_locations=self._zones,
            network=network.network,
            subnetwork=network.subnets["nodes"].self_link,
            networking_mode="VPC_NATIVE",
            # GKE adds these CIDRs to the subnet, and removes them with the cluster. If the subnet declared
            # them, they would be removed first, which GKE refuses while the cluster exists.
            ip_allocation_policy={
                "cluster_ipv4_cidr_block": plan.pod_cidr,
                "services_ipv4_cidr_block": plan.service_cidr,
            },
            datapath_provider="ADVANCED_DATAPATH",
            private_cluster_config={
                "enable_private_nodes": True,
                "enable_private_endpoint": private,
                "master_ipv4_cidr_block": plan.control_plane_cidr,
                # For peers in other regions, over your connections.
                **({"master_global_access_config": {"enabled": True}} if private else {}),
            },
            control_plane_endpoints_config={
                "dns_endpoint_config": {"allow_external_traffic": self._config.endpoint == "dns"}
            },
            master_authorized_networks_config={
                "cidr_blocks": [{"cidr_block": cidr, "display_name": purpose} for purpose, cidr in sources],
                "gcp_public_cidrs_access_enabled": False,
            },
            master_auth={"client_certificate_config": {"issue_client_certificate": False}},
            workload_identity_config={
                "workload_pool": pulumi.Output.format("{0}.svc.id.goog", self._project(account))
            },
            min_master_version=self._config.version,
            release_channel={"channel": self._config.release_channel.upper()},
            maintenance_policy=cast(MaintenancePolicy | None, plan.maintenance),
            database_encryption=_database_encryption(self._config.database_encryption_key),
            # The mesh installs the Gateway API's CRDs in the version that Istio is tested with.
            gateway_api_config={"channel": "CHANNEL_DISABLED"},
            enable_shielded_nodes=True,
            enable_legacy_abac=False,
            deletion_protection=protected,
            initial_node_count=1,
            remove_default_node_pool=True,
            node_config={
                "disk_size_gb": self._config.node_pool.disk_gigabytes,
                "service_account": account.email,
                "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
            },
            opts=pulumi.ResourceOptions.merge(
                network.options(self, [granted, *network.ready]),
                pulumi.ResourceOptions(
                    protect=protected,
                    # Two clusters cannot have the same CIDRs, and their gateways not the same address.
                    delete_before_replace=True,
                    # Of the pool that GKE makes first and that is removed at once: afterwards the API answers
                    # with that of another pool.
                    ignore_changes=["nodeConfig"],
                    custom_timeouts=pulumi.CustomTimeouts(create="45m", update="60m", delete="45m"),
                ),
            ),
        )

    def _pool(self, account: gcp.serviceaccount.Account) -> gcp.container.NodePool:
        pool, name = self._config.node_pool, child(self._name, "nodes", limit=LONGEST_NAME)
        declared = self._config.version
        looked_up = pulumi.InvokeOutputOptions(parent=self, provider=self._network.provider)
        return gcp.container.NodePool(
            name,
            cluster=self.cluster.id,
            location=self._region,
            version=nodes_version(self.cluster, name, declared, looked_up) if declared else None,
            initial_node_count=self.plan.first_nodes_of_zone,
            autoscaling={
                "total_min_node_count": pool.min,
                "total_max_node_count": pool.max,
                "location_policy": "BALANCED",
            },
            management={"auto_repair": True, "auto_upgrade": True},
            upgrade_settings={"max_surge": NODE_SURGE, "max_unavailable": 0},
            node_config={
                "machine_type": pool.machine_type,
                "disk_size_gb": pool.disk_gigabytes,
                "disk_type": disk_type(pool.machine_type),
                "service_account": account.email,
                "oauth_scopes": [CLOUD_PLATFORM],
                "shielded_instance_config": {
                    "enable_secure_boot": pool.secure_boot,
                    "enable_integrity_monitoring": True,
                },
                "workload_metadata_config": {"mode": "GKE_METADATA"},
                "metadata": {"disable-legacy-endpoints": "true"},
                "tags": [self._network.tag("nodes", self.plan.name)],
            },
            opts=pulumi.ResourceOptions.merge(
                self._network.options(self, self._network.ready),
                pulumi.ResourceOptions(
                    # The autoscaler decides. GKE reports the current number, and any difference would replace
                    # the pool.
                    ignore_changes=["initialNodeCount"],
                    custom_timeouts=pulumi.CustomTimeouts(create="45m", update="60m", delete="45m"),
                ),
            ),
        )

    def _gateway_address(self, networks: Mapping[str, CloudNetwork]) -> Sequence[pulumi.Resource]:
        """The reserved address of the east-west gateway, and the CIDRs that its load balancer allows."""
        exposure = self.plan.exposure
        if exposure is None or not exposure.reserved_addresses:
            return ()
        address = gcp.compute.Address(
            child(self._name, "gateway"),
            region=self._region,
            address_type="EXTERNAL",
            opts=self._network.address_options(self),
        )
        self.reserved_gateway_addresses = address.address.apply(lambda text: (text,))
        self.gateway_service = {
            "loadBalancerIP": address.address,
            SOURCE_RANGES: allowed_cidrs(exposure.sources, networks),
        }
        return [address]


def _https(host: str) -> str:
    return f"https://{host}"


def _private_address(cluster: gcp.container.Cluster) -> pulumi.Output[str]:
    """The control plane's address inside the network, which exists with every kind of endpoint."""
    return cluster.private_cluster_config.apply(lambda config: config.private_endpoint or "")


def _dns_name(cluster: gcp.container.Cluster) -> pulumi.Output[str]:
    """The name at which Google's front end forwards requests to the control plane."""

    def name(config: gcp.container.outputs.ClusterControlPlaneEndpointsConfig) -> str:
        assert config.dns_endpoint_config is not None
        return config.dns_endpoint_config.endpoint or ""

    return cluster.control_plane_endpoints_config.apply(name)


def _member(account: gcp.serviceaccount.Account) -> pulumi.Output[str]:
    return account.email.apply(lambda email: f"serviceAccount:{email}")


def _database_encryption(key: str | None) -> gcp.container.ClusterDatabaseEncryptionArgsDict | None:
    return {"state": "ENCRYPTED", "key_name": key} if key else None


def _kubeconfig(
    cluster: pulumi.Input[str], endpoint: pulumi.Input[str], authority: pulumi.Input[str] | None
) -> pulumi.Output[str]:
    """A kubeconfig that runs `gke-gcloud-auth-plugin`, which uses the caller's Google credentials.
    `authority` is base64; None for a public one.

    Secret, like every kubeconfig.
    """
    hint = (
        "Install gke-gcloud-auth-plugin: https://cloud.google.com/kubernetes-engine/docs/"
        "how-to/cluster-access-for-kubectl#install_plugin"
    )
    command = ["gke-gcloud-auth-plugin"]
    return exec_kubeconfig(cluster, endpoint, authority, command, hint, provideClusterInfo=True)
