"""Meshes that break the rules of `model.checks.accounts`."""

from tests.model.rule_cases.cloud import GCP, prod

CLOUD_ACCOUNTS = [
    prod(
        "google_cloud_requires_a_project",
        {"project": None, "trust.project": "example-mesh"},
        "project: my-project",
        path=f"{GCP}.project",
        value="",
    ),
    prod(
        "google_cloud_requires_a_project",
        {"project": None, f"{GCP}.project": "example-mesh"},
        "project: my-project",
        path="trust.project",
        value="",
    ),
    prod("projects_are_project_ids", {"project": "My Mesh"}, "gcloud projects list"),
    prod("projects_are_project_ids", {f"{GCP}.project": "123456789012"}, "gcloud projects list"),
    prod("cloud_stacks_have_an_owner", {"labels": {}}, "owner: your-team", path="labels.owner", value=""),
    prod("labels_suit_every_cloud", {"labels.Team": "a"}, "beginning with a letter", value="Team"),
    prod("labels_suit_every_cloud", {"labels.owner": "a b"}, "up to 63"),
    prod("labels_suit_every_cloud", {"labels.stack": "x"}, "Leave it out"),
    prod(
        "labels_suit_every_cloud",
        {f"labels.k{n}": "x" for n in range(40)},
        "Remove some",
        path="labels",
        value="41 labels",
    ),
]
