"""Who sets each key of Istio's charts `istiod` and `gateway`: the plan, or you.

Source: `manifests/charts/{istio-control/istio-discovery,gateway}` of Istio 1.31.0, values.yaml and templates,
and `MeshConfig` and `ProxyConfig` of its API. tests/model/test_chart_keys.py demands that every key of the
charts has a place here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from hybrid_mesh.model.istio_facts import NETWORK_LABEL

Path = tuple[str, ...]
"""Keys from the top of the values down. Some have dots in them."""

_OWN_ISTIOD = "the plan: every cluster has its own control plane"
_CERTIFICATES = "the plan: istiod signs the certificates of its cluster"
_DNS = "the plan: VMs and pods resolve the names of the mesh"
_IDENTITY = "the plan: each proxy has the network, the cluster and the mesh that it is in"
_INJECTION = "the plan: the east-west gateways and the pods of the mesh get their proxies by injection"
_NO_REVISION = "the plan: namespaces, gateways and VMs use the control plane without a revision"
_PROFILE = "the plan: a profile changes values that the mesh relies on"
_ROTATION = "the plan, so that roots can be rotated"
_STATUS = "the plan: health checks of VMs use 15020"
_VM_PATHS = "the plan: VMs have the paths of Istio's packages"
_VM_RULES = "the plan: VMs redirect traffic to 15001 and 15006"


@dataclass(frozen=True)
class ChartKeys:
    """The keys of one chart. Keys that are in none of the three are unknown to its values.yaml, and yours."""

    owned: Mapping[Path, str]
    """What the plan sets or relies on, with its source. Nothing else may set it or a key below it."""
    mappings: frozenset[Path]
    """Mappings of the plan, in addition to those above an owned key: another value would remove their
    contents."""
    free: frozenset[Path]
    """Keys that are yours, with everything below."""
    lists: frozenset[Path]
    """Those of them that hold a list, or null."""
    sections: frozenset[Path]
    """Those of them that hold a mapping, or null."""
    filled: frozenset[Path]
    """Those of them that hold a mapping in which the chart reads keys, so that null makes it fail."""

    @cached_property
    def kept(self) -> tuple[Path, ...]:
        """Every value that must remain a mapping, sorted."""
        above = {path[:length] for path in {*self.owned, *self.mappings} for length in range(1, len(path))}
        return tuple(sorted((above | self.mappings) - self.owned.keys()))


def _paths(text: str) -> frozenset[Path]:
    return frozenset(tuple(path.split(".")) for path in text.split())


def _owned(values: Mapping[str, str]) -> dict[Path, str]:
    return {tuple(path.split(".")): source for path, source in values.items()}


ISTIOD = ChartKeys(
    owned=_owned(
        {
            "_internal_defaults_do_not_set": "the chart",
            "base.validationFailurePolicy": "the plan: istiod would change another value, which is drift",
            "configMap": "the plan: istiod and the peers read the mesh's configuration from it",
            "defaults": "the chart, which refuses it",
            "env.CLUSTER_ID": "clusters",
            "env.ENABLE_CA_SERVER": _CERTIFICATES,
            "env.ENABLE_GATEWAY_API_MANUAL_DEPLOYMENT": "the plan: Gateways are bound to existing ones",
            "env.EXTERNAL_CA": _CERTIFICATES,
            "env.ISTIO_MULTIROOT_MESH": _ROTATION,
            "env.PILOT_CERT_PROVIDER": _CERTIFICATES,
            "env.PILOT_ENABLE_CROSS_CLUSTER_WORKLOAD_ENTRY": "the plan: every cluster calls the VMs",
            "env.PILOT_ENABLE_GATEWAY_API": "the plan: ingresses and east-west gateways are Gateways",
            "env.PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER": "the plan: istiod deploys ingress gateways",
            "env.PILOT_ENABLE_GATEWAY_API_GATEWAYCLASS_CONTROLLER": "the plan: Gateways have the class istio",
            "env.PILOT_ENABLE_GATEWAY_API_STATUS": "the plan: `up` waits until Gateways are programmed",
            "env.PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES": "the plan: Services select VMs",
            "env.PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION": "the plan: VMs register themselves",
            "env.PILOT_ENABLE_WORKLOAD_ENTRY_HEALTHCHECKS": "the plan: VMs report their health",
            "env.PILOT_ENABLE_XDS_IDENTITY_CHECK": "the plan: istiod verifies proxies and VMs",
            "env.RESOLVE_HOSTNAME_GATEWAYS": "the plan: gateways may have host names",
            "env.REVISION": _NO_REVISION,
            "env.ROOT_CA_DIR": _CERTIFICATES,
            "env.XDS_AUTH": "the plan: istiod verifies proxies and VMs",
            "global.caAddress": _CERTIFICATES,
            "global.caName": _CERTIFICATES,
            "global.configCluster": _OWN_ISTIOD,
            "global.externalIstiod": _OWN_ISTIOD,
            "global.hub": "istio.hub",
            "global.istioNamespace": "the plan: the control plane is in istio-system",
            "global.meshID": "id",
            "global.meshNetworks": "networks.<name>.gateway",
            "global.mountMtlsCerts": _CERTIFICATES,
            "global.multiCluster.clusterName": "clusters",
            "global.network": "clusters.<name>.network",
            "global.omitSidecarInjectorConfigMap": _INJECTION,
            "global.operatorManageWebhooks": "the plan: istiod keeps the CA of its webhooks up to date",
            "global.pilotCertProvider": _CERTIFICATES,
            "global.profile": _PROFILE,
            "global.proxy.autoInject": _INJECTION,
            "global.proxy.clusterDomain": "the plan: VMs and gateways use cluster.local",
            "global.proxy.statusPort": _STATUS,
            "global.remotePilotAddress": _OWN_ISTIOD,
            "global.resourceScope": "the plan: one release holds the whole control plane",
            "global.sds": "the plan: tokens of VMs are for istio-ca",
            "global.tag": "istio.tag",
            "hub": "istio.hub",
            "istiodRemote": _OWN_ISTIOD,
            "meshConfig.ca": _CERTIFICATES,
            "meshConfig.configSources": "the plan: istiod reads its configuration from its cluster",
            "meshConfig.defaultConfig.binaryPath": _VM_PATHS,
            "meshConfig.defaultConfig.configPath": _VM_PATHS,
            "meshConfig.defaultConfig.controlPlaneAuthPolicy": "the plan: proxies verify istiod",
            "meshConfig.defaultConfig.customConfigFile": _VM_PATHS,
            "meshConfig.defaultConfig.discoveryAddress": "the plan: proxies use the istiod of their cluster",
            "meshConfig.defaultConfig.interceptionMode": _VM_RULES,
            "meshConfig.defaultConfig.meshId": "id",
            "meshConfig.defaultConfig.proxyBootstrapTemplatePath": _VM_PATHS,
            "meshConfig.defaultConfig.proxyMetadata.ISTIO_META_CLUSTER_ID": _IDENTITY,
            "meshConfig.defaultConfig.proxyMetadata.ISTIO_META_DNS_CAPTURE": _DNS,
            "meshConfig.defaultConfig.proxyMetadata.ISTIO_META_MESH_ID": _IDENTITY,
            "meshConfig.defaultConfig.proxyMetadata.ISTIO_META_NETWORK": _IDENTITY,
            "meshConfig.defaultConfig.proxyMetadata.PROXY_CONFIG_XDS_AGENT": _ROTATION,
            "meshConfig.defaultConfig.readinessProbe": "workloadGroups.<name>.probe",
            "meshConfig.defaultConfig.statusPort": _STATUS,
            "meshConfig.defaultServiceExportTo": "the plan: east-west gateways forward to every Service",
            "meshConfig.enableAutoMtls": "the plan: only mutual TLS crosses networks",
            "meshConfig.proxyInboundListenPort": _VM_RULES,
            "meshConfig.proxyListenPort": _VM_RULES,
            "meshConfig.rootNamespace": "the plan: mesh-wide policies are in istio-system",
            "meshConfig.trustDomain": "trustDomain",
            "podLabels.app": "the chart",
            "podLabels.istio": "the chart",
            "profile": _PROFILE,
            "revision": _NO_REVISION,
            "sidecarInjectorWebhook.templates.gateway": _INJECTION,
            "sidecarInjectorWebhook.templates.sidecar": _INJECTION,
            "tag": "istio.tag",
        }
    ),
    mappings=_paths(
        """
        pilot gatewayClasses gatewayClasses.istio gatewayClasses.istio.deployment
        gatewayClasses.istio.deployment.spec gatewayClasses.istio.deployment.spec.template
        gatewayClasses.istio.deployment.spec.template.metadata
        gatewayClasses.istio.deployment.spec.template.metadata.annotations
        gatewayClasses.istio.deployment.spec.template.spec gatewayClasses.istio.horizontalPodAutoscaler
        gatewayClasses.istio.horizontalPodAutoscaler.spec gatewayClasses.istio.podDisruptionBudget
        gatewayClasses.istio.podDisruptionBudget.spec global.defaultPodDisruptionBudget global.proxy.resources
        global.proxy.resources.requests meshConfig.tcpKeepalive resources resources.requests telemetry
        """
    ),
    free=_paths(
        """
        affinity autoscaleBehavior autoscaleEnabled autoscaleMax autoscaleMin cni cpu
        deploymentAnnotations deploymentLabels envVarFrom experimental extraContainerArgs gateways image
        initContainers ipFamilies ipFamilyPolicy jwksResolverExtraRootCA keepaliveMaxServerConnectionAge
        memory nodeSelector ownerName pdb podAnnotations replicaCount revisionTags rollingMaxSurge
        rollingMaxUnavailable seccompProfile serviceAccountAnnotations serviceAnnotations
        sidecarInjectorWebhookAnnotations taint tolerations topologySpreadConstraints traceSampling
        trustedZtunnelName trustedZtunnelNamespace variant volumeMounts volumes base.enableIstioConfigCRDs
        global.certSigners global.configValidation global.defaultResources global.imagePullPolicy
        global.imagePullSecrets global.istiod global.logAsJson global.logging global.nativeNftables
        global.networkPolicy global.priorityClassName global.proxy_init global.sts global.variant
        global.waypoint global.proxy.componentLogLevel global.proxy.excludeIPRanges
        global.proxy.excludeInboundPorts global.proxy.excludeOutboundPorts global.proxy.image
        global.proxy.includeIPRanges global.proxy.includeInboundPorts global.proxy.includeOutboundPorts
        global.proxy.logLevel global.proxy.outlierLogPath global.proxy.privileged
        global.proxy.readinessFailureThreshold global.proxy.readinessInitialDelaySeconds
        global.proxy.readinessPeriodSeconds global.proxy.seccompProfile global.proxy.startupProbe
        global.proxy.tracer meshConfig.enablePrometheusMerge sidecarInjectorWebhook.alwaysInjectSelector
        sidecarInjectorWebhook.defaultTemplates sidecarInjectorWebhook.enableNamespacesByDefault
        sidecarInjectorWebhook.injectedAnnotations sidecarInjectorWebhook.neverInjectSelector
        sidecarInjectorWebhook.reinvocationPolicy sidecarInjectorWebhook.rewriteAppHTTPProbe
        """
    ),
    lists=_paths(
        """
        envVarFrom extraContainerArgs global.certSigners global.imagePullSecrets initContainers ipFamilies
        revisionTags sidecarInjectorWebhook.alwaysInjectSelector sidecarInjectorWebhook.defaultTemplates
        sidecarInjectorWebhook.neverInjectSelector tolerations topologySpreadConstraints volumeMounts volumes
        """
    ),
    sections=_paths(
        """
        affinity autoscaleBehavior deploymentAnnotations deploymentLabels global.proxy.seccompProfile memory
        nodeSelector podAnnotations seccompProfile serviceAccountAnnotations serviceAnnotations
        sidecarInjectorWebhook.injectedAnnotations sidecarInjectorWebhookAnnotations
        """
    ),
    filled=_paths(
        """
        cni cpu experimental gateways global.defaultResources global.istiod global.logging
        global.networkPolicy global.proxy.startupProbe global.proxy_init global.sts global.waypoint pdb taint
        """
    ),
)
"""The chart `istiod`: `istio.values` and `clusters.<name>.istio.values`."""

ENVOY_OWNED = _owned(
    {
        "env.PILOT_ENABLE_ALPN_FILTER": "istio.proxy: upstream Envoy does not have this extension",
        "env.PILOT_ENABLE_METADATA_EXCHANGE": "istio.proxy: upstream Envoy does not have this extension",
        "meshConfig.defaultProviders": "istio.proxy: upstream Envoy does not have Istio's metrics",
        "telemetry": "istio.proxy: upstream Envoy does not have Istio's metrics",
    }
)
"""What is owned in the chart `istiod`, too, with `proxy: envoy`."""

_SELECTED = "the plan: the Service and the Gateways select the pods by it"

GATEWAY = ChartKeys(
    owned={
        **_owned(
            {
                "_internal_defaults_do_not_set": "the chart",
                "defaults": "the chart, which refuses it",
                "env.ISTIO_META_CLUSTER_ID": _IDENTITY,
                "env.ISTIO_META_MESH_ID": _IDENTITY,
                "env.ISTIO_META_NETWORK": _IDENTITY,
                "env.ISTIO_META_REQUESTED_NETWORK_VIEW": "clusters.<name>.network",
                "global.profile": _PROFILE,
                "kind": "the plan: the gateway is a Deployment",
                "labels.app": _SELECTED,
                "labels.istio": _SELECTED,
                "name": "the plan: the Gateways are bound to istio-eastwestgateway",
                "networkGateway": "the plan: the chart would publish istiod's webhooks",
                "networkGatewayPorts": "the plan: the chart would publish istiod's webhooks",
                "profile": _PROFILE,
                "revision": _NO_REVISION,
                "service.clusterIP": "the plan: the gateway needs a cluster IP",
                "service.ports": "the plan, and clusters.<name>.gateway.nodePorts",
                "service.selectorLabels": _SELECTED,
                "service.type": "clusters.<name>.gateway.serviceType",
            }
        ),
        ("labels", "istio.io/rev"): _NO_REVISION,
        ("labels", "sidecar.istio.io/inject"): _INJECTION,
        ("labels", NETWORK_LABEL): "clusters.<name>.network",
        ("podAnnotations", "inject.istio.io/templates"): _INJECTION,
        ("podAnnotations", "proxy.istio.io/config"): "clusters.<name>.gateway.drainSeconds",
        ("podAnnotations", "sidecar.istio.io/inject"): _INJECTION,
    },
    mappings=_paths("autoscaling podDisruptionBudget resources resources.requests service.annotations"),
    free=_paths(
        """
        additionalContainers affinity annotations containerSecurityContext dnsConfig dnsPolicy envVarFrom
        imagePullPolicy imagePullSecrets initContainers lifecycle minReadySeconds nodeSelector
        priorityClassName rbac readinessProbe replicaCount securityContext serviceAccount strategy
        terminationGracePeriodSeconds tolerations topologySpreadConstraints volumeMounts volumes
        global.networkPolicy service.externalIPs service.externalTrafficPolicy service.healthCheckNodePort
        service.ipFamilies service.ipFamilyPolicy service.loadBalancerIP service.loadBalancerSourceRanges
        """
    ),
    lists=_paths(
        """
        additionalContainers envVarFrom imagePullSecrets initContainers service.externalIPs service.ipFamilies
        service.loadBalancerSourceRanges tolerations topologySpreadConstraints volumeMounts volumes
        """
    ),
    sections=_paths(
        """
        affinity annotations containerSecurityContext dnsConfig lifecycle nodeSelector readinessProbe
        securityContext strategy
        """
    ),
    filled=_paths("global.networkPolicy rbac serviceAccount"),
)
"""The chart `gateway`: `clusters.<name>.gateway.values`."""

CLOUD_OWNED = _owned(
    {
        "service.loadBalancerIP": "the program, which reserves the address",
        "service.loadBalancerSourceRanges": "the program, which allows the members of the mesh",
    }
)
"""What is owned in the chart `gateway`, too, in a cloud."""
