"""Launch templates and Auto Scaling groups as calls of the API (ec2/ec2_launch_template.go and autoscaling in
internal/service of terraform-provider-aws)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hybrid_mesh.plugins.framework.values import Properties
from tests.engine.doubles.amazon_api import input_shape
from tests.engine.doubles.amazon_network import Ec2Resource
from tests.engine.doubles.amazon_resource import (
    ALWAYS_UNSENT,
    ApiResource,
    Caller,
    Differences,
    Made,
)
from tests.engine.doubles.amazon_shapes import to_request


class LaunchTemplate(Ec2Resource):
    kind, delete_with, delete_by = "launch-template", "DeleteLaunchTemplate", "LaunchTemplateId"
    unsent = frozenset({"name", "updateDefaultVersion", "defaultVersion", "description"}) | ALWAYS_UNSENT
    renamed: ClassVar[Mapping[str, str]] = {
        "vpcSecurityGroupIds": "SecurityGroupIds",
        "securityGroupNames": "SecurityGroups",
        "securityGroups": "Groups",
    }

    def create(self, api: Caller, inputs: Properties) -> Made:
        answer = api(
            "ec2",
            "CreateLaunchTemplate",
            LaunchTemplateName=inputs["name"],
            LaunchTemplateData=self._data(inputs),
            VersionDescription=inputs.get("description"),
            **self.tag_specifications(api, inputs),
        )
        return Made(answer["LaunchTemplate"]["LaunchTemplateId"], {"latestVersion": 1, "defaultVersion": 1})

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        outputs: dict[str, Any] = {}
        if change.changed - (self.unsent - {"description"}):
            answer = api(
                "ec2",
                "CreateLaunchTemplateVersion",
                LaunchTemplateId=api.identity,
                LaunchTemplateData=self._data(change.news),
                VersionDescription=change.news.get("description"),
            )
            latest = answer["LaunchTemplateVersion"]["VersionNumber"]
            outputs["latestVersion"] = latest
            if change.news.get("updateDefaultVersion"):
                api("ec2", "ModifyLaunchTemplate", LaunchTemplateId=api.identity, DefaultVersion=str(latest))
                outputs["defaultVersion"] = latest
        self.update_tags(api, change)
        return outputs

    def _data(self, inputs: Properties) -> Any:
        shape = input_shape("ec2", "CreateLaunchTemplate").members["LaunchTemplateData"]
        return to_request(shape, {k: v for k, v in inputs.items() if k not in self.unsent}, self.renamed)


class AutoScalingGroup(ApiResource):
    service = "autoscaling"
    unsent = frozenset(
        {
            "name",
            "vpcZoneIdentifiers",
            "launchTemplate",
            "instanceRefresh",
            "initialLifecycleHooks",
            "waitForCapacityTimeout",
            "ignoreFailedScalingActivities",
            "forceDelete",
            "forceDeleteWarmPool",
        }
    )
    replaced_by_refresh = ("launchTemplate", "mixedInstancesPolicy", "launchConfiguration")
    """Inputs whose change starts an instance refresh (`shouldRefreshInstances`)."""

    def create(self, api: Caller, inputs: Properties) -> Made:
        """In two steps where there are lifecycle hooks: no instance is launched before they exist."""
        hooks = inputs.get("initialLifecycleHooks", [])
        sizes = {"MinSize": inputs["minSize"], "MaxSize": inputs["maxSize"]}
        if "desiredCapacity" in inputs:
            sizes["DesiredCapacity"] = inputs["desiredCapacity"]
        whole = {
            **self.parameters("CreateAutoScalingGroup", inputs),
            **self._place(inputs),
            **self._template(inputs),
            "Tags": self._tags(inputs),
        }
        first = {**whole, **dict.fromkeys(sizes, 0)} if hooks else whole
        api("autoscaling", "CreateAutoScalingGroup", **self._named(inputs), **first)
        for hook in hooks:
            LifecycleHook().put(api, {**hook, "autoscalingGroupName": inputs["name"]})
        if hooks:
            api("autoscaling", "UpdateAutoScalingGroup", **self._named(inputs), **sizes)
        return Made(inputs["name"], {"arn": self._found(api, inputs)["AutoScalingGroupARN"]})

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        """Only what changed; then the instances are replaced, of which the provider waits for none."""
        changed = {k: v for k, v in change.news.items() if k in change.changed}
        sent = self.parameters("UpdateAutoScalingGroup", changed)
        if change.of("vpcZoneIdentifiers"):
            sent |= self._place(change.news)
        if change.of("launchTemplate"):
            sent |= self._template(change.news)
        if sent:
            api("autoscaling", "UpdateAutoScalingGroup", **self._named(change.news), **sent)
        if change.of("tags"):
            self._update_tags(api, change)
        refresh = change.news.get("instanceRefresh")
        if refresh and change.of(*self.replaced_by_refresh, *refresh.get("triggers", [])):
            self._refresh(api, change.news, refresh)
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        empty = {"MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0}
        api("autoscaling", "UpdateAutoScalingGroup", AutoScalingGroupName=api.identity, **empty)
        api("autoscaling", "DeleteAutoScalingGroup", AutoScalingGroupName=api.identity, ForceDelete=False)

    def _refresh(self, api: Caller, inputs: Properties, refresh: Mapping[str, Any]) -> None:
        given = {k: v for k, v in refresh.items() if k != "triggers"}
        sent = to_request(input_shape("autoscaling", "StartInstanceRefresh"), given, {})
        if sent.get("Preferences", {}).get("AutoRollback"):
            sent["DesiredConfiguration"] = self._template(inputs)
        api("autoscaling", "StartInstanceRefresh", **self._named(inputs), **sent)

    def _update_tags(self, api: Caller, change: Differences) -> None:
        now = {tag["key"] for tag in change.news.get("tags", [])}
        gone = [tag for tag in change.olds.get("tags", []) if tag["key"] not in now]
        if gone:
            api("autoscaling", "DeleteTags", Tags=self._tags({**change.news, "tags": gone}))
        api("autoscaling", "CreateOrUpdateTags", Tags=self._tags(change.news))

    def _found(self, api: Caller, inputs: Properties) -> dict[str, Any]:
        answer = api("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[inputs["name"]])
        found: dict[str, Any] = answer["AutoScalingGroups"][0]
        return found

    @staticmethod
    def _named(inputs: Properties) -> dict[str, str]:
        return {"AutoScalingGroupName": inputs["name"]}

    @staticmethod
    def _place(inputs: Properties) -> dict[str, str]:
        return {"VPCZoneIdentifier": ",".join(inputs.get("vpcZoneIdentifiers", []))}

    @staticmethod
    def _template(inputs: Properties) -> dict[str, Any]:
        if "launchTemplate" not in inputs:
            return {}
        given = inputs["launchTemplate"]
        names = {"id": "LaunchTemplateId", "name": "LaunchTemplateName", "version": "Version"}
        return {"LaunchTemplate": {names[key]: value for key, value in given.items()}}

    @staticmethod
    def _tags(inputs: Properties) -> list[dict[str, Any]]:
        return [
            {
                "Key": tag["key"],
                "Value": tag["value"],
                "PropagateAtLaunch": tag["propagateAtLaunch"],
                "ResourceId": inputs["name"],
                "ResourceType": "auto-scaling-group",
            }
            for tag in inputs.get("tags", [])
        ]


class ScalingPolicy(ApiResource):
    """The provider puts the whole policy, at every change."""

    service = "autoscaling"
    renamed: ClassVar[Mapping[str, str]] = {"name": "PolicyName"}

    def create(self, api: Caller, inputs: Properties) -> Made:
        api("autoscaling", "PutScalingPolicy", **self.parameters("PutScalingPolicy", inputs))
        return Made(inputs["name"])

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        return self.create(api, change.news).outputs

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        group = inputs["autoscalingGroupName"]
        api("autoscaling", "DeletePolicy", PolicyName=inputs["name"], AutoScalingGroupName=group)


class LifecycleHook(ApiResource):
    """The provider puts the whole hook, at every change."""

    service = "autoscaling"
    renamed: ClassVar[Mapping[str, str]] = {"name": "LifecycleHookName"}

    def create(self, api: Caller, inputs: Properties) -> Made:
        self.put(api, inputs)
        return Made(inputs["name"])

    def put(self, api: Caller, inputs: Properties) -> None:
        api("autoscaling", "PutLifecycleHook", **self.parameters("PutLifecycleHook", inputs))

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        self.put(api, change.news)
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        api(
            "autoscaling",
            "DeleteLifecycleHook",
            LifecycleHookName=inputs["name"],
            AutoScalingGroupName=inputs["autoscalingGroupName"],
        )


SCALING = {
    "aws:ec2/launchTemplate:LaunchTemplate": LaunchTemplate(),
    "aws:autoscaling/group:Group": AutoScalingGroup(),
    "aws:autoscaling/policy:Policy": ScalingPolicy(),
    "aws:autoscaling/lifecycleHook:LifecycleHook": LifecycleHook(),
}
