"""The number of vCPUs of a machine type, read from its name, and the quota that they count against.

Sources: Compute Engine, "General-purpose machine family" and "Create a VM with a custom machine type"
(`<series>-<class>-<vCPUs>`, `[<series>-]custom-<vCPUs>-<MB>`, shared-core types); Amazon EC2, "Instance type
naming conventions" and "Specifications for instance types" (`large` has 2 vCPUs, `xlarge` 4, `<n>xlarge`
4 n); Amazon EC2, "On-Demand Instance quotas" (families per quota).
"""

import re

_GOOGLE = re.compile(r"[a-z][0-9]+[a-z]*-[a-z]+-([0-9]+)(?:-[a-z]+)?")
_GOOGLE_CUSTOM = re.compile(r"(?:[a-z][0-9]+[a-z]*-)?custom-([0-9]+)-[0-9]+(?:-ext)?")
_SHARED_CORE = {"e2-micro": 2, "e2-small": 2, "e2-medium": 2, "f1-micro": 1, "g1-small": 1}

_AWS = re.compile(r"([a-z]+)([0-9]*)([a-z0-9-]*)\.(.+)")
_AWS_XLARGE = re.compile(r"(?:metal-)?([0-9]*)xl(?:arge)?")
_AWS_SIZES = {"nano": 1, "micro": 1, "small": 1, "medium": 1, "large": 2}
_AWS_UNUSUAL = frozenset({"hpc", "mac", "u"})
"""Families whose sizes do not follow the rule."""
_BURSTABLE_SIZES = {"nano": 2, "micro": 2, "small": 2, "medium": 2, "large": 2}

FAMILY_QUOTAS = {
    "dl": ("L-6E869C2A", "Running On-Demand DL instances"),
    "f": ("L-74FC7D96", "Running On-Demand F instances"),
    "g": ("L-DB2E81BA", "Running On-Demand G and VT instances"),
    "vt": ("L-DB2E81BA", "Running On-Demand G and VT instances"),
    "hpc": ("L-F7808C92", "Running On-Demand HPC instances"),
    "inf": ("L-1945791B", "Running On-Demand Inf instances"),
    "p": ("L-417A185B", "Running On-Demand P instances"),
    "trn": ("L-2C3B7624", "Running On-Demand Trn instances"),
    "u": ("L-43DA4232", "Running On-Demand High Memory instances"),
    "x": ("L-7295265B", "Running On-Demand X instances"),
}
STANDARD_QUOTA = ("L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances")

_OWN_QUOTA = re.compile(r"(?!e2|n1|f1|g1|custom)([a-z][0-9]+[a-z]*)-")
"""Series of Compute Engine with a quota of their own, for example `N2_CPUS`; the others share `CPUS`."""


def google_vcpus(machine_type: str) -> int | None:
    """vCPUs of a machine type of Compute Engine; None if its name does not say."""
    if machine_type in _SHARED_CORE:
        return _SHARED_CORE[machine_type]
    found = _GOOGLE_CUSTOM.fullmatch(machine_type) or _GOOGLE.fullmatch(machine_type)
    return int(found[1]) if found else None


def google_quota(machine_type: str) -> str:
    """The regional quota of the vCPUs of a machine type (Compute Engine, "CPU quota")."""
    series = _OWN_QUOTA.match(machine_type)
    return f"{series[1].upper()}_CPUS" if series else "CPUS"


def aws_vcpus(instance_type: str) -> int | None:
    """vCPUs of an EC2 instance type; None if its name does not say."""
    named = _AWS.fullmatch(instance_type)
    if named is None or named[1] in _AWS_UNUSUAL:
        return None
    family, generation, _, size = named.groups()
    if larger := _AWS_XLARGE.fullmatch(size):
        return 4 * int(larger[1] or 1)
    if family == "t" and int(generation or 0) >= 3:
        return _BURSTABLE_SIZES.get(size)
    return 2 if instance_type == "t2.medium" else _AWS_SIZES.get(size)


def aws_quota(instance_type: str) -> tuple[str, str]:
    """Code and name of the quota of the vCPUs of an instance type."""
    family = re.match("[a-z]+", instance_type)
    return FAMILY_QUOTAS.get(family[0] if family else "", STANDARD_QUOTA)
