"""Meshes that break the rules of `model.checks.applications`."""

from tests.model.rule_cases.case import FILE, LEGACY, Case, files

APPLICATIONS = [
    Case("a_file_has_one_source", files({"path": "/etc/x"}), "exactly one", path=FILE, value="/etc/x"),
    Case(
        "a_file_has_one_source",
        files({"path": "/etc/x", "content": "", "url": "https://host/x"}),
        "exactly one",
        path=FILE,
        value="/etc/x",
    ),
    Case(
        "files_are_downloaded_over_http",
        files({"path": "/etc/x", "url": "ftp://host/x"}),
        "https://",
        path=f"{FILE}.url",
        value="ftp://host/x",
    ),
    Case(
        "file_paths_are_unique",
        files({"path": "/etc/../x", "content": ""}),
        "..",
        path=f"{FILE}.path",
        value="/etc/../x",
    ),
    Case(
        "file_paths_are_unique",
        files({"path": "/etc/x", "content": "a"}, {"path": "/etc/x", "content": "b"}),
        "Keep one",
        path=f"{LEGACY}.application.files.1.path",
        value="/etc/x",
    ),
    Case(
        "files_do_not_replace_reserved_ones",
        files({"path": "/etc/istio/config/mesh", "content": ""}),
        "another path",
        path=f"{FILE}.path",
        value="/etc/istio/config/mesh",
    ),
    Case(
        "files_do_not_replace_reserved_ones",
        files({"path": "/usr/local/lib/hybrid-mesh/identity", "content": "x"}),
        "another path",
        path=f"{FILE}.path",
        value="/usr/local/lib/hybrid-mesh/identity",
    ),
    Case(
        "file_paths_are_unique",
        files({"path": "/etc/x\ny", "content": ""}),
        "line breaks",
        path=f"{FILE}.path",
        value="/etc/x\ny",
    ),
    Case(
        "only_downloads_have_a_checksum",
        files({"path": "/etc/x", "content": "", "sha256": "0" * 64}),
        "Set `url`",
        path=f"{FILE}.sha256",
        value="0" * 64,
    ),
    Case(
        "unit_names_are_unique",
        {f"{LEGACY}.application.units": [{"name": "istio.service", "content": ""}]},
        "after your application",
        path=f"{LEGACY}.application.units.0.name",
        value="istio.service",
    ),
    Case(
        "unit_names_are_unique",
        {f"{LEGACY}.application.units": [{"name": "a.service", "content": ""}] * 2},
        "its own name",
        path=f"{LEGACY}.application.units.1.name",
        value="a.service",
    ),
]
