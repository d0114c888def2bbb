"""The certificate authority of the mesh."""

from typing import Annotated, Literal

from pydantic import Field

from hybrid_mesh.model.config.base import DnsLabel, Section


class SelfSignedTrustConfig(Section):
    """A root that the program makes and keeps in the state, encrypted."""

    issuer: Literal["self-signed"]
    rotation: Literal["none"] = "none"
    """What happens to the root."""
    root_validity_days: int = Field(default=3650, strict=True, ge=30)
    """Life of the root, in days."""
    intermediate_validity_days: int = Field(default=730, strict=True, ge=7)
    """Life of each cluster's intermediate, in days; it is renewed in the last third."""


class FilesTrustConfig(Section):
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


class CloudTrustConfigBase(Section):
    rotation: Literal["none"] = "none"
    """What happens to the root."""
    root_validity_days: int = Field(default=3650, strict=True, ge=30)
    """Life of the root, in days, where it is made."""
    intermediate_validity_days: int = Field(default=730, strict=True, ge=7)
    """Life of each cluster's intermediate, in days; it is renewed in the last third."""


class GoogleCasTrustConfig(CloudTrustConfigBase):
    """A root in Google Cloud's Certificate Authority Service: its key never leaves it, nor is it in the
    state."""

    issuer: Literal["google-cas"]
    project: str | None = Field(default=None, examples=["my-project"])
    """The Google Cloud project; that of the mesh by default."""
    location: str = Field(examples=["europe-west4"])
    """The region of the pool."""
    pool: DnsLabel | None = Field(default=None, examples=["mesh-roots"])
    """Name of an existing pool of the enterprise tier with one enabled authority; without it, a pool is made,
    with a root in it."""


class AwsPrivateCaTrustConfig(CloudTrustConfigBase):
    """A root in AWS Private CA: its key never leaves it, nor is it in the state."""

    issuer: Literal["aws-private-ca"]
    region: str = Field(examples=["us-east-1"])
    """The region of the authority."""
    arn: str | None = Field(
        default=None, examples=["arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1a2b3c"]
    )
    """An existing authority; without it, one is made."""


TrustConfig = Annotated[
    SelfSignedTrustConfig | FilesTrustConfig | GoogleCasTrustConfig | AwsPrivateCaTrustConfig,
    Field(discriminator="issuer"),
]
