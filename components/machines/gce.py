"""VMs on Compute Engine."""

from collections.abc import Awaitable
from typing import cast

import pulumi
import pulumi_gcp as gcp

from hybrid_mesh.components.expect import expect
from hybrid_mesh.components.machines.base import MachineContext, Machines, user_data
from hybrid_mesh.components.names import child
from hybrid_mesh.components.networks.gcp import GcpNetwork
from hybrid_mesh.model.clouds.google import GceMachineSetPlan, disk_type
from hybrid_mesh.model.clouds.names import google_name
from hybrid_mesh.model.config.machines import GceMachinesConfig

SCOPES = [
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/userinfo.email",
]
"""Without the second scope, GKE identifies a VM by the number of its account instead of the e-mail
address."""
ZONES_OF_A_REGION = 3
BOOT_SECONDS = 300
"""Time for which the autoscaler ignores the load of a new VM, which boots."""


class GceMachines(Machines):
    """A regional managed instance group of identical VMs without public addresses, with a service account
    that has no role in the project.

    A VM authenticates to its cluster with that account's access token. A VM that is scaled in is deleted
    without further steps: istiod removes its WorkloadEntry a grace period after the connection is lost.
    """

    def __init__(
        self,
        name: str,
        *,
        context: MachineContext,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:GceMachines", name, None, opts)
        self._name, self._group = name, context.group
        self._network = expect(context.cloud_network, GcpNetwork)
        self._set = expect(context.group.machine_set, GceMachineSetPlan)
        self._rollout = expect(context.group.config.machines, GceMachinesConfig).rollout
        data = user_data(context)
        template = self._template(data.text)
        manager = self._manager(template)
        if self._set.autoscaled:
            self._autoscaler(manager)
        self.incarnations = {"template": template.self_link}
        self.template = data.template
        self.inspection = pulumi.Output.format(
            "gcloud compute instance-groups managed list-errors {0} --region {1} --project {2}",
            manager.name,
            self._set.region,
            manager.project,
        )
        self.register_outputs({"group": manager.self_link})

    def _account(self) -> gcp.serviceaccount.Account:
        return gcp.serviceaccount.Account(
            child(self._name, "account"),
            account_id=self._set.service_account_id,
            project=self._set.project,
            display_name=f"VMs of {self._group.name}",
            opts=self._network.options(self),
        )

    def _template(self, text: pulumi.Output[str]) -> gcp.compute.RegionInstanceTemplate:
        return gcp.compute.RegionInstanceTemplate(
            child(self._name, "template"),
            region=self._set.region,
            machine_type=self._set.machine_type,
            disks=[
                {
                    "boot": True,
                    "auto_delete": True,
                    "source_image": self._set.image,
                    "disk_size_gb": self._set.disk_gigabytes,
                    "disk_type": disk_type(self._set.machine_type),
                }
            ],
            # Without an access config there is no public address.
            network_interfaces=[{"subnetwork": self._network.subnets["nodes"].self_link}],
            service_account={"email": self._account().email, "scopes": SCOPES},
            shielded_instance_config={
                "enable_secure_boot": True,
                "enable_vtpm": True,
                "enable_integrity_monitoring": True,
            },
            tags=[self._network.tag("machines", self._group.name)],
            metadata={
                "user-data": _without_dependencies(text),
                "enable-oslogin": "TRUE",
                "block-project-ssh-keys": "TRUE",
            },
            opts=pulumi.ResourceOptions.merge(
                self._network.options(self),
                pulumi.ResourceOptions(depends_on=text.apply(lambda _: [])),
            ),
        )

    def _manager(
        self, template: gcp.compute.RegionInstanceTemplate
    ) -> gcp.compute.RegionInstanceGroupManager:
        """The instance group.

        A changed template replaces VMs as far as new ones are in service: to the group, a VM that has never
        passed the health check is not available (Compute Engine, `InstanceGroupManagerUpdatePolicy`). It does
        not repair a VM that fails the check, as an outage of the API server or of istiod would delete every
        booting VM, and its logs; it repairs VMs that stop running (its "About repairing VMs in a MIG").
        """
        check = gcp.compute.HealthCheck(
            child(self._name, "health"),
            check_interval_sec=10,
            timeout_sec=5,
            healthy_threshold=1,
            unhealthy_threshold=6,
            http_health_check={"port": self._set.health_port, "request_path": "/"},
            opts=self._network.options(self),
        )
        zones = list(self._set.zones)
        return gcp.compute.RegionInstanceGroupManager(
            child(self._name, "group"),
            region=self._set.region,
            base_instance_name=google_name("hm", pulumi.get_stack(), self._group.name, limit=54),
            distribution_policy_zones=zones or None,
            versions=[{"instance_template": template.self_link}],
            # An autoscaler sets the number itself.
            target_size=None if self._set.autoscaled else self._set.minimum,
            auto_healing_policies={
                "health_check": check.self_link,
                "initial_delay_sec": self._set.ready_seconds,
            },
            instance_lifecycle_policy={
                "default_action_on_failure": "REPAIR",
                "on_failed_health_check": "DO_NOTHING",
            },
            update_policy={
                "type": "PROACTIVE",
                "minimal_action": "REPLACE",
                "replacement_method": "SUBSTITUTE",
                "instance_redistribution_type": "PROACTIVE",
                # A regional group adds at least one VM in each zone.
                "max_surge_fixed": max(len(zones) or ZONES_OF_A_REGION, self._rollout.max_unavailable),
                "max_unavailable_fixed": 0,
            },
            # The registration waits for what counts: VMs in the mesh.
            wait_for_instances=False,
            opts=self._network.options(self, self._network.ready),
        )

    def _autoscaler(self, manager: gcp.compute.RegionInstanceGroupManager) -> None:
        gcp.compute.RegionAutoscaler(
            child(self._name, "autoscaler"),
            region=self._set.region,
            target=manager.id,
            autoscaling_policy={
                "min_replicas": self._set.minimum,
                "max_replicas": self._set.maximum,
                "cooldown_period": BOOT_SECONDS,
                "cpu_utilization": {"target": self._set.target_cpu_percent / 100},
            },
            opts=self._network.options(self),
        )


def _without_dependencies(text: pulumi.Output[str]) -> pulumi.Output[str]:
    """`text` as the value of a property without dependencies. The template itself still has them.

    A replaced cluster is deleted before the new one is created, and the engine would first delete everything
    that would be replaced because a property depends on it. A template that a group uses cannot be deleted;
    it is replaced later, when the new cluster's address is known.
    """
    value = cast(Awaitable[str], text.future())
    return pulumi.Output(set(), value, text.is_known(), text.is_secret())
