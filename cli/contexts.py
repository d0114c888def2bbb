"""The mesh's clusters as contexts of a kubeconfig file, beside what others keep in it.

Every entry of ours is marked by an extension, as minikube marks its own; only marked ones are replaced or
removed. A file is locked as kubectl and kind lock it (client-go, tools/clientcmd/loader.go, `lockFile`), and
replaced in one step.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hybrid_mesh.cli.errors import WRONG, CommandError
from hybrid_mesh.cli.kubeconfigs import Kubeconfig
from hybrid_mesh.local.paths import state_folder
from hybrid_mesh.local.patience import patient
from hybrid_mesh.model.derive.kubeconfigs import merge_kubeconfigs

EXTENSION = "hybrid-mesh"
_SECTIONS = {"clusters": "cluster", "users": "user", "contexts": "context"}
_LOCK_SECONDS = 5.0

Document = dict[str, Any]


@dataclass(frozen=True)
class Owner:
    """Whose entries are meant: those of a stack, or of one cluster of it; without a stack, those of every
    stack with this state folder."""

    stack: str | None = None
    cluster: str | None = None

    def marks(self, entry: Mapping[str, Any], section: str) -> bool:
        """Whether an entry of a kubeconfig is this owner's."""
        mark = _mark_of(entry, section)
        named = {"stack": self.stack, "cluster": self.cluster, "state": str(state_folder())}
        return all(mark.get(key) == value for key, value in named.items() if value is not None)


def context_of(name: str, stack: str, cluster: str, kubeconfig: Kubeconfig) -> Document:
    """A kubeconfig with nothing but the way to `cluster`, as the context `name`. Raises CommandError when
    `kubeconfig` has no such context."""
    content = kubeconfig.content
    if kubeconfig.path is not None:
        content = merge_kubeconfigs([(kubeconfig.path, content)])
    mark = {"stack": stack, "cluster": cluster, "state": str(state_folder())}
    wanted = kubeconfig.context or content.get("current-context")
    chosen = _inner(content, "contexts", wanted)
    if chosen is None:
        raise CommandError(
            f"The kubeconfig of cluster {cluster} has no context {wanted or 'that is current'}.",
            "Set `context` of the cluster in the stack file, or fix the kubeconfig.",
        )
    parts = {
        "clusters": _inner(content, "clusters", chosen.get("cluster")),
        "users": _inner(content, "users", chosen.get("user")),
        "contexts": {**chosen, "cluster": name, "user": name},
    }
    document: Document = {"apiVersion": "v1", "kind": "Config", "current-context": name}
    for section, part in parts.items():
        document[section] = [_marked(name, section, part, mark)] if part is not None else []
    return document


def add(document: Document, contexts: list[Document], *, current: bool) -> Document:
    """`document` with `contexts`; the first becomes the current one if `current`, or if there is none. Raises
    CommandError when one of the names belongs to somebody else."""
    document = {"apiVersion": "v1", "kind": "Config", **document}
    for context in contexts:
        for section in _SECTIONS:
            for entry in context[section]:
                _replace(document, section, entry)
    if contexts and (current or not document.get("current-context")):
        document["current-context"] = contexts[0]["current-context"]
    return document


def remove(document: Document, owner: Owner) -> tuple[Document, list[str]]:
    """`document` without the entries of `owner`, and the names of the contexts that went."""
    kept = dict(document)
    for section in _SECTIONS:
        if section in document:
            kept[section] = [each for each in document[section] or () if not owner.marks(each, section)]
    gone = owned(document, owner)
    if kept.get("current-context") in gone:
        kept["current-context"] = ""
    return kept, gone


def owned(document: Document, owner: Owner) -> list[str]:
    """The names of the contexts of `owner`."""
    return [each["name"] for each in document.get("contexts") or () if owner.marks(each, "contexts")]


def is_ours(document: Document) -> bool:
    """Whether every context of `document` was put there by this program."""
    return all(_mark_of(each, "contexts") for each in document.get("contexts") or ())


def read(path: Path) -> Document:
    """What is in a kubeconfig file; empty where there is none. Raises CommandError."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a valid kubeconfig"
        raise CommandError(f"{path} cannot be read: {reason}.", "Fix or move the file.") from None
    if document is None:
        return {}
    sections = [document.get(name) or [] for name in _SECTIONS] if isinstance(document, dict) else [None]
    if not all(isinstance(each, list) and all(map(_is_entry, each)) for each in sections):
        raise CommandError(f"{path} cannot be read: it is not a valid kubeconfig.", "Fix or move the file.")
    return dict(document)


def change(path: Path, edit: Callable[[Document], Document]) -> None:
    """Replaces the kubeconfig file at `path` with what `edit` makes of it, unless that is the same. Its mode
    becomes 0600. Raises CommandError."""
    path = path.expanduser().resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(path):
            before = read(path)
            after = edit(before)
            if after != before:
                _write(path, yaml.safe_dump(after, sort_keys=False, allow_unicode=True))
    except OSError as error:
        raise CommandError(
            f"{path} cannot be written: {error.strerror}.", "Name another file with --output."
        ) from None


def forget(path: Path, owner: Owner) -> list[str]:
    """Removes the contexts of `owner` from the kubeconfig file at `path`; their names. Raises
    CommandError."""
    gone: list[str] = []

    def edit(document: Document) -> Document:
        kept, names = remove(document, owner)
        gone.extend(names)
        return kept if names else document

    if path.expanduser().exists():
        change(path, edit)
    return gone


def _replace(document: Document, section: str, entry: Mapping[str, Any]) -> None:
    mark = _mark_of(entry, section)
    found = list(document.get(section) or ())
    place = next((index for index, each in enumerate(found) if each["name"] == entry["name"]), len(found))
    if place < len(found):
        held = _mark_of(found[place], section)
        if {**held, "cluster": ""} != {**mark, "cluster": ""}:
            owner = f"stack {held['stack']} with its state in {held['state']}" if held else "another program"
            raise CommandError(
                f"The kubeconfig already has {entry['name']} in `{section}`, from {owner}.",
                "Write another file with --output FILE, or delete that entry with `kubectl config`.",
                WRONG,
            )
    document[section] = [*found[:place], dict(entry), *found[place + 1 :]]


def _marked(name: str, section: str, inner: Mapping[str, Any], mark: Mapping[str, str]) -> Document:
    others = [each for each in inner.get("extensions") or () if each.get("name") != EXTENSION]
    own = {"name": EXTENSION, "extension": dict(mark)}
    return {"name": name, _SECTIONS[section]: {**inner, "extensions": [*others, own]}}


def _mark_of(entry: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    """Our mark on an entry; empty on one of somebody else's."""
    for each in (entry.get(_SECTIONS[section]) or {}).get("extensions") or ():
        if each.get("name") == EXTENSION and isinstance(each.get("extension"), dict):
            return dict(each["extension"])
    return {}


def _inner(content: Mapping[str, Any], section: str, name: object) -> Mapping[str, Any] | None:
    found = content.get(section) or ()
    inner = next((each.get(_SECTIONS[section]) for each in found if each.get("name") == name), None)
    return inner if isinstance(inner, dict) else None


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("name"), str)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = path.with_name(f"{path.name}.lock")
    deadline = time.monotonic() + patient(_LOCK_SECONDS)
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            break
        except FileExistsError:
            if time.monotonic() > deadline:
                raise CommandError(
                    f"{path} is locked by another program: {lock} exists.",
                    "Run the command again. If no other program runs, delete that file first.",
                ) from None
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    descriptor, new = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(new).replace(path)
    except BaseException:
        Path(new).unlink(missing_ok=True)
        raise
