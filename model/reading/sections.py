"""The sections of a stack file around the mesh: `config` and the keys in it."""

from collections.abc import Iterator

from hybrid_mesh.model.reading.nodes import Mark, Node
from hybrid_mesh.model.reading.problems import UNKNOWN_KEY, Problem, format_value, nearest_match

NAMESPACE = "hybrid-mesh"
MESH_KEY = f"{NAMESPACE}:mesh"

_WHERE = f"Write the mesh below `config:`, as in `{MESH_KEY}: {{id: mesh1, networks: …, clusters: …}}`."
_ENCRYPTED = "is encrypted, and cannot be read without the stack's passphrase"
_PLAIN = "Write it in plain text; only keys beside the mesh, such as kubeconfigs, can be secrets."
_ENCRYPTION_KEYS = {"encryptionsalt", "encryptedkey", "secretsprovider"}
_SECTION = "must be a section of keys"


def section_problems(root: Node | None) -> Iterator[Problem]:
    """What is wrong with the file `root` before its mesh is looked at: no mesh, keys of `config` that the
    engine refuses, encrypted parts of the mesh."""
    if root is None or root.value is None:
        yield Problem("", "", "the stack file is empty", _WHERE)
    elif not isinstance(root.value, dict):
        yield _at(root.mark, Problem("", format_value(root.value), _SECTION, _WHERE))
    elif "config" not in root.entries:
        keys = [key for key in root.entries if nearest_match(key, ["config"])]
        hint = f"Rename `{keys[0]}` to `config`." if keys else _WHERE
        yield _at(root.mark, Problem("config", "", "this required key is missing", hint))
    else:
        yield from _encryption_problems(root)
        yield from _config_problems(root.entries["config"])


def _encryption_problems(root: Node) -> Iterator[Problem]:
    for key in _ENCRYPTION_KEYS & root.entries.keys():
        if root.entries[key].entries:
            problem = Problem(key, "", "must be text", "Take the value that Pulumi wrote.")
            yield _at(root.entries[key].place, problem)


def _config_problems(config: Node) -> Iterator[Problem]:
    if not isinstance(config.value, dict):
        value = format_value(config.value) if config.value is not None else ""
        message = _SECTION if value else "the key has no value"
        yield _at(config.place, Problem("config", value, message, _WHERE))
        return
    missing = MESH_KEY not in config.entries
    meant = [key for key in config.entries if _is_mesh(key) or (missing and _resembles_mesh(key))]
    for key, entry in config.entries.items():
        if key in meant:
            yield _at(entry.key, Problem(key, "", UNKNOWN_KEY, f"Did you mean `{MESH_KEY}`?"))
        elif not _is_valid(key):
            remedy = "Write it as `namespace:name`."
            yield _at(entry.key, Problem(key, "", "not a valid configuration key", remedy))
    if MESH_KEY in config.entries:
        yield from _mesh_problems(config.entries[MESH_KEY])
    elif not meant:
        yield _at(config.place, Problem(MESH_KEY, "", "this required key is missing", _WHERE))


def _is_mesh(key: str) -> bool:
    """Whether the engine may read `key` as the mesh's, or a person meant it."""
    return key in ("mesh", f"{NAMESPACE}:config:mesh")


def _resembles_mesh(key: str) -> bool:
    """Whether both parts of `key` are near those of the mesh's."""
    pairs = zip(key.partition(":")[::2], MESH_KEY.partition(":")[::2], strict=True)
    return all(nearest_match(part, [wanted]) for part, wanted in pairs)


def _is_valid(key: str) -> bool:
    """Whether the engine reads `key`; it puts the project's name before one without a namespace. Source:
    `ParseKey` in sdk/go/common/resource/config/key.go."""
    namespace, _, name = key.partition(":")
    return ":" not in name or (bool(namespace) and name.startswith("config:") and name.count(":") == 1)


def _mesh_problems(mesh: Node) -> Iterator[Problem]:
    if _is_encrypted(mesh):
        yield _at(mesh.place, Problem(MESH_KEY, "", f"the mesh {_ENCRYPTED}", _PLAIN))
    elif not isinstance(mesh.value, dict):
        value = format_value(mesh.value) if mesh.value is not None else ""
        message = _SECTION if value else "the key has no value"
        yield _at(mesh.place, Problem(MESH_KEY, value, message, _WHERE))
    else:
        yield from _encrypted_values(mesh, "")


def _encrypted_values(node: Node, path: str) -> Iterator[Problem]:
    for key, entry in node.entries.items():
        below = f"{path}.{key}" if path else key
        if _is_encrypted(entry):
            yield _at(entry.place, Problem(below, "", f"the value {_ENCRYPTED}", _PLAIN))
        else:
            yield from _encrypted_values(entry, below)


def _is_encrypted(node: Node) -> bool:
    """Whether the engine takes the value for a secret. Source: `isSecureValue` in
    sdk/go/common/resource/config/object.go."""
    return list(node.entries) == ["secure"] and isinstance(node.entries["secure"].value, str)


def _at(mark: Mark | None, problem: Problem) -> Problem:
    line, column = mark or (None, None)
    return Problem(problem.path, problem.value, problem.message, problem.remedy, line=line, column=column)
