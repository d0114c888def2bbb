"""The certificate authority of the mesh."""

from typing import Annotated, Literal

from pydantic import Field

from model.config.base import DnsLabel, Section


class SelfSignedTrust(Section):
    """A root that the program makes and keeps in the state, encrypted."""

    issuer: Literal["self-signed"]
    rotation: Literal["none"] = "none"
    """What happens to the root."""
    root_validity_days: int = Field(default=3650, strict=True, ge=30)
    """Life of the root, in days."""
    intermediate_validity_days: int = Field(default=730, strict=True, ge=7)
    """Life of each cluster's intermediate, in days; it is renewed in the last third."""


class FilesTrust(Section):
    """A root of the user's own: flat keys `hybrid-mesh:<certificate>` and, secret, `hybrid-mesh:<key>` hold
    the PEM texts."""

    issuer: Literal["files"]
    rotation: Literal["none"] = "none"
    """What happens to the root."""
    certificate: DnsLabel = "root-certificate"
    """Name of the configuration key that holds the root's certificate."""
    key: DnsLabel = "root-key"
    """Name of the secret configuration key that holds the root's private key."""
    intermediate_validity_days: int = Field(default=730, strict=True, ge=7)
    """Life of each cluster's intermediate, in days; it is renewed in the last third."""


Trust = Annotated[SelfSignedTrust | FilesTrust, Field(discriminator="issuer")]
