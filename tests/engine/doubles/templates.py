"""What the VMs of a group in a cloud send as labels: it is in the user-data of the template that their group
uses."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import Final

from hybrid_mesh.model.istio_facts import TEMPLATE_LABEL
from tests.engine.doubles.store import Thing, World

MANAGER: Final = "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager"
TEMPLATE: Final = "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate"
_LAUNCH_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"


def fingerprint(world: World, group: str) -> str:
    """The label of the template of `group`'s VMs; "" if no cloud creates them."""
    for text in _user_data(world.things()):
        if f"ISTIO_META_AUTO_REGISTER_GROUP='{group}'" in text:
            return str(_labels(text)[TEMPLATE_LABEL])
    return ""


def _user_data(things: list[Thing]) -> list[str]:
    used = {thing.inputs["versions"][0]["instanceTemplate"] for thing in things if thing.type == MANAGER}
    google = [thing for thing in things if thing.type == TEMPLATE and thing.outputs["selfLink"] in used]
    launched = [thing.inputs.get("userData") for thing in things if thing.type == _LAUNCH_TEMPLATE]
    return [
        *(thing.inputs["metadata"]["user-data"] for thing in google),
        *(gzip.decompress(base64.b64decode(packed)).decode() for packed in launched if packed),
    ]


def _labels(text: str) -> dict[str, str]:
    found = re.search(r"ISTIO_METAJSON_LABELS='(.*)'", text)
    assert found is not None
    labels: dict[str, str] = json.loads(found[1])
    return labels
