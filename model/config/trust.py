"""Certificate authority of the mesh."""

from typing import Annotated, Literal

from pydantic import Field

from hybrid_mesh.model.config.base import CA_POOL_PATTERN, DnsLabel, Section


class SelfSignedTrustConfig(Section):
    """A root CA that the program creates and keeps in Pulumi's state, encrypted."""

    issuer: Literal["self-signed"]
    rotation: Literal["none"] = "none"
    """Rotation of the root CA. `none` is the only value so far: the root stays the same until it is replaced
    by a change of the configuration."""
    root_validity_days: int = Field(default=3650, strict=True, ge=30)
    """Validity of the root certificate, in days."""
    intermediate_validity_days: int = Field(default=730, strict=True, ge=7)
    """Validity of each cluster's intermediate certificate, in days. The first `pulumi up` in the last third
    of that time renews it."""


class FilesTrustConfig(Section):
    """Your own root CA, from the configuration keys `hybrid-mesh:<certificate>` and, as a secret,
    `hybrid-mesh:<key>`. Both hold PEM text."""

    issuer: Literal["files"]
    rotation: Literal["none"] = "none"
    """Rotation of the root CA. `none` is the only value so far: the root stays the same until it is replaced
    by a change of the configuration."""
    certificate: DnsLabel = "root-certificate"
    """Name of the configuration key that holds the root certificate (PEM)."""
    key: DnsLabel = "root-key"
    """Name of the secret configuration key that holds the root's private key (PEM)."""
    intermediate_validity_days: int = Field(default=730, strict=True, ge=7)
    """Validity of each cluster's intermediate certificate, in days. The first `pulumi up` in the last third
    of that time renews it."""


class CloudTrustConfigBase(Section):
    rotation: Literal["none"] = "none"
    """Rotation of the root CA. `none` is the only value so far: the root stays the same until it is replaced
    by a change of the configuration."""
    root_validity_days: int = Field(default=3650, strict=True, ge=30)
    """Validity of the root certificate in days, if the program creates it."""
    intermediate_validity_days: int = Field(default=730, strict=True, ge=7)
    """Validity of each cluster's intermediate certificate, in days. The first `pulumi up` in the last third
    of that time renews it."""


class GoogleCasTrustConfig(CloudTrustConfigBase):
    """A root CA in Google Cloud's Certificate Authority Service. Its private key never leaves the service."""

    issuer: Literal["google-cas"]
    project: str | None = Field(default=None, examples=["my-project"])
    """Google Cloud project. Defaults to `project` of the mesh."""
    location: str = Field(examples=["europe-west4"])
    """Region of the CA pool."""
    pool: str | None = Field(default=None, pattern=CA_POOL_PATTERN, examples=["mesh-roots"])
    """Name of an existing CA pool of the enterprise tier with one enabled authority. Without it, the program
    creates a pool and a root."""


class AwsPrivateCaTrustConfig(CloudTrustConfigBase):
    """A root CA in AWS Private CA. Its private key never leaves the service."""

    issuer: Literal["aws-private-ca"]
    region: str = Field(examples=["us-east-1"])
    """Region of the authority."""
    arn: str | None = Field(
        default=None, examples=["arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1a2b3c"]
    )
    """ARN of an existing authority. Without it, the program creates one."""


class IntermediatesTrustConfig(Section):
    """One intermediate for each cluster that you hand over, for example from Vault, cert-manager or an
    offline root. The program never sees the root's key, and you renew the intermediates.

    For each cluster, the secret configuration key `hybrid-mesh:<cluster>-ca-key` holds the intermediate's
    private key, `hybrid-mesh:<cluster>-ca-certificate` its certificate and `hybrid-mesh:<cluster>-chain` the
    certificates above it, up to the root; all in PEM.
    """

    issuer: Literal["intermediates"]
    certificate: DnsLabel = "root-certificate"
    """Name of the configuration key that holds the root certificate (PEM)."""

    @staticmethod
    def names(cluster: str) -> tuple[str, str, str]:
        """Names of the configuration keys of a cluster's certificate, chain and, a secret, private key."""
        return f"{cluster}-ca-certificate", f"{cluster}-chain", f"{cluster}-ca-key"


class ExistingTrustConfig(Section):
    """The root of the certificates that all clusters have already (`certificates: existing`). The program
    issues none, and reads the root from the clusters."""

    issuer: Literal["existing"]


TrustConfig = Annotated[
    SelfSignedTrustConfig
    | FilesTrustConfig
    | GoogleCasTrustConfig
    | AwsPrivateCaTrustConfig
    | IntermediatesTrustConfig
    | ExistingTrustConfig,
    Field(discriminator="issuer"),
]
