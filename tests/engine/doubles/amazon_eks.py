"""Clusters on EKS as calls of the API (internal/service/eks of terraform-provider-aws)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hybrid_mesh.plugins.framework.values import Properties
from tests.engine.doubles.amazon_resource import ApiResource, Caller, Differences, Made


class EksResource(ApiResource):
    """Its ARN is where its tags are; `parts` are the names in its id, by their member of a request."""

    service = "eks"
    parts: ClassVar[tuple[str, ...]] = ("clusterName",)

    def named(self, api: Caller) -> dict[str, str]:
        return dict(zip(self.parts, api.identity.split(":", len(self.parts) - 1), strict=True))

    def update_tags(self, api: Caller, change: Differences) -> None:
        before, now = change.tags_before, change.tags_now
        if before != now:
            arn = self.arn(api)
            if gone := sorted(before.keys() - now.keys()):
                api("eks", "UntagResource", resourceArn=arn, tagKeys=gone)
            if now:
                api("eks", "TagResource", resourceArn=arn, tags=now)

    def arn(self, api: Caller) -> str:
        raise NotImplementedError


class Cluster(EksResource):
    parts = ("name",)
    renamed: ClassVar[Mapping[str, str]] = {"vpcConfig": "resourcesVpcConfig"}
    unsent = frozenset({"enabledClusterLogTypes", "forceUpdateVersion"})

    def create(self, api: Caller, inputs: Properties) -> Made:
        given = self.parameters("CreateCluster", inputs)
        logging = _logging(inputs, ()) if inputs.get("enabledClusterLogTypes") else None
        tags = api.tags(inputs) or None
        made = api("eks", "CreateCluster", **given, logging=logging, tags=tags)["cluster"]
        vpc = made["resourcesVpcConfig"]
        inside = {"clusterSecurityGroupId": vpc["clusterSecurityGroupId"], "vpcId": vpc["vpcId"]}
        return Made(made["name"], {"arn": made["arn"], "vpcConfig": inside})

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        """A call of its own for each thing that changed, as the service takes one at a time."""
        if change.of("version"):
            api("eks", "UpdateClusterVersion", **self.named(api), version=change.news["version"])
        for name in change.changed & {"accessConfig", "upgradePolicy", "deletionProtection"}:
            self._configure(api, {name: change.news.get(name)})
        if change.of("enabledClusterLogTypes"):
            logging = _logging(change.news, change.olds.get("enabledClusterLogTypes", ()))
            self._configure(api, {"logging": logging})
        before, now = change.olds["vpcConfig"], change.news["vpcConfig"]
        access = ("endpointPrivateAccess", "endpointPublicAccess", "publicAccessCidrs")
        if _part(before, access) != _part(now, access):
            self._configure(api, {"vpcConfig": _part(now, access)})
        for name in ("securityGroupIds", "subnetIds"):
            if set(before.get(name, ())) != set(now.get(name, ())):
                self._configure(api, {"vpcConfig": _part(now, (name,))})
        self.update_tags(api, change)
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        api("eks", "DeleteCluster", **self.named(api))

    def arn(self, api: Caller) -> str:
        return f"arn:aws:eks:{api.region}:{api.account.number}:cluster/{api.identity}"

    def _configure(self, api: Caller, given: Properties) -> None:
        sent = self.parameters("UpdateClusterConfig", given)
        if "accessConfig" in sent:
            sent["accessConfig"].pop("bootstrapClusterCreatorAdminPermissions", None)
        api("eks", "UpdateClusterConfig", **self.named(api), **sent)


class NodeGroup(EksResource):
    """When one size changes, the provider sends all three as the engine gave them
    (`expandNodegroupScalingConfig`). The engine gives the size of the state for one whose change is ignored
    (`processIgnoreChanges` of pulumi)."""

    parts = ("clusterName", "nodegroupName")
    renamed: ClassVar[Mapping[str, str]] = {"nodeRoleArn": "nodeRole", "subnetIds": "subnets"}
    unsent = frozenset({"forceUpdateVersion", "nodeGroupName", "nodeGroupNamePrefix", "clusterName"})
    rolled = ("launchTemplate", "releaseVersion", "version")

    def create(self, api: Caller, inputs: Properties) -> Made:
        given = self.parameters("CreateNodegroup", inputs)
        tags = api.tags(inputs) or None
        made = api("eks", "CreateNodegroup", **self.named(api), **given, tags=tags)["nodegroup"]
        return Made(api.identity, {"arn": made["nodegroupArn"], "nodeGroupName": made["nodegroupName"]})

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        if change.of(*self.rolled):
            sent = {k: v for k, v in change.news.items() if k in self.rolled and k in change.changed}
            force = change.news.get("forceUpdateVersion", False)
            api("eks", "UpdateNodegroupVersion", **self.named(api), **sent, force=force)
        if change.of("labels", "taints", "scalingConfig", "updateConfig", "nodeRepairConfig"):
            api("eks", "UpdateNodegroupConfig", **self.named(api), **self._configuration(change))
        self.update_tags(api, change)
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        api("eks", "DeleteNodegroup", **self.named(api))

    def live(self, api: Caller, inputs: Properties) -> Properties:
        found = api("eks", "DescribeNodegroup", **self.named(api))["nodegroup"]
        return {**inputs, "scalingConfig": found["scalingConfig"]}

    def arn(self, api: Caller) -> str:
        found = api("eks", "DescribeNodegroup", **self.named(api))["nodegroup"]
        return str(found["nodegroupArn"])

    def _configuration(self, change: Differences) -> dict[str, Any]:
        names = ("scalingConfig", "updateConfig", "nodeRepairConfig")
        sent = {name: change.news[name] for name in names if change.of(name)}
        if change.of("labels"):
            before, now = change.olds.get("labels", {}), change.news.get("labels", {})
            changed = {key: value for key, value in now.items() if before.get(key) != value}
            sent["labels"] = {
                "addOrUpdateLabels": changed,
                "removeLabels": sorted(before.keys() - now.keys()),
            }
        return sent


class AccessEntry(EksResource):
    parts = ("clusterName", "principalArn")

    def create(self, api: Caller, inputs: Properties) -> Made:
        tags = api.tags(inputs) or None
        made = api("eks", "CreateAccessEntry", **self.parameters("CreateAccessEntry", inputs), tags=tags)
        return Made("", {"accessEntryArn": made["accessEntry"]["accessEntryArn"]})

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        if change.of("kubernetesGroups", "userName"):
            groups, user = change.news.get("kubernetesGroups", []), change.news.get("userName")
            api("eks", "UpdateAccessEntry", **self.named(api), kubernetesGroups=groups, username=user)
        self.update_tags(api, change)
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        api("eks", "DeleteAccessEntry", **self.named(api))

    def arn(self, api: Caller) -> str:
        found = api("eks", "DescribeAccessEntry", **self.named(api))["accessEntry"]
        return str(found["accessEntryArn"])


class AccessPolicyAssociation(EksResource):
    def create(self, api: Caller, inputs: Properties) -> Made:
        api("eks", "AssociateAccessPolicy", **self.parameters("AssociateAccessPolicy", inputs))
        return Made(f"{inputs['clusterName']}#{inputs['principalArn']}#{inputs['policyArn']}")

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        self.create(api, change.news)
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        names = ("clusterName", "principalArn", "policyArn")
        api("eks", "DisassociateAccessPolicy", **{name: inputs[name] for name in names})


class Addon(EksResource):
    parts = ("clusterName", "addonName")
    unsent = frozenset({"resolveConflictsOnCreate", "resolveConflictsOnUpdate", "preserve"})

    def create(self, api: Caller, inputs: Properties) -> Made:
        given = self.parameters("CreateAddon", inputs)
        resolve = inputs.get("resolveConflictsOnCreate")
        tags = api.tags(inputs) or None
        made = api("eks", "CreateAddon", **given, resolveConflicts=resolve, tags=tags)["addon"]
        return Made("", {"arn": made["addonArn"], "addonVersion": made["addonVersion"]})

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        sent = {k: v for k, v in change.news.items() if k in change.changed - {"tags"} - self.unsent}
        if sent:
            resolve = change.news.get("resolveConflictsOnUpdate")
            api("eks", "UpdateAddon", **self.named(api), **sent, resolveConflicts=resolve)
        self.update_tags(api, change)
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        api("eks", "DeleteAddon", **self.named(api), preserve=inputs.get("preserve"))

    def arn(self, api: Caller) -> str:
        return str(api("eks", "DescribeAddon", **self.named(api))["addon"]["addonArn"])


class PodIdentityAssociation(EksResource):
    def create(self, api: Caller, inputs: Properties) -> Made:
        tags = api.tags(inputs) or None
        given = self.parameters("CreatePodIdentityAssociation", inputs)
        made = api("eks", "CreatePodIdentityAssociation", **given, tags=tags)["association"]
        outputs = {"associationArn": made["associationArn"], "associationId": made["associationId"]}
        return Made(made["associationId"], outputs)

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        if change.of("roleArn"):
            role = change.news["roleArn"]
            cluster = change.news["clusterName"]
            api(
                "eks",
                "UpdatePodIdentityAssociation",
                clusterName=cluster,
                associationId=api.identity,
                roleArn=role,
            )
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        cluster = inputs["clusterName"]
        api("eks", "DeletePodIdentityAssociation", clusterName=cluster, associationId=api.identity)


def _logging(inputs: Properties, before: Any) -> dict[str, Any]:
    """The log types to turn on, and those to turn off."""
    now = inputs.get("enabledClusterLogTypes", [])
    off = sorted(set(before) - set(now))
    settings = [{"enabled": True, "types": now}] if now else []
    return {"clusterLogging": [*settings, *([{"enabled": False, "types": off}] if off else [])]}


def _part(given: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given}


EKS = {
    "aws:eks/cluster:Cluster": Cluster(),
    "aws:eks/nodeGroup:NodeGroup": NodeGroup(),
    "aws:eks/accessEntry:AccessEntry": AccessEntry(),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": AccessPolicyAssociation(),
    "aws:eks/addon:Addon": Addon(),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": PodIdentityAssociation(),
}
