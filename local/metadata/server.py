"""The lab's metadata server, in the protocol of Google Compute Engine's: VMs get their identity from it.

Source: https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys.
"""

import json
from collections.abc import Callable
from pathlib import Path

from hybrid_mesh.local.metadata.identity import METADATA_ADDRESS, MachineIdentity
from hybrid_mesh.local.metadata.issuer import LIFETIME_SECONDS, Issuer
from hybrid_mesh.local.metadata.listening import NamespacedServer, QuietHandler, listen_in

ROOT = "/computeMetadata/v1/"

Lookup = Callable[[str], MachineIdentity | None]


class MetadataServer:
    """Answers each VM by its source address; `lookup` returns the identity of an address.

    One server may listen in several network namespaces. Without the header that GCE requires it answers 403,
    to an address that is not a VM's 404.
    """

    def __init__(self, issuer: Issuer, lookup: Lookup) -> None:
        self._issuer = issuer
        self._lookup = lookup
        self._servers: dict[Path, NamespacedServer] = {}

    def start(self, namespace: Path, address: str = METADATA_ADDRESS, port: int = 80) -> None:
        """Listens in a network namespace. Raises OSError."""
        issuer, lookup = self._issuer, self._lookup

        class Handler(QuietHandler):
            def do_GET(self) -> None:  # noqa: N802 - the protocol's method
                status, body, kind = respond(
                    self.path,
                    self.headers.get("Metadata-Flavor"),
                    lookup(self.client_address[0]),
                    issuer,
                )
                self.answer(status, body.encode(), kind)

            def end_headers(self) -> None:
                self.send_header("Metadata-Flavor", "Google")
                super().end_headers()

        server = NamespacedServer(listen_in(namespace, address, port), Handler)
        server.serve_in_thread(f"metadata {namespace.name}")
        self._servers[namespace] = server

    def stop(self, namespace: Path | None = None) -> None:
        """Stops listening in one namespace, or in all."""
        for key in [namespace] if namespace is not None else list(self._servers):
            if (server := self._servers.pop(key, None)) is not None:
                server.close()


def respond(
    path: str, flavor: str | None, identity: MachineIdentity | None, issuer: Issuer
) -> tuple[int, str, str]:
    """Status, body and content type for one request."""
    if path == "/":
        return 200, "computeMetadata/\n", "application/text"
    if flavor != "Google":
        return 403, "Missing required header Metadata-Flavor: Google\n", "text/plain"
    if identity is None:
        return 404, "no VM of this lab has your address\n", "text/plain"
    key = path.partition("?")[0].removeprefix(ROOT).rstrip("/")
    if key in ("instance/service-accounts/default/token", "instance/service-accounts/default/identity"):
        return _token(key, identity, issuer)
    value = _values(identity).get(key)
    if value is None:
        return 404, "no such key\n", "text/plain"
    return 200, value, "application/text"


def _token(key: str, identity: MachineIdentity, issuer: Issuer) -> tuple[int, str, str]:
    token = issuer.issue(identity)
    if key.endswith("identity"):
        return 200, token, "application/text"
    document = {"access_token": token, "expires_in": LIFETIME_SECONDS - 1, "token_type": "Bearer"}
    return 200, json.dumps(document), "application/json"


def _values(identity: MachineIdentity) -> dict[str, str]:
    account = "instance/service-accounts/default"
    values = {
        "instance/id": identity.instance_id,
        "instance/name": identity.name,
        "instance/hostname": identity.name,
        "instance/zone": f"projects/0/zones/{identity.zone}",
        "instance/network-interfaces/0/ip": identity.address,
        f"{account}/email": identity.service_account_email,
        f"{account}/scopes": "https://www.googleapis.com/auth/cloud-platform\n"
        "https://www.googleapis.com/auth/userinfo.email\n",
        f"{account}/aliases": "default\n",
        "project/project-id": identity.project,
        "project/numeric-project-id": "0",
    }
    values.update({f"instance/attributes/{name}": value for name, value in identity.attributes.items()})
    values["instance/attributes"] = "".join(f"{name}\n" for name in sorted(identity.attributes))
    return values
