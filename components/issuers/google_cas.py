"""Google Cloud's Certificate Authority Service as the issuer."""

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from hybrid_mesh.components.issuers.base import CloudIssuer
from hybrid_mesh.components.issuers.certificates import expiry
from hybrid_mesh.components.names import child
from hybrid_mesh.model.clouds.names import cloud_name
from hybrid_mesh.model.config.trust import GoogleCasTrustConfig

DAY = 24 * 60 * 60
LONGEST_ID = 63
"""Maximum length of a certificate authority's ID (CA Service API, `certificateAuthorityId`)."""
TIER = "ENTERPRISE"
"""The enterprise tier. The other tier does not store its certificates, so they could not be read again (CA
Service, "Select the operation tiers")."""


class GoogleCasIssuer(CloudIssuer):
    """A pool with a root, created here unless `pool` is set, and the intermediates that it signs.

    An intermediate that is no longer declared is revoked, not deleted: the service keeps its certificates.
    """

    def __init__(
        self,
        name: str,
        *,
        trust: GoogleCasTrustConfig,
        trust_domain: str,
        mesh_id: str,
        clusters: Sequence[str],
        protected: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "hybridmesh:index:GoogleCasIssuer",
            name,
            trust_domain=trust_domain,
            clusters=clusters,
            intermediate_validity_days=trust.intermediate_validity_days,
            opts=opts,
        )
        self._trust, self._protected = trust, protected
        provider = gcp.Provider(
            f"{name}-provider",
            project=trust.project,
            region=trust.location,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._own = pulumi.ResourceOptions(parent=self, provider=provider)
        self._guarded = pulumi.ResourceOptions(parent=self, provider=provider, protect=protected)
        pool, root = self._pool(mesh_id, trust_domain)
        ends = None if root is None else root.pem_ca_certificates.apply(lambda chain: expiry(chain[0]))
        issued = {
            cluster: gcp.certificateauthority.Certificate(
                child(name, "intermediate", cluster),
                location=trust.location,
                pool=pool,
                certificate_authority=None if root is None else root.certificate_authority_id,
                pem_csr=request.request_pem,
                lifetime=f"{trust.intermediate_validity_days * DAY}s",
                opts=pulumi.ResourceOptions.merge(
                    self._own, pulumi.ResourceOptions(depends_on=[root] if root else [])
                ),
            )
            for cluster, request in self._request(ends).items()
        }
        self._chains = {
            cluster: self._chain(cluster, certificate.pem_certificate, certificate.pem_certificate_chains)
            for cluster, certificate in issued.items()
        }
        self.root_certificate_pem = self._root_certificate(root)
        self.register_outputs({"rootCertificatePem": self.root_certificate_pem})

    def _pool(
        self, mesh_id: str, trust_domain: str
    ) -> tuple[pulumi.Input[str], gcp.certificateauthority.Authority | None]:
        if self._trust.pool is not None:
            return self._trust.pool, None
        pool = gcp.certificateauthority.CaPool(
            child(self._name, "pool"),
            location=self._trust.location,
            tier=TIER,
            publishing_options={"publish_ca_cert": False, "publish_crl": False},
            opts=self._guarded,
        )
        root = gcp.certificateauthority.Authority(
            child(self._name, "root"),
            location=self._trust.location,
            pool=pool.name,
            certificate_authority_id=cloud_name(mesh_id, "root", limit=LONGEST_ID),
            type="SELF_SIGNED",
            lifetime=f"{self._trust.root_validity_days * DAY}s",
            key_spec={"algorithm": "EC_P256_SHA256"},
            config={
                "subject_config": {
                    "subject": {"organization": trust_domain, "common_name": f"{mesh_id} Root CA"[:64]}
                },
                "x509_config": {
                    "ca_options": {"is_ca": True, "max_issuer_path_length": 1},
                    "key_usage": {
                        "base_key_usage": {"cert_sign": True, "crl_sign": True},
                        "extended_key_usage": {},
                    },
                },
            },
            desired_state="ENABLED",
            deletion_protection=self._protected,
            # Without a grace period, a destroyed stack can be created again with the same name.
            skip_grace_period=not self._protected,
            ignore_active_certificates_on_deletion=True,
            opts=self._guarded,
        )
        return pool.name, root

    def _root_certificate(self, root: gcp.certificateauthority.Authority | None) -> pulumi.Output[str]:
        """The certificate of the created root, else the last one in the chain of the first intermediate."""
        if root is not None:
            return root.pem_ca_certificates.apply(lambda chain: f"{chain[-1].rstrip()}\n")
        return self.root_of_chain()
