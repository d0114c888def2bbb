"""One cluster of the mesh while its objects are being declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from hybrid_mesh.components.clusters.base import MeshCluster
from hybrid_mesh.components.declare import KubernetesObject, declare, release
from hybrid_mesh.components.shared_resources import SharedNamespace, SharedObject
from hybrid_mesh.model.objects.planned import PlannedObject, PlannedRelease


@dataclass
class ClusterMember:
    """A cluster and the objects that have been declared in it so far.

    `mesh` is the name of the mesh's component, with which the names of all resources begin. `made` has the
    resources by their planned name, and other dependencies of planned objects. `control_plane` and `gateway`
    are the components that resources outside the cluster depend on. `credentials` are those of the image
    registry, if it requires any.
    """

    mesh: str
    cluster: MeshCluster
    credentials: pulumi.Output[dict[str, Any]] | None = None
    made: dict[str, pulumi.Resource] = field(default_factory=dict)
    control_plane: pulumi.Resource | None = None
    gateway: pulumi.Resource | None = None

    @property
    def name(self) -> str:
        return self.cluster.plan.name

    def declare(
        self,
        component: str,
        parent: pulumi.Resource,
        *,
        filled: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> dict[str, KubernetesObject]:
        """Declares all planned objects of `component` in this cluster, and returns those that it owns by key.

        `filled` has the fields that are only known at run time, by key.
        """
        given = filled or {}
        made: dict[str, KubernetesObject] = {}
        for planned in self.cluster.plan.objects:
            if planned.component != component:
                continue
            if self.cluster.shared and isinstance(planned, PlannedObject) and planned.is_namespace:
                self.made[planned.name] = self._shared_namespace(planned, parent)
            elif isinstance(planned, PlannedObject) and planned.adopted:
                self.made[planned.name] = self._shared_object(planned, parent)
            else:
                fields = given.get(planned.key, {})
                if isinstance(planned, PlannedObject) and planned.is_pull_secret:
                    fields = {"stringData": self.credentials}
                made[planned.key] = self._declare(planned, parent, fields)
                self.made[planned.name] = made[planned.key]
        return made

    def _declare(
        self, planned: PlannedObject | PlannedRelease, parent: pulumi.Resource, fields: Mapping[str, Any]
    ) -> KubernetesObject:
        options = self.cluster.options(parent, [self.made[name] for name in planned.after])
        options.retain_on_delete = options.retain_on_delete or planned.kept
        name = f"{self.mesh}-{planned.name}"
        assert set(fields) == set(planned.filled), (
            f"{planned.name}: this object does not match its component (a bug in the plan)"
        )
        if isinstance(planned, PlannedRelease):
            return release(name, planned, fields, options)
        return declare(name, {**planned.manifest, **fields}, options)

    def _shared_namespace(self, planned: PlannedObject, parent: pulumi.Resource) -> SharedNamespace:
        """Pulumi's Kubernetes plug-in would refuse an existing namespace, or delete it with the objects of
        other owners."""
        metadata, active = planned.manifest["metadata"], self.cluster.plan.active
        return SharedNamespace(
            f"{self.mesh}-{planned.name}",
            cluster_name=self.name,
            incarnation=self.cluster.incarnation,
            kubeconfig=self.cluster.kubeconfig,
            context=self.cluster.context,
            namespace=metadata["name"],
            labels=metadata.get("labels", {}),
            quarantined=not active,
            opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=not active),
        )

    def _shared_object(self, planned: PlannedObject, parent: pulumi.Resource) -> SharedObject:
        """Pulumi's Kubernetes plug-in would refuse an existing object, or delete it at a destroy."""
        active = self.cluster.plan.active
        return SharedObject(
            f"{self.mesh}-{planned.name}",
            cluster_name=self.name,
            incarnation=self.cluster.incarnation,
            kubeconfig=self.cluster.kubeconfig,
            context=self.cluster.context,
            manifest=planned.manifest,
            quarantined=not active,
            opts=pulumi.ResourceOptions(
                parent=parent,
                depends_on=[*(self.made[name] for name in planned.after), *self.cluster.prerequisites],
                deleted_with=self.cluster.vanishes_with,
                retain_on_delete=not active,
            ),
        )
