"""AWS Private CA as the issuer."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from hybrid_mesh.components.issuers.base import CloudIssuer
from hybrid_mesh.model.config.trust import AwsPrivateCaTrustConfig

ROOT_TEMPLATE = "arn:aws:acm-pca:::template/RootCACertificate/V1"
SUBORDINATE_TEMPLATE = "arn:aws:acm-pca:::template/SubordinateCACertificate_PathLen0/V1"
"""AWS Private CA, "Certificate template varieties": a subordinate CA that signs end-entity certificates
only."""
ALGORITHM = "SHA256WITHECDSA"


class AwsPrivateCaIssuer(CloudIssuer):
    """An authority, created here unless `arn` is set, and the intermediates that it signs."""

    def __init__(
        self,
        name: str,
        *,
        trust: AwsPrivateCaTrustConfig,
        trust_domain: str,
        mesh_id: str,
        clusters: Sequence[str],
        protected: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "hybridmesh:index:AwsPrivateCaIssuer",
            name,
            trust_domain=trust_domain,
            clusters=clusters,
            intermediate_validity_days=trust.intermediate_validity_days,
            opts=opts,
        )
        self._name, self._trust, self._protected = name, trust, protected
        provider = aws.Provider(
            f"{name}-provider", region=trust.region, opts=pulumi.ResourceOptions(parent=self)
        )
        self._own = pulumi.ResourceOptions(parent=self, provider=provider)
        authority, ready = self._authority(mesh_id, trust_domain)
        signing = pulumi.ResourceOptions.merge(self._own, pulumi.ResourceOptions(depends_on=ready))
        issued = {
            cluster: aws.acmpca.Certificate(
                f"{name}-intermediate-{cluster}",
                certificate_authority_arn=authority,
                certificate_signing_request=request.request_pem,
                signing_algorithm=ALGORITHM,
                template_arn=SUBORDINATE_TEMPLATE,
                validity={"type": "DAYS", "value": str(trust.intermediate_validity_days)},
                opts=signing,
            )
            for cluster, request in self._requests.items()
        }
        self._chains = {
            cluster: pulumi.Output.all(certificate.certificate, certificate.certificate_chain).apply(
                lambda parts: (str(parts[0]), str(parts[1]))
            )
            for cluster, certificate in issued.items()
        }
        self.root_certificate_pem = self.root_of_chain()
        self.register_outputs({"rootCertificatePem": self.root_certificate_pem})

    def _authority(self, mesh_id: str, trust_domain: str) -> tuple[pulumi.Input[str], list[pulumi.Resource]]:
        """Its ARN and the resource after which it can sign: a root signs its own certificate first."""
        if self._trust.arn is not None:
            return self._trust.arn, []
        authority = aws.acmpca.CertificateAuthority(
            f"{self._name}-root",
            type="ROOT",
            certificate_authority_configuration={
                "key_algorithm": "EC_prime256v1",
                "signing_algorithm": ALGORITHM,
                "subject": {"organization": trust_domain, "common_name": f"{mesh_id} Root CA"[:64]},
            },
            permanent_deletion_time_in_days=30 if self._protected else 7,
            opts=pulumi.ResourceOptions.merge(self._own, pulumi.ResourceOptions(protect=self._protected)),
        )
        certificate = aws.acmpca.Certificate(
            f"{self._name}-root",
            certificate_authority_arn=authority.arn,
            certificate_signing_request=authority.certificate_signing_request,
            signing_algorithm=ALGORITHM,
            template_arn=ROOT_TEMPLATE,
            validity={"type": "DAYS", "value": str(self._trust.root_validity_days)},
            opts=self._own,
        )
        installed = aws.acmpca.CertificateAuthorityCertificate(
            f"{self._name}-root",
            certificate_authority_arn=authority.arn,
            certificate=certificate.certificate,
            certificate_chain=certificate.certificate_chain,
            opts=self._own,
        )
        return authority.arn, [installed]
