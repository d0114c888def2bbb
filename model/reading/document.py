"""Reads the text of a stack file into nodes, within bounds, and refuses what Pulumi's engine refuses, changes
or reads otherwise (`model.reading.refusals`)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import yaml

from hybrid_mesh.model.reading.bounds import MAX_DEPTH, MAX_NODES, TOO_DEEP, TOO_MANY
from hybrid_mesh.model.reading.nodes import Mark, Node
from hybrid_mesh.model.reading.problems import ConfigurationError, Problem, format_value
from hybrid_mesh.model.reading.refusals import MERGE_KEY, Scalar, key_refusal, value_refusal
from hybrid_mesh.model.reading.scalars import plain_value
from hybrid_mesh.model.reading.syntax_errors import problem_at, syntax_problem

MAX_ALIASED, _FEW_NODES = 0.98, 1000
"""The engine refuses a file with more than 1,000 nodes of which aliases bring more than 99 %; nodes are
counted here nearly as it does. Source: `allowedAliasRatio` in decode.go of yaml.v3."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser of libyaml, whose translation to Go is the engine's; PyYAML's own where libyaml is missing."""

_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_STANDARD_TAGS = "tag:yaml.org,2002:"

_KEY_KINDS = {
    yaml.AliasEvent: "an alias",
    yaml.SequenceStartEvent: "a list",
    yaml.MappingStartEvent: "a section of keys",
}


class _UnreadableDocumentError(Exception):
    """Ends the reading of a document of which no more can be read."""


def read_document(text: str) -> Node | None:
    """The root of the document `text`, or None when it is empty.

    Raises ConfigurationError with every problem of the text as such, whose paths begin at the root.
    """
    found = _CONTROL.search(text)
    if found is not None:
        raise ConfigurationError([_control_character(text, found)])
    composer = _Composer(text)
    root = composer.document()
    if composer.problems:
        raise ConfigurationError(composer.problems)
    return root


def _control_character(text: str, found: re.Match[str]) -> Problem:
    before = text[: found.start()]
    line = before.count("\n") + 1
    column = found.start() - (before.rfind("\n") + 1) + 1
    message = f"control character U+{ord(found.group()):04X} is not allowed in YAML"
    remedy = f'Remove it, or write "\\x{ord(found.group()):02x}" in double quotes.'
    return Problem("", "", message, remedy, line=line, column=column)


