"""Wrong keys and values of the mesh."""

from tests.model.wrong_inputs.case import (
    CIDR,
    COUNT,
    LABELS,
    PORTS,
    VERSION,
    WEST,
    WrongInput,
    changed,
    identifier,
    top,
    whole,
)

SESSION = "arn:aws:sts::123456789012:assumed-role/mesh/me"

ROWS: dict[int, tuple[WrongInput, ...]] = {
    8: (changed("no CIDR", CIDR, "cidr: null", "networks.boston.cidr (null): the key has no value"),),
    9: (
        changed(
            "nothing",
            "    networks:\n",
            "    networks:\n    others:\n",
            "networks (null): the key has no value",
        ),
        whole("empty mesh", "config: {hybrid-mesh:mesh: {}}", "id: this required key is missing", "Add it"),
    ),
    10: (
        changed(
            "list of clusters",
            "      east: {type: local, network: amsterdam}\n" + WEST,
            "      - {type: local, network: amsterdam}\n",
            "clusters ([{type: local, network: amsterdam}])",
            "must be a section of named entries",
        ),
    ),
    11: (
        changed("version of two parts", VERSION, "version: 1.31", "istio.version (1.31)", "Write 1.31.0."),
        changed("version 1.30", VERSION, "version: 1.30", "istio.version (1.30)", "Write it like 1.31.0."),
    ),
    12: (
        changed("version in quotes", VERSION, 'version: "1.31"', "istio.version", "Write 1.31.0."),
        changed(
            "version with a v",
            VERSION,
            "version: v1.31.0",
            "istio.version (v1.31.0)",
            "Drop the v: write 1.31.0.",
        ),
    ),
    13: (
        changed(
            "port in quotes",
            PORTS,
            'ports: {http: "9080"}',
            '.http ("9080"): must be a whole number',
            "Write 9080 without",
        ),
        changed("port in words", PORTS, "ports: {http: many}", ".http (many): must be a whole number"),
    ),
    14: (changed("port too large", PORTS, "ports: {http: 99080}", ".http (99080): must be at most 65535"),),
    15: (
        top(
            "yes",
            "    protected: yes",
            "@1:16: protected (yes): must be true or false",
            "Write true.",
        ),
        top(
            "ARN of a session",
            f"    operators: {{awsRoles: [{{arn: '{SESSION}', access: view}}]}}",
            f"operators.awsRoles.0.arn ({SESSION}): not the ARN of an IAM role",
            "Write it like arn:aws:iam::123456789012:role/mesh-preview",
        ),
        top("no", "    protected: no", "protected (no): must be true or false", "Write false."),
        changed("on", LABELS, "labels: {app: on, version: off, x: 1}", "labels.x (1): must be text"),
    ),
    16: (
        top(
            "true in quotes",
            '    protected: "true"',
            'protected ("true"): must be',
            "Write true without quotes",
        ),
    ),
    17: (
        identifier(
            "long name",
            "m" * 1000,
            "@:9: id (mmm",
            "…",
            "63 characters (got 1000)",
            lacks=("m" * 70,),
        ),
    ),
    18: (
        identifier("emoji", "mesh😀", "id (mesh😀)", "`mesh`"),
        identifier("emoji code", '"a:key:b:x:c"', "id (a:key:b:x:c)"),
        identifier("bidi", '"mesh\u202e1"', r"mesh\u202e1", lacks=("\u202e",)),
        identifier("escape", r'"mesh\x1b[31m"', r"mesh\x1b[31m", lacks=("\x1b",)),
        identifier("zero", r'"mesh\0"', r"mesh\x00", lacks=("\0",)),
    ),
    19: (
        changed(
            "Cyrillic",
            "workloadGroups:",
            "w\u043erkloadGroups:",
            "`workloadGroups`",
            "The \u043e is CYRILLIC SMALL LETTER O.",
        ),
    ),
    20: (
        changed("snake case", "workloadGroups:", "workload_groups:", "workload_groups", "`workloadGroups`"),
    ),
    27: (
        changed("count -1", COUNT, "count: -1", ".count (-1): must be at least 1"),
        changed("count 1.5", COUNT, "count: 1.5", ".count (1.5): must be a whole number"),
        changed("count true", COUNT, "count: true", ".count (true): must be a whole number"),
        changed(
            "count 10^20",
            COUNT,
            "count: 100000000000000000000",
            ".count (100000000000000000000): must be at most",
        ),
    ),
    28: (
        changed("host bits", CIDR, "cidr: 10.20.0.1/16", "cidr (10.20.0.1/16)", "Did you mean 10.20.0.0/16?"),
        changed("IPv6", CIDR, "cidr: fd00::/64", "cidr (fd00::/64): not a valid IPv4 CIDR"),
    ),
    29: (changed("overlap", CIDR, "cidr: 10.10.0.0/16", "networks.", "overlap"),),
    30: (
        changed("weights of 90", "port: 9080, weight: 50", "port: 9080, weight: 40", "weight"),
        changed("no weights", "port: 8080, weight: 50", "port: 8080, weight: 0", "weight"),
    ),
    31: (
        changed("NaN", COUNT, "count: .nan", ".count (.nan): must be a finite number"),
        changed("infinite", COUNT, "count: -.inf", ".count (-.inf): must be a finite number"),
    ),
    37: (
        changed("ports", PORTS, "ports: {http: 80:80}", ".http (80:80): must be a whole number"),
        changed("octal", COUNT, "count: 010000000000", ".count (010000000000): must be at most"),
    ),
    40: (
        changed(
            "unknown group", "      group: legacy\n", "      group: legcy\n", "demo.group (legcy)", "`legacy`"
        ),
        changed("capital", WEST, WEST.replace("local", "Local"), "clusters.west.type (Local)", "`local`"),
        changed("no scheme", "packages: http://", "packages: ", "istio.packages"),
    ),
    43: (
        changed(
            "no date", VERSION, "version: 2026-13-45", "istio.version (2026-13-45): a date without quotes"
        ),
    ),
}
