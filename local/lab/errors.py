"""Errors of the lab. They keep their type over the control socket."""

from hybrid_mesh.local.lab.specs import Owner


class LabError(Exception):
    """The lab could not do what was requested; the text says what failed and what to do."""


class LabNotRunning(LabError):  # noqa: N818 - the contract's name
    """No lab runs on this state folder."""


class PreflightError(LabError):
    """This host lacks something that the lab requires. `problems`: one line each, with the remedy."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class LabEnding(LabError):  # noqa: N818 - a state, like LabNotRunning
    """The lab lost its last member and is about to end. The next call starts a new one."""


def refuse_other_owner(what: str, owner: Owner | None, asking: Owner | None) -> None:
    """Raises LabError when `what` ("cluster east") belongs to another stack than the one that requests it."""
    if owner is not None and asking is not None and owner != asking:
        raise LabError(
            f"{what} belongs to {owner.described_to(asking)}: destroy that stack "
            f"(`hybrid-mesh down --stack {owner.stack}`) or use another name; "
            f"if that stack no longer exists, run `hybrid-mesh lab delete {what.rpartition(' ')[2]}`"
        )


def to_wire(error: LabError) -> dict[str, object]:
    kind = type(error).__name__
    problems = error.problems if isinstance(error, PreflightError) else []
    return {"kind": kind, "message": str(error), "problems": problems}


def from_wire(value: dict[str, object]) -> LabError:
    problems = value.get("problems")
    if value.get("kind") == "PreflightError" and isinstance(problems, list):
        return PreflightError([str(problem) for problem in problems])
    kind = LabEnding if value.get("kind") == "LabEnding" else LabError
    return kind(str(value.get("message")))
