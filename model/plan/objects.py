"""Every Kubernetes object and Helm release that the program declares in a cluster."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.clusters import CloudClusterConfig, LocalClusterConfig
from hybrid_mesh.model.config.istio import ClusterIstioConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.existing import gateway_api_source
from hybrid_mesh.model.derive.namespaces import namespace_labels, outside_namespace
from hybrid_mesh.model.derive.vm_sets import locality
from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE
from hybrid_mesh.model.objects.demo import (
    demo_authorization_policy,
    demo_deployment,
    demo_service,
    demo_service_account,
    outside_deployment,
)
from hybrid_mesh.model.objects.east_west import east_west_gateways, istiod_route
from hybrid_mesh.model.objects.groups import entry_point, namespace, service_account, static_entries
from hybrid_mesh.model.objects.helm_values import GATEWAY_NAME, base_values, gateway_values, istiod_values
from hybrid_mesh.model.objects.ingress import certificate_objects, parameters
from hybrid_mesh.model.objects.manifest import Manifest, annotated
from hybrid_mesh.model.objects.mesh import (
    PULL_SECRET,
    cacerts_secret,
    pull_secret,
    reader_token_secret,
    remote_secrets,
    strict_peer_authentication,
)
from hybrid_mesh.model.objects.minting import (
    minting_policy,
    minting_policy_binding,
    minting_role,
    minting_role_binding,
)
from hybrid_mesh.model.objects.planned import (
    PROGRAMMED,
    UNAWAITED,
    ChartSource,
    Entry,
    PlannedObject,
    PlannedRelease,
)
from hybrid_mesh.model.objects.releases import GATEWAY_API_CRDS, istio_chart
from hybrid_mesh.model.objects.telemetry import telemetry_objects
from hybrid_mesh.model.plan.types import GroupPlan, IngressPlan


def cluster_objects(
    mesh: MeshConfig,
    name: str,
    *,
    peers: Sequence[str],
    groups: Iterable[GroupPlan],
    ingresses: Iterable[IngressPlan],
    labels: Mapping[str, str],
) -> tuple[Entry, ...]:
    """All objects of cluster `name`, each after the objects that it depends on.

    `peers` are the clusters in its remote Secret; `labels` are those of its east-west gateway's load balancer
    in a cloud.
    """
    here = [ingress for ingress in ingresses if ingress.cluster == name]
    labels_of = namespace_labels(mesh, name)
    system = labels_of.pop(SYSTEM_NAMESPACE)
    cluster = _Cluster(mesh, name, peers, labels_of)
    planned = [
        *(
            cluster.plan(name, f"namespace-{key}", namespace(key, each))
            for key, each in sorted(labels_of.items())
        ),
        *(cluster.credentials(name, f"{PULL_SECRET}-{key}", key) for key in cluster.pulling),
        *cluster.control_plane(system),
        *cluster.gateway(labels),
        *cluster.peering(),
    ]
    for group in groups:
        planned += cluster.group(group)
    for ingress in here:
        planned += cluster.ingress(ingress)
    return (*planned, *cluster.demo())


@dataclass(frozen=True)
class _Cluster:
    """Plans the objects of cluster `name`. `spaces` are its namespaces other than `istio-system`."""

    mesh: MeshConfig
    name: str
    peers: Sequence[str]
    spaces: Collection[str]

    @property
    def istio(self) -> ClusterIstioConfig:
        return self.mesh.clusters[self.name].istio

    @property
    def istiod(self) -> str:
        """What an object that requires istiod depends on: its release, or the namespace of an existing
        one."""
        return f"{self.name}-istio-{'namespace' if self.istio.ownership == 'existing' else 'istiod'}"

    @property
    def drained(self) -> tuple[str, ...]:
        """Dependencies of a cloud's load balancer, so that it is deleted before what it depends on."""
        clouds = isinstance(self.mesh.clusters[self.name], CloudClusterConfig)
        return (f"{self.name}-drain",) if clouds else ()

    @property
    def definitions(self) -> tuple[str, ...]:
        """The release with the Gateway API's CRDs, as a dependency; () if the cluster has them already."""
        source = gateway_api_source(self.mesh, self.name)
        return (f"{self.name}-istio-gateway-api",) if source == "install" else ()

    def space(self, namespace: str) -> tuple[str, ...]:
        """The namespace of an object and the Secret in it with which its pods get their images, as
        dependencies; () if the program does not declare that namespace."""
        credentials = (f"{self.name}-{PULL_SECRET}-{namespace}",) if namespace in self.pulling else ()
        return (f"{self.name}-namespace-{namespace}", *credentials) if namespace in self.spaces else ()

    @property
    def pulling(self) -> list[str]:
        """The namespaces that get the credentials of the image registry."""
        given = self.mesh.istio.pull_secret is not None and self.istio.ownership != "existing"
        return sorted(self.spaces) if given else []

    def credentials(self, component: str, key: str, namespace: str) -> PlannedObject:
        space = f"{component}-namespace"
        after = space if namespace == SYSTEM_NAMESPACE else f"{space}-{namespace}"
        return self.plan(component, key, pull_secret(namespace), after, filled=("stringData",))

    def plan(
        self,
        component: str,
        key: str,
        made: Manifest,
        *after: str,
        filled: tuple[str, ...] = (),
        adopted: bool = False,
    ) -> PlannedObject:
        kept = component.startswith(f"{self.name}-") and self.istio.ownership == "adopt"
        # With a Secret that exists, the peers use the token that it has.
        shared = (f"{self.name}-peering", f"{self.name}-reader") if self.istio.remote_secret else ()
        kept = not adopted and (kept or component in shared)
        return PlannedObject(component, key, after, filled, made, kept, adopted)

    def release(
        self,
        component: str,
        key: str,
        release: str,
        source: ChartSource,
        values: Mapping[str, Any],
        *after: str,
        filled: tuple[str, ...] = (),
        **special: Any,
    ) -> PlannedRelease:
        return PlannedRelease(
            component, key, after, filled, release, SYSTEM_NAMESPACE, source, values, **special
        )

    def control_plane(self, labels: Mapping[str, str]) -> Iterator[Entry]:
        """istiod with what it requires, in a namespace with `labels`, and the Gateway API's CRDs. An existing
        Istio only gets the CRDs, and keeps its mesh-wide policies."""
        mesh, config = self.mesh, self.mesh.clusters[self.name]
        owner = f"{self.name}-istio"
        space = f"{owner}-namespace"
        # Others may have installed the same CRDs, or use them.
        shared = not isinstance(config, LocalClusterConfig)
        yield self.plan(owner, "namespace", namespace(SYSTEM_NAMESPACE, labels))
        if self.istio.ownership == "existing":
            yield from self._definitions(owner, space, shared=shared)
            return
        secrets: tuple[str, ...] = ()
        if mesh.istio.pull_secret is not None:
            secrets += (f"{owner}-{PULL_SECRET}",)
            yield self.credentials(owner, PULL_SECRET, SYSTEM_NAMESPACE)
        if config.certificates == "own":
            secrets += (f"{owner}-cacerts",)
            yield self.plan(owner, "cacerts", cacerts_secret(), space, filled=("stringData",))
        base = f"{owner}-base"
        chart, values = istio_chart(mesh.istio, "base"), base_values()
        yield self.release(owner, "base", "istio-base", chart, values, space, awaited=False, **self._taken)
        # istiod detects them at any time, so they are installed while it starts.
        yield from self._definitions(owner, base, shared=shared)
        yield self.release(
            owner,
            "istiod",
            "istiod",
            istio_chart(mesh.istio, "istiod"),
            istiod_values(mesh, self.name),
            *secrets,
            base,
            **self._taken,
        )
        adopted = self.istio.ownership == "adopt"
        yield self.plan(owner, "strict", strict_peer_authentication(), self.istiod, adopted=adopted)
        known = self.istiod
        for key, made in telemetry_objects(mesh, self.name):
            yield self.plan(owner, key, made, known, adopted=adopted and key == "telemetry")
            known = f"{owner}-{key}"

    def _definitions(self, owner: str, after: str, *, shared: bool) -> Iterator[Entry]:
        if self.definitions:
            chart, values = GATEWAY_API_CRDS, {"keep": shared}
            yield self.release(
                owner, "gateway-api", "gateway-api-crds", chart, values, after, adopts=shared, awaited=False
            )

    @property
    def _taken(self) -> dict[str, Any]:
        """Options of a release of Istio: whether it takes over existing objects and outlives a destroy."""
        adopted = self.istio.ownership == "adopt"
        return {"adopts": adopted, "kept": adopted}

    def gateway(self, labels: Mapping[str, str]) -> Iterator[Entry]:
        """The east-west gateway, if the cluster has one."""
        config = self.mesh.clusters[self.name]
        values, cloud = gateway_values(config, labels), cloud_of(config)
        if not values:
            return
        owner, served = f"{self.name}-gateway", self.istiod
        hosts = sorted({host for group in self.mesh.workload_groups.values() for host in group.custom_hosts})
        if config.gateway.ownership == "own":
            served = f"{owner}-release"
            yield self.release(
                owner,
                "release",
                GATEWAY_NAME,
                istio_chart(self.mesh.istio, "gateway"),
                values,
                self.istiod,
                *self.drained,
                filled=("service",),
                **self._taken,
                timeout=cloud.gateway_timeout_seconds if cloud else None,
            )
        for made in east_west_gateways(hosts):
            key = f"listeners{made['metadata']['name'].removeprefix(GATEWAY_NAME)}"
            yield self.plan(owner, key, annotated(made, PROGRAMMED), *self.definitions, served)
        yield self.plan(owner, "istiod-route", istiod_route(), *self.definitions, self.istiod)

    def peering(self) -> Iterator[Entry]:
        """The token for the peers and the Secret with theirs, if the mesh has two or more clusters,
        including quarantined ones. Otherwise quarantine would delete them, in a cluster that may not
        respond."""
        if len(self.mesh.clusters) < 2:
            return
        yield self.plan(
            f"{self.name}-reader",
            "secret",
            reader_token_secret(
                self.name, first=self.istio.ownership == "own" or self.istio.remote_secret is not None
            ),
            *((f"{self.name}-istio-base",) if self.istio.ownership != "existing" else ()),
            self.istiod,
            filled=("metadata",) if isinstance(self.mesh.clusters[self.name], CloudClusterConfig) else (),
        )
        yield self.plan(
            f"{self.name}-peering",
            "remote-secrets",
            remote_secrets(self.peers, self.istio.remote_secret),
            self.istiod,
            filled=("stringData",),
        )

    def group(self, group: GroupPlan) -> Iterator[Entry]:
        """The objects with which a group's VMs register and authenticate, or the entries of servers without
        an agent, in their own cluster, and the Service or ServiceEntry in every cluster."""
        owner, space = f"group-{group.name}", self.space(group.namespace)
        entries = static_entries(group.name, group.config, locality(self.mesh, group.config))
        if group.cluster == self.name and entries:
            for entry in entries:
                key = f"entry-{entry['spec']['address'].replace('.', '-')}"
                yield self.plan(owner, key, entry, *space, self.istiod)
        elif group.cluster == self.name:
            identity, ownership = space, group.config.service_account_ownership
            if ownership != "existing":
                identity = (f"{owner}-account",)
                account = service_account(group.service_account, group.namespace)
                yield self.plan(owner, "account", account, *space, adopted=ownership == "adopt")
            adopted = group.config.ownership == "adopt"
            made = dict(group.workload_group)
            yield self.plan(owner, "group", made, *identity, self.istiod, adopted=adopted)
            yield from self._minting(owner, group)
        waits = (self.istiod,) if group.config.custom_hosts else ()
        if service := entry_point(group.name, group.config):
            key = f"service-{self.name}"
            adopted = group.config.service.ownership == "adopt"
            yield self.plan(owner, key, annotated(service, UNAWAITED), *space, *waits, adopted=adopted)

    def _minting(self, owner: str, group: GroupPlan) -> Iterator[Entry]:
        identity, kind = group.machine_identity, group.identity_kind
        if identity is None:
            return
        space = self.space(group.namespace)
        role = minting_role(group.name, group.namespace, group.service_account)
        yield self.plan(owner, "role", role, *space)
        binding = minting_role_binding(group.name, group.namespace, identity, kind)
        yield self.plan(owner, "role-binding", binding, *space)
        yield self.plan(owner, "policy", minting_policy(group.name, identity, kind))
        yield self.plan(owner, "policy-binding", minting_policy_binding(group.name))

    def ingress(self, ingress: IngressPlan) -> Iterator[Entry]:
        owner = f"ingress-{ingress.name}"
        gateway = annotated(dict(ingress.gateway), PROGRAMMED)
        space = self.space(ingress.namespace)
        cloud = cloud_of(self.mesh.clusters[self.name])
        balanced = ingress.config.service_type == "LoadBalancer"
        before = []
        for listener, made in certificate_objects(ingress.name, ingress.config):
            filled = ("stringData",) if made["kind"] == "Secret" else ()
            before.append(self.plan(owner, f"certificate.{listener}", made, *space, filled=filled))
        if patches := parameters(ingress.name, ingress.config):
            before.append(self.plan(owner, "parameters", patches, *space))
        yield from before
        yield self.plan(
            owner,
            "gateway",
            gateway,
            *space,
            *self.definitions,
            self.istiod,
            *self.drained,
            *(each.name for each in before),
            filled=("spec",) if balanced and cloud and cloud.load_balancers_name_subnets else (),
        )
        for route in ingress.routes:
            metadata = route["metadata"]
            key = metadata["name"]
            if route["kind"] == "ReferenceGrant":
                key = f"grant-{metadata['namespace']}"
            space = self.space(metadata["namespace"])
            yield self.plan(owner, key, dict(route), *space, *self.definitions, self.istiod)

    def demo(self) -> Iterator[Entry]:
        demo = self.mesh.demo
        if demo is None:
            return
        owner, inside = f"{self.name}-demo", self.space(demo.namespace)
        yield self.plan(owner, "account", demo_service_account(demo), *inside)
        server = demo_deployment(demo, self.name)
        yield self.plan(owner, "deployment", server, f"{owner}-account", self.istiod)
        yield self.plan(owner, "service", demo_service(demo), *inside)
        yield self.plan(owner, "policy", demo_authorization_policy(demo), *inside, self.istiod)
        outside = self.space(outside_namespace(demo))
        yield self.plan(owner, "outside", outside_deployment(demo, self.name), *outside)
