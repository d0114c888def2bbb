"""The identity of a Compute Engine VM: an access token of its metadata server.

Source: https://cloud.google.com/compute/docs/metadata/querying-metadata and, for the access token as a
Kubernetes credential, https://cloud.google.com/kubernetes-engine/docs/how-to/api-server-authentication.
"""

from __future__ import annotations

import http.client
import json

METADATA_SERVER = "169.254.169.254"


def credential() -> str:
    """The bearer token that proves this VM's service account to the API server."""
    answer = json.loads(metadata("service-accounts/default/token"))
    token = answer.get("access_token")
    if not isinstance(token, str):
        raise ValueError("the metadata server's response has no access_token")  # noqa: TRY004
    return token


def address() -> str:
    return metadata("network-interfaces/0/ip").strip()


def metadata(path: str) -> str:
    connection = http.client.HTTPConnection(METADATA_SERVER, timeout=5)
    try:
        headers = {"Metadata-Flavor": "Google"}
        connection.request("GET", f"/computeMetadata/v1/instance/{path}", headers=headers)
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    if response.status != 200:
        raise ValueError(f"the metadata server returned status {response.status} for {path}")
    return text
