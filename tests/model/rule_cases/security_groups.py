"""Meshes that break the rules of `model.checks.security_groups`."""

from tests.model.rule_cases.cloud import AWS, DATACENTER, EKS, ORDERS, prod

CLOUD_LIMITS = [
    prod(
        "security_groups_have_room_for_rules",
        {f"{EKS}.controlPlanePorts": list(range(20_000, 20_053))},
        "rulesPerSecurityGroup: 61",
        path=f"{AWS}.rulesPerSecurityGroup",
        value="60",
    ),
    prod(
        "security_groups_have_room_for_rules",
        {f"{DATACENTER}.egress": [f"203.0.113.{n}/32" for n in range(16, 34)]},
        "Merge CIDRs of `egress`",
        path=f"{AWS}.rulesPerSecurityGroup",
        value="60",
    ),
    prod(
        "security_groups_have_room_for_rules",
        {f"{ORDERS}.ports": {f"tcp-{n}": 8050 + n for n in range(31)}},
        "rulesPerSecurityGroup: 62",
        path=f"{AWS}.rulesPerSecurityGroup",
        value="60",
    ),
]
