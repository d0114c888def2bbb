"""Values and files in YAML, the odd ones of each kind, for a comparison of their readers."""

from textwrap import indent

SCALARS = """
true True TRUE false False FALSE tRUE yes Yes no NO on off y n null Null NULL ~ nULL 0 1 -1 +1 00 007 010
08 09.5 0o10 0O17 0o8 -0o10 +0o10 0x1F 0X1f -0x1F 0xG 0b11 0B11 -0b11 0b2 -0 +0 1_000 1__0 _1 1_ 0x_1 0_7
1_000.5 -1_0 9007199254740993 9223372036854775807 9223372036854775808 18446744073709551615
18446744073709551616 -9223372036854775808 -9223372036854775809 100000000000000000000
1000000000000000000000 0xFFFFFFFFFFFFFFFF 0xFFFFFFFFFFFFFFFFFF 0777777777777777777777
07777777777777777777777777 1.0 1. .5 -.5 +.5 1.5 1.50 -1.5e3 1e3 1E3 1e+3 1e-3 1.e3 .5e1 1e21 1e20
123456789.5 1e-7 0.1 1e400 -1e400 5e-324 0x1p-2 1e .e1 . + - -- +- 1-2 1:30 12:30:45 1.2.3 1,000 .inf
-.inf +.inf .Inf .nan .NaN .INF .iNF .1_0 -0.0 0.0 2026-11-27 2026-1-2 2026-13-45 2026-11-27T10:00:00Z
2026-11-27t10:00:00Z 2026-11-27T10:00:00+01:00 20261127 2026-11 a a:b a#b http://a/b 10.0.0.0/16 1.31.0
v1.31.0 << = <<: text-with-dash under_score é 名
""".split()  # noqa: SIM905 - one a line would fill pages
"""Scalars without quotes."""

LONG = ['"' + "k" * 2000 + '"', "'" + "word " * 60 + "'"]

TEXTS = [
    '"yes"', "'on'", '"1"', "'0x1F'", '"~"', '""', "''", '" a "', '"2026-11-27"', '"<<"', '"="', '"1:30"',
    '"\\t"', '"\\ttab\\nline"', '"\\nfirst"', '"a\\n"', '"a\\n\\n"', '" a\\nb"', '"a\\n b\\n"', '"\\n"',
    '"a \\nb"', '"\\0"', '"\\x1b[31m"', '"\\u2028a\\nb"', '"\\u2028a"', '"\\x85a"', '"\\x85a\\nb"',
    '"a\\rb"', '"a\\r\\nb"', '"\\r\\na"', '"\\ufeff"', '"\\ufeffa\\nb"', '"\\ufffe"', '"\\uffff"',
    '"\\ud83d\\ude00"', '"\\U0001F600"', '"\\U00110000"', '"\\/"', '"\\e"', '"\\q"', '"\\N\\_\\L\\P"',
    '"a\n  b\n\n  c"', "'it''s'", "'a\n  b'", "|\n  a\n  b", "|-\n  a\n  b", "|+\n  a\n\n",
    ">\n  a\n  b\n\n  c", "|2\n    a\n  b", "|\n\n  a", "|\n  \ta\n  b", "|\n   \n  a", ">-\n\n  a",
    "|\n  # not a comment\n  a", "a b\n  c", "a # comment", "- - a\n  - b", "''''",
]  # fmt: skip
"""Texts in each of YAML's styles."""

KEYS = [
    "1", "01", "0x1", "1.0", "1.5", "-1", "+1", "1_0", "true", "True", "false", "null", "~", "on", "yes",
    "y", "2026-11-27", ".inf", ".nan", "'1'", '"true"', '"<<"', '"~"', "''", "? a", "? [a]", "? {a: 1}",
    "[a]", "{a: 1}", "!!str 1", "! 1", "9223372036854775807", "9223372036854775808", "1e3", "a.b/c",
    "\u00e9", "=", "*one", "&two k", '"a\\nb"', '"\\ta\\nb"', '"\\na"', "a b", "a-", "'a:'", "'#'",
]  # fmt: skip

