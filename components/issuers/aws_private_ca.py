"""AWS Private CA as the issuer."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from hybrid_mesh.components.issuers.base import CloudIssuer
from hybrid_mesh.components.issuers.certificates import expiry, key_family
from hybrid_mesh.model.config.trust import AwsPrivateCaTrustConfig

ROOT_TEMPLATE = "arn:aws:acm-pca:::template/RootCACertificate/V1"
SUBORDINATE_TEMPLATE = "arn:aws:acm-pca:::template/SubordinateCACertificate_PathLen0/V1"
"""AWS Private CA, "Certificate template varieties": a subordinate CA that signs end-entity certificates
only."""
ALGORITHMS = {"ECDSA": "SHA256WITHECDSA", "RSA": "SHA256WITHRSA"}
"""Signing algorithm by the authority's key, whose family it must have (AWS Private CA, "Supported
cryptographic algorithms")."""
DELETION_DAYS = 30
"""Time for which a deleted authority can be restored, always the same: a changed value would be sent as an
update of nothing (terraform-provider-aws, internal/service/acmpca/certificate_authority.go)."""


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
        self._trust, self._protected = trust, protected
        provider = aws.Provider(
            f"{name}-provider", region=trust.region, opts=pulumi.ResourceOptions(parent=self)
        )
        self._own = pulumi.ResourceOptions(parent=self, provider=provider)
        if trust.arn is None:
            authority, ready, ends = self._authority(mesh_id, trust_domain)
            algorithm: pulumi.Input[str] = ALGORITHMS["ECDSA"]
        else:
            authority, ready = trust.arn, []
            algorithm, ends = self._existing(trust.arn)
        signing = pulumi.ResourceOptions.merge(self._own, pulumi.ResourceOptions(depends_on=ready))
        issued = {
            cluster: aws.acmpca.Certificate(
                f"{name}-intermediate-{cluster}",
                certificate_authority_arn=authority,
                certificate_signing_request=request.request_pem,
                signing_algorithm=algorithm,
                template_arn=SUBORDINATE_TEMPLATE,
                validity={"type": "DAYS", "value": str(trust.intermediate_validity_days)},
                opts=signing,
            )
            for cluster, request in self._request(ends).items()
        }
        self._chains = {
            cluster: self._chain(cluster, certificate.certificate, certificate.certificate_chain)
            for cluster, certificate in issued.items()
        }
        self.root_certificate_pem = self.root_of_chain()
        self.register_outputs({"rootCertificatePem": self.root_certificate_pem})

    def _authority(
        self, mesh_id: str, trust_domain: str
    ) -> tuple[pulumi.Input[str], list[pulumi.Resource], pulumi.Output[str]]:
        """The ARN of a new root, the resource after which it can sign, as it signs its own certificate first,
        and when it expires."""
        authority = aws.acmpca.CertificateAuthority(
            f"{self._name}-root",
            type="ROOT",
            certificate_authority_configuration={
                "key_algorithm": "EC_prime256v1",
                "signing_algorithm": ALGORITHMS["ECDSA"],
                "subject": {"organization": trust_domain, "common_name": f"{mesh_id} Root CA"[:64]},
            },
            permanent_deletion_time_in_days=DELETION_DAYS,
            opts=pulumi.ResourceOptions.merge(self._own, pulumi.ResourceOptions(protect=self._protected)),
        )
        certificate = aws.acmpca.Certificate(
            f"{self._name}-root",
            certificate_authority_arn=authority.arn,
            certificate_signing_request=authority.certificate_signing_request,
            signing_algorithm=ALGORITHMS["ECDSA"],
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
        return authority.arn, [installed], certificate.certificate.apply(expiry)

    def _existing(self, arn: str) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """The signing algorithm of an existing authority, and when the authority expires. Fails with a
        RunError, in a preview too, if it cannot sign intermediates."""
        found = aws.acmpca.get_certificate_authority_output(
            arn=arn, opts=pulumi.InvokeOutputOptions(parent=self, provider=self._own.provider)
        )
        algorithm = pulumi.Output.all(found.status, found.usage_mode, found.certificate).apply(
            lambda parts: _algorithm(arn, *map(str, parts))
        )
        return algorithm, found.not_after


def _algorithm(arn: str, status: str, usage_mode: str, certificate: str) -> str:
    """The signing algorithm of an authority. Raises RunError if it cannot sign intermediates."""
    authority = f"trust.arn: the authority {arn}"
    if status != "ACTIVE":
        raise pulumi.RunError(f"{authority} is {status} and cannot sign. Activate it, or name another.")
    if usage_mode == "SHORT_LIVED_CERTIFICATE":
        raise pulumi.RunError(
            f"{authority} has the usage mode {usage_mode}, so its certificates are valid for at most 7 days. "
            "Name an authority with the usage mode GENERAL_PURPOSE."
        )
    family = key_family(certificate)
    if family is None:
        raise pulumi.RunError(
            f"{authority} has a key that is neither RSA nor ECDSA, which istiod requires. Name another."
        )
    return ALGORITHMS[family]