class _Composer:
    """Turns a parser's events into nodes. Works on one document once."""

    def __init__(self, text: str) -> None:
        self.problems: list[Problem] = []
        self._text = text
        self._events = _events(text)
        self._anchors: dict[str, Node | None] = {}
        self._path: list[str] = []
        self._nodes = 0
        self._aliased = 0
        self._brackets = 0

    def document(self) -> Node | None:
        """The root, or None when there is none; `problems` says whether it can be used."""
        try:
            return self._document()
        except yaml.MarkedYAMLError as error:
            self.problems.append(syntax_problem(error, self._text))
        except _UnreadableDocumentError:
            pass
        return None

    def _document(self) -> Node | None:
        next(self._events)
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            return None
        if start.version or start.tags:
            message, remedy = "YAML directives are not supported", "Remove the lines that begin with %."
            self.problems.append(problem_at(start.start_mark, message, remedy))
        root = self._node(next(self._events), None)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            message = "a stack file must be a single YAML document; a second one begins here"
            self.problems.append(problem_at(after.start_mark, message, "Remove it."))
        return root

    def _node(self, event: Any, key: Mark | None) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, key)
        self._count(1, 1, event)
        if event.anchor:
            self._anchors[event.anchor] = None
        if event.tag is not None:
            self._refuse_tag(event)
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        else:
            self._brackets += bool(event.flow_style)
            is_list = isinstance(event, yaml.SequenceStartEvent)
            node = self._sequence(event) if is_list else self._mapping(event)
            self._brackets -= bool(event.flow_style)
        node.key = key
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, key: Mark | None) -> Node:
        alias = f"*{event.anchor}"
        if event.anchor not in self._anchors:
            remedy = f"Define `&{event.anchor}` above, or put text that begins with * in quotes."
            self._report(event, alias, "no anchor with this name is defined above", remedy)
            return Node(_mark(event), key=key)
        target = self._anchors[event.anchor]
        if target is None:
            self._report(event, alias, "the alias is part of the value that it stands for", "Remove it.")
            raise _UnreadableDocumentError
        self._aliased += target.size
        self._count(target.size + 1, target.height, event)
        if self._nodes > _FEW_NODES and self._aliased > MAX_ALIASED * self._nodes:
            message = f"aliases stand for more than {MAX_ALIASED:.0%} of the file's values"
            self._report(event, alias, message, "Write some of the values without an alias.")
            raise _UnreadableDocumentError
        return replace(target, mark=_mark(event), key=key, size=target.size + 1)

    def _count(self, nodes: int, height: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            self._report(event, "", *TOO_MANY)
            raise _UnreadableDocumentError
        if len(self._path) + height > MAX_DEPTH:
            self._report(event, "", *TOO_DEEP)
            raise _UnreadableDocumentError

    def _scalar(self, event: Any) -> Node:
        refusal = value_refusal(self._as_scalar(event))
        if refusal is not None:
            self._report(event, refusal.value, refusal.message, refusal.remedy)
        if event.implicit[0]:
            return Node(_mark(event), plain_value(event.value), text=event.value)
        return Node(_mark(event), event.value)

    def _as_scalar(self, event: Any) -> Scalar:
        written = self._text[event.start_mark.index : event.end_mark.index]
        return Scalar(event.value, written, event.implicit[0], self._brackets > 0, len(self._path))

    def _sequence(self, event: Any) -> Node:
        node = Node(_mark(event), [])
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            index = str(len(node.entries))
            self._path.append(index)
            self._add(node, index, self._node(event, None))
            self._path.pop()
        node.value = [entry.value for entry in node.entries.values()]
        return node

    def _mapping(self, event: Any) -> Node:
        node = Node(_mark(event), {})
        merges: dict[Mark, list[Node]] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            mark = _mark(event)
            self._nodes += 1
            self._path.append(event.value if isinstance(event, yaml.ScalarEvent) else "")
            key = self._key(event)
            value_event = next(self._events)
            value = self._node(value_event, mark)
            if key == MERGE_KEY:
                first = next(iter(merges), None)
                merges[mark] = self._merged(value_event, value)
            else:
                first = node.entries[key].key if key in node.entries else None
            if first is not None:
                message = f"duplicate key (first defined on line {first.line})"
                self._report(event, "", message, "Rename one of the two, or merge them.")
            elif key is not None and key != MERGE_KEY:
                self._add(node, key, value)
            self._path.pop()
        for source in (source for sources in merges.values() for source in sources):
            for key, entry in source.entries.items():
                if key not in node.entries:
                    self._add(node, key, entry)
        node.value = {key: entry.value for key, entry in node.entries.items()}
        return node

    def _key(self, event: Any) -> str | None:
        """The text of a key, or None for one that is refused; consumes the key's events."""
        if not isinstance(event, yaml.ScalarEvent):
            message = f"{_KEY_KINDS[type(event)]} cannot be a key"
            self._report(event, "", message, "Put text that begins with {, [ or * in quotes.")
            count = len(self.problems)
            self._node(event, None)
            del self.problems[count:]
            return None
        if event.tag is not None:
            self._refuse_tag(event)
        refusal = key_refusal(replace(self._as_scalar(event), depth=len(self._path) - 1))
        if refusal is not None:
            self._report(event, refusal.value, refusal.message, refusal.remedy)
            return None
        text: str = event.value
        return text

    def _refuse_tag(self, event: Any) -> None:
        tag = event.tag.replace(_STANDARD_TAGS, "!!", 1)
        self._report(event, tag, "tags are not supported", "Remove the tag.")

    def _merged(self, event: Any, value: Node) -> list[Node]:
        """The mappings that a merge key brings, the first of which has precedence."""
        is_list = isinstance(value.value, list) and not isinstance(event, yaml.AliasEvent)
        sources = list(value.entries.values()) if is_list else [value]
        if all(isinstance(source.value, dict) for source in sources):
            return sources
        message = "a merge key requires a section of keys, or a list of them"
        self._report(
            event, format_value(value.value), message, "Write `<<: *anchor` or `<<: [*one, *other]`."
        )
        return []

    def _add(self, node: Node, key: str, entry: Node) -> None:
        node.entries[key] = entry
        node.size += entry.size + (not isinstance(node.value, list))
        node.height = max(node.height, entry.height + 1)

    def _report(self, event: Any, value: str, message: str, remedy: str) -> None:
        line, column = _mark(event)
        path = ".".join(filter(None, self._path))
        self.problems.append(Problem(path, value, message, remedy, line=line, column=column))


def _events(text: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except ValueError as error:  # of PyYAML's own parser, for an escape that is not a character
        raise yaml.MarkedYAMLError(problem="an escape sequence names no character") from error


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)