STRUCTURES = [
    "{a: http://b/c?d=e}", "[a?b]", "{a?b: 1}", "a: http://b/c?d=e", "a?b: c", "{a: 'b?c'}",
    "{a: ?}", "[?, a]",
    "{}", "[]", "{a}", "[a: 1]", "{a: }", "{a: , b: 1}", "[, a]", "[a,]", "{a: 1,}", "{a: 1 b: 2}", "{a:1}",
    '{"a":1}', "{a: 1, a: 2}", "{a: 1, 'a': 2}", "{1: a, '1': b}", "{1: a, 0x1: b}", "{1: a, 01: b}",
    "&x {a: *x}", "[&x a, *x]", "{a: &x {b: 1, c: 2}, d: {<<: *x, c: 3}}",
    "{a: &x {b: 1}, d: {c: 3, <<: *x}}", "{a: &x {b: 1}, c: &y {b: 2, d: 3}, e: {<<: [*x, *y]}}",
    "{a: &x {b: 1}, e: {<<: [*x, {b: 3, f: 4}], b: 5}}",
    "{a: &x {b: 1}, c: &y {<<: *x, d: 2}, e: {<<: *y, b: 9}}", "{a: &x [1], d: {<<: *x}}", "{d: {<<: 1}}",
    "{d: {<<: {a: 1}}}", "{d: {<<: [1]}}", "{a: &x {b: 1}, d: {<<: *x, <<: *x}}",
    "{a: &x [{b: 1}], d: {<<: *x}}", "{d: {<<: {}}}", "{d: {<<: }}", "{a: &x {b: ~}, d: {<<: *x}}",
    "{a: &x {1: b}, d: {<<: *x, '1': c}}", "{a: &x {k: {p: 1, q: 2}}, d: {<<: *x, k: {p: 3}}}",
    "{a: &x 1, b: &x 2, c: *x}", "{a: *nowhere}", "{a: &x , b: *x}", "{a: !!binary YQ==}",
    "{a: !!set {b, c}}", "{a: !!int '3'}", "{a: !!int two}", "{a: !!float two}", "{a: !!str 1}",
    "{a: !secret x}", "{a: ! 1}", "{a: !!map {}}", "{a: !!seq []}", "{a: !!null ''}",
    "{a: !!timestamp 2026-11-27}", "{a: !!omap [b: 1]}", "{a: !!python/object/apply:os.system [true]}",
    "{secure: v1:abc}", "{secure: {a: 1}}", "{a: {secure: 1}}", "{a: {secure: text}}",
    "{a: {secure: text, b: 1}}", "{a: [{secure: text}]}", "{secure: ''}", "[[[[1]]]]",
    "{a: [1, {b: [2, {c: 3}]}]}", "{a: 'b' }", "{a: 'b'c}", '{a: "b": c}', "{a: b: c}", "{a: -}", "{a: - b}",
    "[a, b]: c", "- a\n- b", "a: 1\nb: 2", "a:\n- 1\n- 2", "a:\n  - 1\nb: 2", "a: 1\n b: 2", "a: |\n  x\n y",
    "# only a comment", "a: 1 # c\n# d\nb: 2\n# e", "a:\tb", "a: \tb", "a:  b\t", "\ta: b", "a: @b",
    "a: `b`", "a: %b", "a: 'unclosed", "a: [unclosed", "a: &", "a: *", "a: !", "a: ?", "? a\n: b", "? a",
    "a: 1\na: 2", "a: {b: 1}\nc: 2\na: {d: 3}", "- a",
]  # fmt: skip

