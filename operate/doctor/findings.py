"""What doctor finds."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from hybrid_mesh.operate.doctor.repairs import Repair


class Severity(Enum):
    """`BROKEN`: requests fail, or will with the next restart, registration or renewal. `WARNING`: the mesh
    works, but is not as planned, or will stop to work at a known time."""

    BROKEN = "broken"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    `check` is the name of the check, a contract: docs/doctor.md lists them. `subject` names things as
    `verify` does: `cluster east`, `VM legacy-0`, `pod demo/echo-x of east`, `cluster west → cluster east`,
    `group legacy`, `mesh`. `problem` is one sentence: what is, and what should be. `remedy` is one sentence
    or commands to copy. `since` has a time zone; None where it is not known. Without a `repair`, `--fix`
    prints the remedy only.
    """

    check: str
    severity: Severity
    subject: str
    problem: str
    remedy: tuple[str, ...]
    since: datetime | None = None
    repair: Repair | None = None
