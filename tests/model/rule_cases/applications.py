"""Meshes that break the rules of `model.checks.applications`."""

from tests.model.rule_cases.case import FILE, LEGACY, Case, files

APPLICATIONS = [
    Case("a_file_is_given_or_fetched", files({"path": "/etc/x"}), FILE, "/etc/x", "exactly one"),
    Case(
        "a_file_is_given_or_fetched",
        files({"path": "/etc/x", "content": "", "url": "https://host/x"}),
        FILE,
        "/etc/x",
        "exactly one",
    ),
    Case(
        "files_are_fetched_from_a_web_server",
        files({"path": "/etc/x", "url": "ftp://host/x"}),
        f"{FILE}.url",
        "ftp://host/x",
        "https://",
    ),
    Case(
        "a_file_is_one_file", files({"path": "/etc/../x", "content": ""}), f"{FILE}.path", "/etc/../x", ".."
    ),
    Case(
        "a_file_is_one_file",
        files({"path": "/etc/x", "content": "a"}, {"path": "/etc/x", "content": "b"}),
        f"{LEGACY}.application.files.1.path",
        "/etc/x",
        "Keep one",
    ),
    Case(
        "files_leave_the_agents_alone",
        files({"path": "/etc/istio/config/mesh", "content": ""}),
        f"{FILE}.path",
        "/etc/istio/config/mesh",
        "another path",
    ),
    Case(
        "files_leave_the_agents_alone",
        files({"path": "/usr/local/lib/hybrid-mesh/identity", "content": "x"}),
        f"{FILE}.path",
        "/usr/local/lib/hybrid-mesh/identity",
        "another path",
    ),
    Case(
        "applications_run_on_machines_that_the_program_makes",
        {
            "workloadGroups.ratings.application": {
                "units": [{"name": "ratings.service", "content": "[Service]\n"}]
            }
        },
        "workloadGroups.ratings.application",
        "",
        "yourself",
        "dev",
    ),
    Case(
        "units_have_names_of_their_own",
        {f"{LEGACY}.application.units": [{"name": "istio.service", "content": ""}]},
        f"{LEGACY}.application.units.0.name",
        "istio.service",
        "after your application",
    ),
    Case(
        "units_have_names_of_their_own",
        {f"{LEGACY}.application.units": [{"name": "a.service", "content": ""}] * 2},
        f"{LEGACY}.application.units.1.name",
        "a.service",
        "its own name",
    ),
]
