"""Wrong texts of the file: not YAML, or read otherwise by the engine, or without bounds."""

from tests.model.wrong_inputs.case import (
    AT_WEST,
    GOOD,
    LABELS,
    MISSPELT,
    NOT_YAML,
    VERSION,
    WEST,
    WrongInput,
    bomb,
    changed,
    identifier,
    top,
    whole,
)

ROWS: dict[int, tuple[WrongInput, ...]] = {
    1: (changed("unclosed bracket", WEST, WEST.replace("}", ""), NOT_YAML, "@:13: ", "`{` is not closed"),),
    2: (
        changed("tab", "      amsterdam:", "\tamsterdam:", "@:1: YAML does not allow tabs", "Use spaces."),
        changed("tabs in a list", WEST, "      west:\n\t\t- a\n", "does not allow tabs", "Use spaces."),
    ),
    3: (whole("BOM", "\ufeff" + MISSPELT, f"{AT_WEST}:36: clusters.west.network (bostn)", "`boston`"),),
    4: (whole("CRLF", MISSPELT.replace("\n", "\r\n"), f"{AT_WEST}:36: clusters.west.network", "`boston`"),),
    5: (
        whole("UTF-16", GOOD.encode("utf-16"), "UTF-8"),
        whole("Latin-1", GOOD.replace("mesh1", "m\xe9").encode("latin-1"), "UTF-8"),
    ),
    6: (
        changed(
            "duplicate key in a flow section",
            "network: boston}",
            "network: boston, network: boston}",
            "@:44: clusters.west.network: duplicate key (first defined on line ",
        ),
        changed(
            "duplicate key in a block",
            WEST,
            WEST + WEST,
            "@1:7: clusters.west: duplicate key (first defined on line ",
        ),
    ),
    7: (identifier("undefined alias", "*nowhere", "@:9: id (*nowhere)", "no anchor", "Define `&nowhere`"),),
    26: (
        whole(
            "two documents", GOOD + "---\nconfig: {}\n", "single YAML document", "a second one begins here"
        ),
    ),
    32: (
        changed(
            "key ~",
            WEST,
            WEST.replace("west", "~"),
            "@:7: clusters.~ (~): a key must be text",
            'Write "~".',
        ),
        changed(
            "key 01",
            WEST,
            WEST.replace("west", "01"),
            "@:7: clusters.01 (01): a key must be text",
            'Write "01".',
        ),
        changed("key 1", WEST, "      1: {type: local, network: bostn}\n", "clusters.1.network (bostn)"),
        changed("key on", WEST, "      on: {type: local, network: bostn}\n", "clusters.on.network (bostn)"),
    ),
    33: (
        changed(
            "list as a key", WEST, "      ? [a]\n      : 1\n", "a list cannot be a key", lacks=("hashable",)
        ),
        changed(
            "section as a key",
            WEST,
            "      {{ x }}: 1\n",
            "a section of keys cannot be a key",
            lacks=("hashable",),
        ),
    ),
    34: (
        identifier("tag", "!secret x", "@:9: id (!secret): tags are not supported", "Remove the tag."),
        identifier("Python's tag", "!!python/object/apply:os.system [true]", "tags are not supported"),
    ),
    35: (
        changed(
            "set",
            LABELS,
            "labels: !!set {a, b}",
            "labels (",
            "tags are not supported",
            lacks=("frozenset", "{'"),
        ),
    ),
    36: (
        changed(
            "date", LABELS, "labels: {day: 2026-11-27}", "labels.day (2026-11-27): a date", '"2026-11-27"'
        ),
        changed(
            "time", LABELS, "labels: {day: 2026-11-27T10:00:00Z}", "labels.day", '"2026-11-27T10:00:00Z"'
        ),
    ),
    38: (
        changed(
            "merge of a scalar", WEST, WEST.replace("{", "{<<: 1, "), "a merge key requires a section of keys"
        ),
    ),
    41: (
        identifier("deep list", "[" * 5000 + "]" * 5000, "nested more than 64 levels deep"),
        identifier("unclosed deep list", "[" * 5000, "nested more than 64 levels deep"),
        identifier("deep section", "{a: " * 5000 + "}" * 5000, "nested more than 64 levels deep"),
    ),
    42: (
        changed(
            "recursive labels", LABELS, "labels: &l {a: *l}", "labels.a (*l): the alias is part of the value"
        ),
    ),
    44: (changed("no integer", VERSION, "version: !!int two", "tags are not supported"),),
    45: (changed("no float", VERSION, "version: !!float two", "tags are not supported"),),
    46: (
        identifier("raw NUL", "mesh\x001", "@:13: control character U+0000 is not allowed"),
        identifier("raw escape", "mesh\x1b", "control character U+001B is not allowed"),
    ),
    47: (
        identifier("alias bomb", f"*a8\n{bomb(9)}", "no anchor"),
        top("alias bomb above", bomb(9), "aliases stand for more than 98% of the file's values"),
    ),
    48: (
        changed(
            "recursive values",
            VERSION,
            f"{VERSION}\n      values: &v {{a: *v}}",
            "the alias is part of the value",
        ),
        changed(
            "deep values", VERSION, f"{VERSION}\n      values: {'{a: ' * 400}{'}' * 400}", "64 levels deep"
        ),
    ),
}
