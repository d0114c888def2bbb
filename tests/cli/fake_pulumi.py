"""Programs for tests: a script that notes how it was called and does what the test says."""

import json
from pathlib import Path

from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.environment import PulumiEnvironment

SCRIPT = """#!{python}
import json, os, signal, subprocess, sys, time
from pathlib import Path
home = Path({home!r})
with (home / "calls").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
def interrupted(number, frame):
    (home / "interrupted").open("a").write("x")
    if (home / "ends on interrupt").exists():
        sys.exit(1)
signal.signal(signal.SIGINT, interrupted)
for words, answer in json.loads((home / "answers.json").read_text()):
    if sys.argv[1:1 + len(words)] == words:
        sys.stdout.write(answer.get("stdout", ""))
        sys.stderr.write(answer.get("stderr", ""))
        sys.stdout.flush()
        if "stdin" in answer:
            (home / answer["stdin"]).write_text(sys.stdin.read())
        if "kubeconfig" in answer:  # read twice, as by a kubectl that starts another
            path = next(word.partition("=")[2] for word in sys.argv if word.startswith("--kubeconfig="))
            texts = [subprocess.check_output(["cat", path], close_fds=False, text=True) for _ in range(2)]
            (home / answer["kubeconfig"]).write_text(json.dumps([Path(path).read_text(), *texts]))
        if "temporary" in answer:
            folder = Path(os.environ["TMPDIR"])
            assert folder.stat().st_mode & 0o777 == 0o700
            (folder / answer["temporary"]).touch()
            (home / "temporary").write_text(str(folder))
        if "events" in answer and "--event-log" in sys.argv:
            assert os.environ["PULUMI_DEBUG_COMMANDS"] == "true"
            with open(sys.argv[sys.argv.index("--event-log") + 1], "w") as log:
                log.writelines(json.dumps(event) + "\\n" for event in answer["events"])
        if "ready" in answer:
            (home / answer["ready"]).touch()
        time.sleep(answer.get("seconds", 0))  # the time its work takes; no signal shortens it
        sys.exit(answer.get("code", 0))
"""


class FakeProgram:
    """`answers` are tried in order, each by the first words of the command line; without one it ends with
    0."""

    def __init__(self, home: Path, python: str, name: str) -> None:
        self.home = home
        self.program = home / name
        self.program.write_text(SCRIPT.format(python=python, home=str(home)))
        self.program.chmod(0o755)
        self.answers: list[tuple[list[str], dict[str, object]]] = []
        self._write()

    def answer(self, words: str, **answer: object) -> None:
        self.answers.append((words.split(), answer))
        self._write()

    def calls(self) -> list[list[str]]:
        path = self.home / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def called(self, *words: str) -> list[list[str]]:
        return [call for call in self.calls() if call[: len(words)] == list(words)]

    def _write(self) -> None:
        (self.home / "answers.json").write_text(json.dumps(self.answers))


class FakePulumi(FakeProgram):
    """The engine."""

    def __init__(self, home: Path, python: str) -> None:
        super().__init__(home, python, "pulumi")

    def engine(self, backend: Path | None = None, passphrase: Path | None = None) -> Engine:
        settings = PulumiEnvironment({}, backend, passphrase, {})
        return Engine(str(self.program), settings, {"PATH": "/usr/bin:/bin"})
