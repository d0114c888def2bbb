"""The stack that a process works for, as the `Owner` of members of the lab."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hybrid_mesh.local.lab.specs import Owner
from hybrid_mesh.local.paths import state_folder

_HASH_LENGTH: Final = 12


def stack_owner(project: str, stack: str, environment: Mapping[str, str]) -> Owner:
    """The owner of what `pulumi` creates with this environment.

    Stacks of one name in two backends are two stacks, so the backend's URL is part of it: as a hash, because
    a URL may hold a password. `backend.url` of Pulumi.yaml is ignored.
    """
    url = environment.get("PULUMI_BACKEND_URL") or logged_in(environment)
    if url == f"file://{state_folder() / 'pulumi'}":
        return Owner(project, stack)
    return Owner(project, stack, hashlib.sha256(url.encode()).hexdigest()[:_HASH_LENGTH])


def logged_in(environment: Mapping[str, str]) -> str:
    """The backend of the last `pulumi login`; empty when there is none.

    Source: pulumi/sdk/v3/go/common/workspace/creds.go.
    """
    home = environment.get("PULUMI_CREDENTIALS_PATH") or environment.get("PULUMI_HOME")
    folder = Path(home) if home else Path(environment.get("HOME", "/")) / ".pulumi"
    try:
        current = json.loads((folder / "credentials.json").read_text()).get("current", "")
    except (OSError, ValueError, AttributeError):
        return ""
    return str(current or "")
