"""Meshes that break the rules of `model.checks.accounts`."""

from tests.model.rule_cases.cloud import GCP, prod

CLOUD_ACCOUNTS = [
    prod(
        "whatever_is_on_google_cloud_has_a_project",
        {"project": None, "trust.project": "example-mesh"},
        f"{GCP}.project",
        "",
        "project: my-project",
    ),
    prod(
        "whatever_is_on_google_cloud_has_a_project",
        {"project": None, f"{GCP}.project": "example-mesh"},
        "trust.project",
        "",
        "project: my-project",
    ),
    prod("projects_are_project_ids", {"project": "My Mesh"}, "project", "My Mesh", "gcloud projects list"),
    prod(
        "projects_are_project_ids",
        {f"{GCP}.project": "123456789012"},
        f"{GCP}.project",
        "123456789012",
        "gcloud projects list",
    ),
    prod("cloud_stacks_have_an_owner", {"labels": {}}, "labels.owner", "", "owner: your-team"),
    prod("labels_suit_every_cloud", {"labels.Team": "a"}, "labels.Team", "Team", "beginning with a letter"),
    prod("labels_suit_every_cloud", {"labels.owner": "a b"}, "labels.owner", "a b", "up to 63"),
    prod("labels_suit_every_cloud", {"labels.stack": "x"}, "labels.stack", "x", "Leave it out"),
    prod(
        "labels_suit_every_cloud",
        {f"labels.k{n}": "x" for n in range(40)},
        "labels",
        "41 labels",
        "Remove some",
    ),
]
