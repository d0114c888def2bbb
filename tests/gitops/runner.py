"""Runs the `run:` steps of a workflow as GitHub's runner does, for the stack `local`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.commands import run
from tests.gitops.pipelines import Step, commands, workflow

_STEP_SECONDS = 600
_GH = """#!/bin/sh
# Stands for GitHub's own command: keeps what it was asked, and knows no issue.
for argument do
    case "$previous" in --body-file) cp "$argument" "$GH_CALLS/body" ;; esac
    previous=$argument
    printf '%s\\n' "$argument"
done >> "$GH_CALLS/arguments"
"""


@dataclass(frozen=True)
class Result:
    """What a step did. `output` is both streams; the files are those that a step writes for the run."""

    step: Step
    code: int
    output: str


@dataclass
class Runner:
    """A runner with one folder. `temporary` lasts, as the artifacts do that a later job fetches. `prelude` is
    shell that makes the job's tools and credentials ready, as its `uses:` steps do on GitHub."""

    folder: Path
    environment: Mapping[str, str]
    prelude: str = ":"
    calls: Path = field(init=False)
    temporary: Path = field(init=False)
    summary: Path = field(init=False)

    def __post_init__(self) -> None:
        self.calls, self.temporary = self.folder / "gh", self.folder / "temp"
        self.summary = self.folder / "summary.md"
        for folder in (self.calls, self.temporary, self.folder / "bin"):
            folder.mkdir(parents=True)
        self.program("gh", _GH)

    def program(self, name: str, text: str) -> None:
        """Puts a program on the runner's PATH."""
        path = self.folder / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def job(self, name: str, job: str) -> list[Result]:
        """Runs the job's commands in order, up to the first that fails."""
        self.summary.write_text("")
        results: list[Result] = []
        for step in commands(name, job):
            results.append(self._run(step))
            if results[-1].code != 0:
                break
        return results

    def body(self) -> str:
        """The text that was last given to `gh`."""
        return (self.calls / "body").read_text()

    def arguments(self) -> list[str]:
        """All that `gh` was asked so far."""
        return (self.calls / "arguments").read_text().splitlines()

    def _run(self, step: Step) -> Result:
        script = self.folder / "step.sh"
        script.write_text(step.script)
        shell = workflow(step.workflow)["defaults"]["run"]["shell"]
        assert shell == "bash"  # of which GitHub makes: bash --noprofile --norc -eo pipefail {0}
        done = run(
            ["bash", "-c", f"{self.prelude} && exec bash --noprofile --norc -eo pipefail {script}"],
            environment=self._environment(step),
            seconds=_STEP_SECONDS,
            merged=True,
            check=False,
        )
        return Result(step, done.returncode, done.stdout)

    def _environment(self, step: Step) -> dict[str, str]:
        """The job's own `env`, its expressions answered; the local site says which backend it is."""
        answers = {
            "STACK": "local",
            "NUMBER": "7",
            "COMMIT": "c0ffee",
            "GH_REPO": "someone/mesh",
            "RUN": "run/1",
            "GH_TOKEN": "",
        }
        declared = workflow(step.workflow)["jobs"][step.job].get("env", {})
        job = {
            name: answers.get(name, value) for name, value in declared.items() if name != "PULUMI_BACKEND_URL"
        }
        assert not any("${{" in value for value in job.values()), job
        return {
            **self.environment,
            **job,
            "PATH": f"{self.folder / 'bin'}:{self.environment['PATH']}",
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GH_CALLS": str(self.calls),
        }