FILES = [
    "", "~", "a", "[]", "{}", "config:", "config: {}", "config: []", "config: 1", "# nothing", "---",
    "---\n...", "config: {hybrid-mesh:mesh: {a: 1}}", "config: {mesh: {a: 1}}",
    "config: {hybrid-mesh:config:mesh: {a: 1}}", "config: {mesh: {a: 1}, hybrid-mesh:mesh: {a: 2}}",
    "config: {other: 1, hybrid-mesh:mesh: {a: 1}}", "config: {1: 2, hybrid-mesh:mesh: {a: 1}}",
    "config: {a:b:c: 2, hybrid-mesh:mesh: {a: 1}}", "config: {a:config:c: 2, hybrid-mesh:mesh: {a: 1}}",
    "config: {a:b:c:d: 2, hybrid-mesh:mesh: {a: 1}}", "config: {true: 2, hybrid-mesh:mesh: {a: 1}}",
    "1: 2\nconfig: {hybrid-mesh:mesh: {a: 1}}", "x: {1: 2}\nconfig: {hybrid-mesh:mesh: {a: 1}}",
    "other: 1\nconfig: {hybrid-mesh:mesh: {a: 1}}", "config: {':': 1, hybrid-mesh:mesh: {a: 1}}",
    "config: {'': 1, hybrid-mesh:mesh: {a: 1}}", "config: {':x': 1, hybrid-mesh:mesh: {a: 1}}",
    "config: {'x:': 1, hybrid-mesh:mesh: {a: 1}}",
    "config: {hybrid-mesh:mesh: {a: 1}}\n---\nconfig: {hybrid-mesh:mesh: {a: 2}}",
    "config: {hybrid-mesh:mesh: {a: 1}}\n...\nrest: [", "config: {hybrid-mesh:mesh: {a: 1}}\nconfig: {}",
    "--- {config: {hybrid-mesh:mesh: {a: 1}}}", "%YAML 1.1\n---\nconfig: {hybrid-mesh:mesh: {a: 1}}",
    "%YAML 1.2\n---\nconfig: {hybrid-mesh:mesh: {a: 1}}",
    "%TAG ! tag:x,2002:\n---\nconfig: {hybrid-mesh:mesh: {a: 1}}",
    "base: &x {a: 1}\nconfig: {hybrid-mesh:mesh: {<<: *x, b: 2}}",
    "<<: {config: {hybrid-mesh:mesh: {a: 1}}}", "\ufeffconfig: {hybrid-mesh:mesh: {a: 1}}",
    "config: {hybrid-mesh:mesh: {a: \ufeffb}}", "config:\r\n  hybrid-mesh:mesh:\r\n    a: 1\r\n",
    "config:\r  hybrid-mesh:mesh: {a: 1}", "config: {hybrid-mesh:mesh: {a: b\u0000}}",
    "config: {hybrid-mesh:mesh: {a: b\u001b}}", "config: {hybrid-mesh:mesh: {a: \u0085b}}",
    "config: {hybrid-mesh:mesh: {a: b\u007f}}", "config: {hybrid-mesh:mesh: {a: \u2028b}}",
    "config: {hybrid-mesh:mesh: text}", "config: {hybrid-mesh:mesh: {secure: v1:abc}}",
    "config: {hybrid-mesh:mesh: [a]}", "config: {hybrid-mesh:mesh: 1}", "config: {hybrid-mesh:mesh: }",
    "encryptionsalt: [1]\nconfig: {hybrid-mesh:mesh: {a: 1}}",
    "config: {hybrid-mesh:mesh: {a: 1}, hybrid-mesh:x: {b: 2026-11-27}}",
]  # fmt: skip
"""Whole stack files."""


def nested_aliases(width: int, levels: int) -> str:
    """Sections each of which holds the one before `width` times."""
    lines = [f"a0: &a0 [{', '.join(['x'] * width)}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines)


BOMBS = [
    f"base:\n{indent(nested_aliases(width, levels), '  ')}\nconfig: {{hybrid-mesh:mesh: {{a: 1}}}}\n"
    for width, levels in ((10, 3), (10, 4), (20, 3), (40, 3), (100, 2), (300, 2), (3, 8), (2, 12), (5, 5))
]
