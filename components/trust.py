"""The mesh's trust: the root and the clusters' intermediates."""

from collections.abc import Mapping, Sequence

import pulumi

from hybrid_mesh.components.clouds import cloud_issuer
from hybrid_mesh.components.issuers.base import CloudIssuer
from hybrid_mesh.components.resources import CertificateAuthority, GivenIntermediate
from hybrid_mesh.model.config.trust import (
    FilesTrustConfig,
    IntermediatesTrustConfig,
    SelfSignedTrustConfig,
    TrustConfig,
)


class MeshTrust(pulumi.ComponentResource):
    """The root and one intermediate per cluster. They are created before any istiod starts.

    `secrets` has the values of the configuration keys that `trust` names (issuer "files").
    """

    root_certificate_pem: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        trust: TrustConfig,
        mesh_id: str,
        trust_domain: str,
        clusters: Sequence[str],
        secrets: Mapping[str, pulumi.Input[str]],
        protected: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:MeshTrust", name, None, opts)
        self._name, self._mesh_id, self._trust_domain = name, mesh_id, trust_domain
        self._clusters, self._protected = sorted(clusters), protected
        self._issuer: CloudIssuer | CertificateAuthority | Mapping[str, GivenIntermediate]
        match trust:
            case SelfSignedTrustConfig() | FilesTrustConfig():
                self._issuer = self._own_authority(trust, secrets)
                self.root_certificate_pem = self._issuer.root_certificate_pem
            case IntermediatesTrustConfig():
                self.root_certificate_pem = _public(secrets[trust.certificate])
                self._issuer = self._given(trust, secrets)
            case _:
                self._issuer = cloud_issuer(
                    f"{name}-issuer",
                    trust,
                    trust_domain=trust_domain,
                    mesh_id=mesh_id,
                    clusters=self._clusters,
                    protected=protected,
                    opts=pulumi.ResourceOptions(parent=self),
                )
                self.root_certificate_pem = self._issuer.root_certificate_pem
        self.register_outputs({"rootCertificatePem": self.root_certificate_pem})

    def certificates(self, cluster: str) -> pulumi.Output[Mapping[str, str]]:
        """The data of `cluster`'s Secret `cacerts`; secret."""
        if isinstance(self._issuer, CloudIssuer):
            return self._issuer.certificates(cluster)
        if isinstance(self._issuer, Mapping):
            data = self._issuer[cluster].data
        else:
            data = self._issuer.intermediates[cluster]
        found: pulumi.Output[Mapping[str, str]] = pulumi.Output.secret(data)
        return found

    def _given(
        self, trust: IntermediatesTrustConfig, secrets: Mapping[str, pulumi.Input[str]]
    ) -> dict[str, GivenIntermediate]:
        made = {}
        for cluster in self._clusters:
            certificate, chain, key = (secrets[name] for name in trust.names(cluster))
            made[cluster] = GivenIntermediate(
                f"{self._name}-{cluster}-intermediate",
                cluster=cluster,
                certificate_pem=_public(certificate),
                key_pem=key,
                chain_pem=_public(chain),
                root_certificate_pem=self.root_certificate_pem,
                opts=pulumi.ResourceOptions(parent=self, protect=self._protected or None),
            )
        return made

    def _own_authority(
        self, trust: SelfSignedTrustConfig | FilesTrustConfig, secrets: Mapping[str, pulumi.Input[str]]
    ) -> CertificateAuthority:
        return CertificateAuthority(
            f"{self._name}-authority",
            trust_domain=self._trust_domain,
            mesh_id=self._mesh_id,
            clusters=self._clusters,
            issuer=trust.issuer,
            root_validity_days=None if isinstance(trust, FilesTrustConfig) else trust.root_validity_days,
            intermediate_validity_days=trust.intermediate_validity_days,
            root_certificate_pem=secrets[trust.certificate] if isinstance(trust, FilesTrustConfig) else None,
            root_key_pem=secrets[trust.key] if isinstance(trust, FilesTrustConfig) else None,
            rotation=trust.rotation,
            opts=pulumi.ResourceOptions(parent=self, protect=self._protected or None),
        )


def _public(text: pulumi.Input[str]) -> pulumi.Output[str]:
    """A certificate. Every key of the configuration arrives as a secret."""
    found: pulumi.Output[str] = pulumi.Output.unsecret(pulumi.Output.from_input(text))
    return found
