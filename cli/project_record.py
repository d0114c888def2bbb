"""`.hybrid-mesh.json`: what was generated in a project, so that an upgrade overwrites no edited file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_mesh.cli.errors import WRONG, CommandError
from hybrid_mesh.cli.project_files import TEMPLATES, File

RECORD = ".hybrid-mesh.json"


@dataclass(frozen=True)
class Record:
    """`version` of the package that wrote the files last; `files` has the SHA-256 sum of each as it was
    written."""

    version: str
    name: str
    template: str
    files: Mapping[str, str]

    @classmethod
    def read(cls, project: Path) -> "Record":
        """Raises CommandError where there is none, or one that cannot be used."""
        path = project / RECORD
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            record = cls(content["version"], content["name"], content["template"], dict(content["files"]))
            _ = TEMPLATES[record.template]
        except FileNotFoundError:
            raise CommandError(
                f"{project} was not created by `hybrid-mesh init`: it has no {RECORD}.",
                "In a clone of the repository, merge the new version with git instead.",
                WRONG,
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{path} cannot be used ({error}).", "Restore it from git.", WRONG) from None
        return record

    def write(self, project: Path) -> None:
        content = {
            "version": self.version,
            "name": self.name,
            "template": self.template,
            "files": dict(sorted(self.files.items())),
        }
        (project / RECORD).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def sums(files: Mapping[str, File]) -> dict[str, str]:
    """The sums of all files that are not yours."""
    return {path: checksum(file.text) for path, file in files.items() if not file.yours}


def checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def write(project: Path, path: str, file: File) -> None:
    """Writes a file with its folders, in one step."""
    target = project / path
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f".{target.name}.new")
    new.write_text(file.text, encoding="utf-8")
    new.chmod(0o755 if file.executable else 0o644)
    new.rename(target)
