"""The certificate authority of the mesh."""

from typing import Annotated, Literal

from pydantic import Field

from model.config.base import DnsLabel, Section


class SelfSignedTrust(Section):
    issuer: Literal["self-signed"]
    rotation: Literal["none"] = "none"
    root_validity_days: int = Field(default=3650, ge=30)
    intermediate_validity_days: int = Field(default=730, ge=7)


class FilesTrust(Section):
    """A root of the user's own: flat keys `hybrid-mesh:<certificate>` and, secret, `hybrid-mesh:<key>` hold
    the PEM texts."""

    issuer: Literal["files"]
    rotation: Literal["none"] = "none"
    certificate: DnsLabel = "root-certificate"
    key: DnsLabel = "root-key"
    intermediate_validity_days: int = Field(default=730, ge=7)


Trust = Annotated[SelfSignedTrust | FilesTrust, Field(discriminator="issuer")]
