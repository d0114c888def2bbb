"""What is wrong with a text that is not YAML, and where."""

import yaml

from hybrid_mesh.model.reading.problems import Problem

_CLOSING = {"{": "}", "[": "]", "'": "'", '"': '"'}

_CHECK = "Check the indentation and the quotes."

_REASONS = {
    "mapping values are not allowed": (
        "a key is not allowed here",
        "Put a value that contains `: ` in quotes; otherwise check the indentation.",
    ),
    "escape": (
        "unknown escape sequence in double quotes",
        "Use single quotes, or write each backslash twice.",
    ),
}
"""Message and remedy by what the parser says. Both of PyYAML's parsers are understood."""


def syntax_problem(error: yaml.MarkedYAMLError, text: str) -> Problem:
    """The parser's `error` about `text` in plain words."""
    mark, context = error.problem_mark, error.context_mark
    at_end = mark is None or not text[mark.index :].strip()
    opening = text[context.index : context.index + 1] if context is not None else ""
    later = mark is not None and context is not None and mark.line > context.line
    if (at_end or later) and opening in _CLOSING:
        before = f" before line {mark.line + 1}" if mark is not None and not at_end else ""
        message = f"not valid YAML: this `{opening}` is not closed{before}"
        return problem_at(context, message, f"Add the closing `{_CLOSING[opening]}`.")
    if at_end and "flow" in str(error.context):
        message = "not valid YAML: the text ends before a bracket is closed"
        return problem_at(mark, message, "Add the closing bracket.")
    character = text[mark.index : mark.index + 1] if mark is not None else ""
    if character == "\t":
        return problem_at(mark, "YAML does not allow tabs for indentation", "Use spaces.")
    message, remedy = _reason(error, character)
    return problem_at(mark, f"not valid YAML: {message}", remedy)


def _reason(error: yaml.MarkedYAMLError, character: str) -> tuple[str, str]:
    reason = error.problem or "the text cannot be parsed"
    if "cannot start any token" in reason:
        return f"a value cannot begin with {character}", "Put the value in quotes."
    if "expected" in reason and "parsing a block" in str(error.context):
        return "this does not continue the lines above", _CHECK
    return next((reply for part, reply in _REASONS.items() if part in reason), (reason, _CHECK))


def problem_at(mark: "yaml.Mark | None", message: str, remedy: str) -> Problem:
    """A problem of the text itself rather than of a key."""
    if mark is None:
        return Problem("", "", message, remedy)
    return Problem("", "", message, remedy, line=mark.line + 1, column=mark.column + 1)
