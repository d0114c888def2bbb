"""The common base of issuers in clouds."""

from collections.abc import Mapping, Sequence

import pulumi

from hybrid_mesh.components.resources import CertificateRequest


class CloudIssuer(pulumi.ComponentResource):
    """A root whose key never leaves a cloud's certificate authority. The intermediates' keys are created
    here, are secrets in the state, and are signed by the authority."""

    root_certificate_pem: pulumi.Output[str]

    def __init__(
        self,
        token: str,
        name: str,
        *,
        trust_domain: str,
        clusters: Sequence[str],
        intermediate_validity_days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(token, name, None, opts)
        self._requests = {
            cluster: CertificateRequest(
                f"{name}-request-{cluster}",
                trust_domain=trust_domain,
                cluster=cluster,
                validity_days=intermediate_validity_days,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for cluster in clusters
        }
        self._chains: dict[str, pulumi.Output[tuple[str, str]]] = {}

    def certificates(self, cluster: str) -> pulumi.Output[Mapping[str, str]]:
        """The data of `cluster`'s Secret `cacerts`; secret."""
        found: pulumi.Output[Mapping[str, str]] = pulumi.Output.secret(
            pulumi.Output.all(self._chains[cluster], self._requests[cluster].key_pem).apply(
                lambda parts: _cacerts(parts[0][0], parts[0][1], parts[1])
            )
        )
        return found

    def root_of_chain(self) -> pulumi.Output[str]:
        """The certificate of the root that signed the intermediates."""
        first = self._chains[min(self._chains)]
        return first.apply(lambda parts: last_certificate(parts[1]))


def last_certificate(chain: str) -> str:
    """The last certificate of a chain in PEM: its root."""
    begin = "-----BEGIN CERTIFICATE-----"
    return begin + chain.rpartition(begin)[2].rstrip() + "\n"


def _cacerts(certificate: str, above: str, key: str) -> dict[str, str]:
    """The keys that istiod reads. `above` are the certificates from the intermediate's issuer up to the
    root."""
    certificate, above = certificate.rstrip() + "\n", above.rstrip() + "\n"
    return {
        "ca-cert.pem": certificate,
        "ca-key.pem": key,
        "root-cert.pem": last_certificate(above),
        "cert-chain.pem": certificate + above,
    }
