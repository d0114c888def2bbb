"""Roles, policies, instance profiles and keys as calls of the API (iam and kms in internal/service of
terraform-provider-aws)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hybrid_mesh.plugins.framework.values import Properties
from tests.engine.doubles.amazon_resource import ApiResource, Caller, Differences, Made, tag_list


class IamResource(ApiResource):
    """A named resource with tags."""

    service = "iam"
    kind: ClassVar[str]
    """In the names of operations and parameters."""

    def tag(self, api: Caller, tags: Mapping[str, str]) -> None:
        api("iam", f"Tag{self.kind}", **{f"{self.kind}Name": api.identity}, Tags=tag_list(tags))

    def untag(self, api: Caller, tags: Mapping[str, str]) -> None:
        api("iam", f"Untag{self.kind}", **{f"{self.kind}Name": api.identity}, TagKeys=sorted(tags))

    def create(self, api: Caller, inputs: Properties) -> Made:
        operation = f"Create{self.kind}"
        given = self.parameters(operation, inputs)
        tags = {"Tags": tag_list(found)} if (found := api.tags(inputs)) else {}
        made = api("iam", operation, **given, **tags)[self.kind]
        unique = {"uniqueId": made["RoleId"]} if self.kind == "Role" else {}
        return Made(inputs["name"], {"arn": made["Arn"], **unique})


class Role(IamResource):
    kind = "Role"
    renamed: ClassVar[Mapping[str, str]] = {
        "name": "RoleName",
        "assumeRolePolicy": "AssumeRolePolicyDocument",
    }

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        if change.of("assumeRolePolicy"):
            document = change.news["assumeRolePolicy"]
            api("iam", "UpdateAssumeRolePolicy", RoleName=api.identity, PolicyDocument=document)
        if change.of("description", "maxSessionDuration"):
            seconds = change.news.get("maxSessionDuration")
            description = change.news.get("description", "")
            api(
                "iam",
                "UpdateRole",
                RoleName=api.identity,
                Description=description,
                MaxSessionDuration=seconds,
            )
        self.update_tags(api, change)
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        for profile in api("iam", "ListInstanceProfilesForRole", RoleName=api.identity)["InstanceProfiles"]:
            name = profile["InstanceProfileName"]
            api("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=name, RoleName=api.identity)
        api("iam", "DeleteRole", RoleName=api.identity)


class InstanceProfile(IamResource):
    kind = "InstanceProfile"
    renamed: ClassVar[Mapping[str, str]] = {"name": "InstanceProfileName"}
    unsent = frozenset({"role"})

    def create(self, api: Caller, inputs: Properties) -> Made:
        made = super().create(api, inputs)
        if role := inputs.get("role"):
            api("iam", "AddRoleToInstanceProfile", InstanceProfileName=made.identity, RoleName=role)
        return made

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        if role := inputs.get("role"):
            api("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=api.identity, RoleName=role)
        api("iam", "DeleteInstanceProfile", InstanceProfileName=api.identity)


class RolePolicy(ApiResource):
    service = "iam"
    renamed: ClassVar[Mapping[str, str]] = {
        "name": "PolicyName",
        "role": "RoleName",
        "policy": "PolicyDocument",
    }

    def create(self, api: Caller, inputs: Properties) -> Made:
        api("iam", "PutRolePolicy", **self.parameters("PutRolePolicy", inputs))
        return Made(f"{inputs['role']}:{inputs['name']}")

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        self.create(api, change.news)
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        api("iam", "DeleteRolePolicy", RoleName=inputs["role"], PolicyName=inputs["name"])


class RolePolicyAttachment(ApiResource):
    service = "iam"

    def create(self, api: Caller, inputs: Properties) -> Made:
        api("iam", "AttachRolePolicy", RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return Made("")

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        api("iam", "DetachRolePolicy", RoleName=inputs["role"], PolicyArn=inputs["policyArn"])


class Key(ApiResource):
    service = "kms"
    unsent = frozenset({"enableKeyRotation", "deletionWindowInDays", "isEnabled", "rotationPeriodInDays"})

    def create(self, api: Caller, inputs: Properties) -> Made:
        tags = tag_list(api.tags(inputs), "TagKey", "TagValue")
        made = api("kms", "CreateKey", **self.parameters("CreateKey", inputs), Tags=tags)["KeyMetadata"]
        self._rotate(api, made["KeyId"], inputs)
        return Made(made["KeyId"], {"arn": made["Arn"], "keyId": made["KeyId"]})

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        if change.of("enableKeyRotation", "rotationPeriodInDays"):
            self._rotate(api, api.identity, change.news)
        if change.of("description"):
            text = change.news.get("description", "")
            api("kms", "UpdateKeyDescription", KeyId=api.identity, Description=text)
        self.update_tags(api, change)
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        days = inputs.get("deletionWindowInDays")
        api("kms", "ScheduleKeyDeletion", KeyId=api.identity, PendingWindowInDays=days)

    def tag(self, api: Caller, tags: Mapping[str, str]) -> None:
        api("kms", "TagResource", KeyId=api.identity, Tags=tag_list(tags, "TagKey", "TagValue"))

    def untag(self, api: Caller, tags: Mapping[str, str]) -> None:
        api("kms", "UntagResource", KeyId=api.identity, TagKeys=sorted(tags))

    def _rotate(self, api: Caller, key: str, inputs: Properties) -> None:
        if inputs.get("enableKeyRotation"):
            period = inputs.get("rotationPeriodInDays")
            api("kms", "EnableKeyRotation", KeyId=key, RotationPeriodInDays=period)


IDENTITY = {
    "aws:iam/role:Role": Role(),
    "aws:iam/instanceProfile:InstanceProfile": InstanceProfile(),
    "aws:iam/rolePolicy:RolePolicy": RolePolicy(),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": RolePolicyAttachment(),
    "aws:kms/key:Key": Key(),
}
