"""The requests of the resource types of Google that the program uses.

Pulumi's provider is built on `google-beta`, whose default base paths are those of the beta APIs of Compute
Engine and GKE (`ComputeDefaultBasePath`, `ContainerDefaultBasePath`). A body holds neither
what goes into the URL nor what the provider keeps for itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.engine.doubles.google_requests import Request

COMPUTE: Final = "compute.beta"
CONTAINER: Final = "container.v1beta1"
PRIVATE_CA: Final = "privateca.v1"
IAM: Final = "iam.v1"
PROJECTS: Final = "cloudresourcemanager.v1"
REPOSITORIES: Final = "artifactregistry.v1"
_SUBJECT_AND_USE: Final = {
    "config.x509Config.caOptions.nonCa": "",
    "config.x509Config.caOptions.zeroMaxIssuerPathLength": "",
}
REQUESTS: Final[Mapping[str, Request]] = {
    "gcp:compute/network:Network": Request(
        COMPUTE,
        "Network",
        "compute.networks.insert",
        {"routingMode": "routingConfig.routingMode", "deleteDefaultRoutesOnCreate": ""},
    ),
    "gcp:compute/subnetwork:Subnetwork": Request(
        COMPUTE, "Subnetwork", "compute.subnetworks.insert", {"sendSecondaryIpRangeIfEmpty": ""}
    ),
    "gcp:compute/address:Address": Request(
        COMPUTE, "Address", "compute.addresses.insert", {"region": "", "deletionPolicy": ""}
    ),
    "gcp:compute/firewall:Firewall": Request(
        COMPUTE,
        "Firewall",
        "compute.firewalls.insert",
        {
            "allows": "allowed",
            "allows.protocol": "IPProtocol",
            "denies": "denied",
            "denies.protocol": "IPProtocol",
            "enableLogging": "logConfig.enable",
        },
    ),
    "gcp:compute/healthCheck:HealthCheck": Request(COMPUTE, "HealthCheck", "compute.healthChecks.insert"),
    "gcp:compute/router:Router": Request(COMPUTE, "Router", "compute.routers.insert", {"region": ""}),
    "gcp:compute/routerNat:RouterNat": Request(
        COMPUTE,
        "RouterNat",
        moves={
            "router": "",
            "region": "",
            "initialNatIps": "",
            "subnetworks.sourceIpRangesToNats": "sourceIpRangesToNat",
        },
    ),
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate": Request(
        COMPUTE,
        "InstanceTemplate",
        "compute.instanceTemplates.insert",
        {
            "name": "name",
            "namePrefix": "",
            "description": "description",
            "instanceDescription": "properties.description",
            "region": "",
            "disks.diskName": "initializeParams.diskName",
            "disks.diskSizeGb": "initializeParams.diskSizeGb",
            "disks.diskType": "initializeParams.diskType",
            "disks.labels": "initializeParams.labels",
            "disks.provisionedIops": "initializeParams.provisionedIops",
            "disks.provisionedThroughput": "initializeParams.provisionedThroughput",
            "disks.sourceImage": "initializeParams.sourceImage",
            "networkInterfaces.networkIp": "networkIP",
            "networkInterfaces.accessConfigs.natIp": "natIP",
            "serviceAccount": "properties.serviceAccounts[]",
            "tags": "properties.tags.items",
            "metadata": "properties.metadata.items{}",
            "metadataStartupScript": "",
        },
        inside="properties",
    ),
    "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager": Request(
        COMPUTE,
        "InstanceGroupManager",
        "compute.regionInstanceGroupManagers.insert",
        {
            "region": "",
            "waitForInstances": "",
            "waitForInstancesStatus": "",
            "autoHealingPolicies": "autoHealingPolicies[]",
            "distributionPolicyZones": "distributionPolicy.zones[].zone",
            "distributionPolicyTargetShape": "distributionPolicy.targetShape",
            "updatePolicy.maxSurgeFixed": "maxSurge.fixed",
            "updatePolicy.maxSurgePercent": "maxSurge.percent",
            "updatePolicy.maxUnavailableFixed": "maxUnavailable.fixed",
            "updatePolicy.maxUnavailablePercent": "maxUnavailable.percent",
            "versions.targetSize.fixed": "fixed",
        },
        fixed={"targetSize": 0},
    ),
    "gcp:compute/regionAutoscaler:RegionAutoscaler": Request(
        COMPUTE,
        "Autoscaler",
        "compute.autoscalers.insert",
        {
            "region": "",
            "autoscalingPolicy.minReplicas": "minNumReplicas",
            "autoscalingPolicy.maxReplicas": "maxNumReplicas",
            "autoscalingPolicy.cooldownPeriod": "coolDownPeriodSec",
            "autoscalingPolicy.cpuUtilization.target": "utilizationTarget",
        },
    ),
    "gcp:container/cluster:Cluster": Request(
        CONTAINER,
        "Cluster",
        moves={
            "nodeLocations": "locations",
            "networkingMode": "",
            "minMasterVersion": "initialClusterVersion",
            "datapathProvider": "networkConfig.datapathProvider",
            "gatewayApiConfig": "networkConfig.gatewayApiConfig",
            "dnsConfig": "networkConfig.dnsConfig",
            "enableL4IlbSubsetting": "networkConfig.enableL4ilbSubsetting",
            "enableShieldedNodes": "shieldedNodes.enabled",
            "enableLegacyAbac": "legacyAbac.enabled",
            "deletionProtection": "",
            "removeDefaultNodePool": "",
            "maintenancePolicy.dailyMaintenanceWindow": "window.dailyMaintenanceWindow",
            "maintenancePolicy.recurringWindow": "window.recurringWindow",
            "maintenancePolicy.recurringWindow.startTime": "window.startTime",
            "maintenancePolicy.recurringWindow.endTime": "window.endTime",
            "maintenancePolicy.maintenanceExclusions": "window.maintenanceExclusions{exclusionName}",
            "maintenancePolicy.maintenanceExclusions.exclusionOptions": "maintenanceExclusionOptions",
        },
        fixed={"ipAllocationPolicy": {"useIpAliases": True}},
    ),
    "gcp:container/nodePool:NodePool": Request(
        CONTAINER,
        "NodePool",
        moves={
            "cluster": "",
            "nodeCount": "",
            "nodeConfig": "config",
            "nodeLocations": "locations",
            "maxPodsPerNode": "maxPodsConstraint.maxPodsPerNode",
        },
    ),
    "gcp:certificateauthority/caPool:CaPool": Request(PRIVATE_CA, "CaPool", moves={"name": ""}),
    "gcp:certificateauthority/authority:Authority": Request(
        PRIVATE_CA,
        "CertificateAuthority",
        moves={
            "name": "",
            "pool": "",
            "certificateAuthorityId": "",
            "deletionProtection": "",
            "desiredState": "",
            "skipGracePeriod": "",
            "ignoreActiveCertificatesOnDeletion": "",
            **_SUBJECT_AND_USE,
        },
    ),
    "gcp:certificateauthority/certificate:Certificate": Request(
        PRIVATE_CA,
        "Certificate",
        moves={"name": "", "pool": "", "certificateAuthority": "", **_SUBJECT_AND_USE},
    ),
    "gcp:serviceaccount/account:Account": Request(
        IAM,
        "CreateServiceAccountRequest",
        moves={
            "name": "",
            "createIgnoreAlreadyExists": "",
            "displayName": "serviceAccount.displayName",
            "description": "serviceAccount.description",
        },
    ),
    "gcp:projects/iAMMember:IAMMember": Request(
        PROJECTS, "Binding", moves={"name": "", "member": "members[]"}
    ),
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": Request(
        REPOSITORIES, "Binding", moves={"name": "", "repository": "", "member": "members[]"}
    ),
}
