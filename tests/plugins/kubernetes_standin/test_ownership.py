"""Whose fields an object's are before an update."""

from typing import Any

import pytest

from plugins.kubernetes_standin.ownership import taken_over

OWN = "pulumi-kubernetes-1a2b3c4d"


def _entry(manager: str, operation: str, fields: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "fieldsV1": fields, **more}


def test_what_kubectl_set_is_joined_to_what_the_resource_owns() -> None:
    own = _entry(
        OWN, "Apply", {"f:spec": {"f:mtls": {"f:mode": {}}, "f:ports": {".": {}, 'k:{"port":80}': {}}}}
    )
    patched = _entry("kubectl-patch", "Update", {"f:spec": {"f:mtls": {"f:mode": {}}, "f:selector": {}}})
    controller = _entry("controller", "Update", {"f:status": {}})
    assert taken_over([own, patched, controller], OWN) == [
        controller,
        _entry(
            OWN,
            "Apply",
            {
                "f:spec": {
                    "f:mtls": {"f:mode": {}},
                    "f:ports": {".": {}, 'k:{"port":80}': {}},
                    "f:selector": {},
                }
            },
        ),
    ]


def test_an_object_that_only_kubectl_made_gets_its_first_owner() -> None:
    made = _entry("kubectl-client-side-apply", "Update", {"f:data": {}}, time="2026-01-01T00:00:00Z")
    assert taken_over([made], OWN) == [{**made, "manager": OWN, "operation": "Apply"}]


@pytest.mark.parametrize(
    "entry",
    [
        _entry("controller", "Update", {"f:spec": {}}),
        _entry("kubectl", "Update", {"f:spec": {"f:replicas": {}}}, subresource="scale"),
        _entry("pulumi-kubernetes-ffffffff", "Apply", {"f:spec": {}}),
    ],
)
def test_what_is_not_kubectls_stays_where_it_is(entry: dict[str, Any]) -> None:
    assert taken_over([_entry(OWN, "Apply", {"f:spec": {}}), entry], OWN) is None
