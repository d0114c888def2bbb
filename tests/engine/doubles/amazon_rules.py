"""What AWS refuses and moto takes: rules of EC2, Auto Scaling and Private CA. Each names its source."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.engine.doubles.amazon_api import Account, Request, Rules
from tests.engine.doubles.amazon_eks_rules import EKS_RULES
from tests.engine.doubles.amazon_questions import rules_of, template_data

_GROUP_TEXT: Final = re.compile(r"[\w .:/()#,@\[\]+=&;{}!$*-]{0,255}", re.ASCII)
_TAG: Final = re.compile(r"[\w\s_.:/=+\-@]*")


def tags_are_well_formed(account: Account, request: Request) -> None:
    """At most 50 tags. Keys have 1 to 128 characters and do not begin with `aws:`, values up to 256: letters,
    digits, spaces and `_.:/=+-@` (Tagging AWS Resources, "Tag naming limits and requirements")."""
    for tags in _tags(request.parameters):
        if len(tags) > 50:
            raise request.refused("TagLimitExceeded", "a resource has at most 50 tags")
        for key, value in tags.items():
            if not 1 <= len(key) <= 128 or not _TAG.fullmatch(key) or key.lower().startswith("aws:"):
                raise request.refused("InvalidParameterValue", f"Tag key {key!r} is not valid")
            if len(value) > 256 or not _TAG.fullmatch(value):
                raise request.refused("InvalidParameterValue", f"Tag value {value!r} of {key} is not valid")


def _tags(parameters: Mapping[str, Any]) -> list[dict[str, str]]:
    found = [each["Tags"] for each in parameters.get("TagSpecifications", [])]
    lists = [*found, parameters.get("Tags", [])]
    named = [
        {tag.get("Key", tag.get("TagKey", "")): tag.get("Value", tag.get("TagValue", "")) for tag in tags}
        for tags in lists
    ]
    return [*named, parameters.get("tags", {})]


def group_texts_are_plain(account: Account, request: Request) -> None:
    """GroupName and Description have up to 255 characters of a-z, A-Z, 0-9, spaces and
    `._-:/()#,@[]+=&;{}!$*`. A name does not begin with `sg-` (API reference of CreateSecurityGroup)."""
    name, text = request.parameters["GroupName"], request.parameters["Description"]
    if name.startswith("sg-") or not _GROUP_TEXT.fullmatch(name):
        raise request.refused("InvalidParameterValue", f"Invalid security group name {name!r}")
    if not text or not _GROUP_TEXT.fullmatch(text):
        raise request.refused("InvalidParameterValue", f"Invalid security group description {text!r}")


def rules_fit_a_group(account: Account, request: Request) -> None:
    """Quota L-0EA8095F: 60 rules of each direction and address family per security group. The nodes' group
    also gets a rule of the AWS Load Balancer Controller, from the load balancers to the pods (its page
    "Security groups", backend security group). Descriptions are as those of groups (API reference of
    IpRange)."""
    group, egress = request.parameters["GroupId"], request.operation.endswith("Egress")
    wanted: dict[str, int] = {}
    for permission in request.parameters["IpPermissions"]:
        for name in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds"):
            for source in permission.get(name, []):
                if not _GROUP_TEXT.fullmatch(source.get("Description", "")):
                    text = source["Description"]
                    raise request.refused("InvalidParameterValue", f"Invalid rule description {text!r}")
            for family in ("IPv4", "IPv6"):
                if name not in ("IpRanges", "Ipv6Ranges") or (name == "Ipv6Ranges") == (family == "IPv6"):
                    wanted[family] = wanted.get(family, 0) + len(permission.get(name, []))
    for family, more in wanted.items():
        _refuse_beyond_quota(account, request, group, family, more, egress=egress)


def _refuse_beyond_quota(
    account: Account, request: Request, group: str, family: str, more: int, *, egress: bool
) -> None:
    own = 1 if group in account.kept["groups of nodes"] and not egress else 0
    there = rules_of(account, request.region, group, family, egress=egress)
    if more and there + more + own > account.rules_per_group:
        message = "The maximum number of rules per security group has been reached."
        raise request.refused("RulesPerSecurityGroupLimitExceeded", f"{message} ({group}, {family})")


def user_data_is_short(account: Account, request: Request) -> None:
    """At most 16 KB "in raw form, before it is base64-encoded" (Amazon EC2 User Guide, "Access instance
    metadata", considerations for user data)."""
    text = request.parameters["LaunchTemplateData"].get("UserData")
    if text is not None and len(base64.b64decode(text, validate=True)) > 16 * 1024:
        raise request.refused("InvalidUserData.Malformed", "User data is limited to 16384 bytes")


def group_sizes_are_ordered(account: Account, request: Request) -> None:
    """MinSize ≤ DesiredCapacity ≤ MaxSize (Amazon EC2 Auto Scaling User Guide, "Set scaling limits"). An
    update that gives no desired capacity moves it into the new bounds (API reference of
    UpdateAutoScalingGroup)."""
    given = request.parameters
    now: dict[str, Any] = {}
    if request.operation.startswith("Update"):
        names = [given["AutoScalingGroupName"]]
        found = account.ask(
            "autoscaling", "DescribeAutoScalingGroups", request.region, AutoScalingGroupNames=names
        )
        now = found["AutoScalingGroups"][0] if found["AutoScalingGroups"] else {}
    least, most = (given.get(name, now.get(name)) for name in ("MinSize", "MaxSize"))
    wanted = given.get("DesiredCapacity")
    if least is None or most is None:
        return
    if least > most:
        raise request.refused(
            "ValidationError", f"Max bound, {most}, must be greater than min bound, {least}"
        )
    if wanted is not None and not least <= wanted <= most:
        message = (
            f"Desired capacity:{wanted} must be between the specified min size:{least} and max size:{most}"
        )
        raise request.refused("ValidationError", message)


def heartbeat_is_in_range(account: Account, request: Request) -> None:
    """30 to 7200 seconds (API reference of PutLifecycleHook, HeartbeatTimeout)."""
    seconds = request.parameters.get("HeartbeatTimeout", 3600)
    if not 30 <= seconds <= 7200:
        raise request.refused(
            "ValidationError", f"HeartbeatTimeout must be between 30 and 7200 (got {seconds})"
        )


def refresh_is_possible(account: Account, request: Request) -> None:
    """API reference of RefreshPreferences: MaxHealthyPercentage is 100 to 200 and at most 100 above
    MinHealthyPercentage; checkpoints ascend and end at 100 to replace all; no rollback without a desired
    configuration, of `$Latest` or `$Default`, or of an image that a Systems Manager parameter names."""
    given = request.parameters.get("Preferences", {})
    least, most = given.get("MinHealthyPercentage", 90), given.get("MaxHealthyPercentage", 100)
    if not 0 <= least <= 100 or not 100 <= most <= 200 or most - least > 100:
        raise request.refused("ValidationError", f"Healthy percentages {least} and {most} are not valid")
    if (points := given.get("CheckpointPercentages", [])) != sorted(set(points)):
        raise request.refused("ValidationError", f"CheckpointPercentages {points} do not ascend")
    if given.get("AutoRollback"):
        template = request.parameters.get("DesiredConfiguration", {}).get("LaunchTemplate", {})
        if template.get("Version", "$Latest").startswith("$"):
            raise request.refused(
                "ValidationError", "AutoRollback requires a numbered launch template version"
            )
        data = template_data(account, request.region, template["LaunchTemplateId"], template["Version"])
        if data.get("ImageId", "").startswith("resolve:"):
            message = "AutoRollback is not supported for an AMI of a Systems Manager parameter"
            raise request.refused("ValidationError", message)


def authority_can_sign(account: Account, request: Request) -> None:
    """The family of the signing algorithm must be that of the authority's key (AWS Private CA User Guide,
    "Supported cryptographic algorithms"). An authority signs while it is ACTIVE, but its own root certificate
    before; in short-lived mode it issues for at most seven days; no certificate outlives its authority (API
    reference of CreateCertificateAuthority and IssueCertificate)."""
    given = request.parameters
    authority = account.kept["authorities"].get(given["CertificateAuthorityArn"])
    if authority is None:
        message = f"Could not find Certificate Authority {given['CertificateAuthorityArn']}"
        raise request.refused("ResourceNotFoundException", message)
    wanted = "RSA" if "RSA" in given["SigningAlgorithm"] else "EC"
    if not authority["key"].startswith(wanted):
        message = f"{given['SigningAlgorithm']} does not match the CA's key algorithm {authority['key']}"
        raise request.refused("InvalidArgsException", message)
    own = "RootCACertificate" in given.get("TemplateArn", "")
    if authority["status"] != ("PENDING_CERTIFICATE" if own else "ACTIVE"):
        raise request.refused("InvalidStateException", f"The CA is {authority['status']}")
    until = datetime.now(UTC) + timedelta(days=days_of(given["Validity"]))
    if authority["usage mode"] == "SHORT_LIVED_CERTIFICATE" and until > datetime.now(UTC) + timedelta(days=7):
        raise request.refused("InvalidArgsException", "A short-lived certificate is valid for at most 7 days")
    if not own and until > authority["not after"]:
        raise request.refused("InvalidArgsException", "The certificate would outlive its CA")


def days_of(validity: Mapping[str, Any]) -> int:
    """The days of a relative Validity."""
    return int(validity["Value"]) * {"DAYS": 1, "MONTHS": 30, "YEARS": 365}[validity["Type"]]


RULES: Rules = {
    **EKS_RULES,
    ("ec2", "CreateSecurityGroup"): (tags_are_well_formed, group_texts_are_plain),
    ("ec2", "AuthorizeSecurityGroupIngress"): (tags_are_well_formed, rules_fit_a_group),
    ("ec2", "AuthorizeSecurityGroupEgress"): (tags_are_well_formed, rules_fit_a_group),
    ("ec2", "CreateVpc"): (tags_are_well_formed,),
    ("ec2", "CreateSubnet"): (tags_are_well_formed,),
    ("ec2", "CreateTags"): (tags_are_well_formed,),
    ("ec2", "CreateLaunchTemplate"): (tags_are_well_formed, user_data_is_short),
    ("ec2", "CreateLaunchTemplateVersion"): (user_data_is_short,),
    ("autoscaling", "CreateAutoScalingGroup"): (group_sizes_are_ordered,),
    ("autoscaling", "UpdateAutoScalingGroup"): (group_sizes_are_ordered,),
    ("autoscaling", "PutLifecycleHook"): (heartbeat_is_in_range,),
    ("autoscaling", "StartInstanceRefresh"): (refresh_is_possible,),
    ("acm-pca", "IssueCertificate"): (authority_can_sign,),
}
