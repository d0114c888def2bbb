"""The common base of issuers in clouds."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from hybrid_mesh.components.issuers.certificates import shortfall
from hybrid_mesh.components.resources import CertificateRequest
from hybrid_mesh.model.config.renewal import LEAST_SHARE


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
        self._name, self._trust_domain = name, trust_domain
        self._days, self._clusters = intermediate_validity_days, clusters
        self._chains: dict[str, pulumi.Output[tuple[str, str]]] = {}

    def _request(self, authority_ends: pulumi.Input[str] | None) -> dict[str, CertificateRequest]:
        """A signing request for each cluster. `authority_ends` is when the authority expires, if that is
        known."""
        self._requests = {
            cluster: CertificateRequest(
                f"{self._name}-request-{cluster}",
                trust_domain=self._trust_domain,
                cluster=cluster,
                validity_days=self._days,
                authority_ends=authority_ends,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for cluster in self._clusters
        }
        return self._requests

    def _chain(
        self, cluster: str, certificate: pulumi.Input[str], above: pulumi.Input[Any]
    ) -> pulumi.Output[tuple[str, str]]:
        """The intermediate of `cluster` and the certificates above it, one text or a list, once its validity
        is known to suffice."""
        return pulumi.Output.all(certificate, above).apply(
            lambda parts: (self._long_enough(cluster, str(parts[0])), _joined(parts[1]))
        )

    def _long_enough(self, cluster: str, certificate: str) -> str:
        """An authority issues for a shorter time where its own end or a policy demands it (CA Service API,
        `Certificate.lifetime`)."""
        issued = shortfall(certificate, self._days)
        if issued is None:
            return certificate
        found = (
            f"trust.intermediateValidityDays: the authority issued the intermediate of cluster {cluster} for "
            f"{issued} days and not for the requested {self._days}"
        )
        remedy = f"Set intermediateValidityDays: {max(issued, 1)}, or renew the authority."
        if issued < self._days * LEAST_SHARE:
            raise pulumi.RunError(f"{found}, so it could end before its renewal. {remedy}")
        pulumi.log.warn(f"{found}. {remedy}", self)
        return certificate

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


def _joined(above: Any) -> str:
    """Certificates in PEM as one text."""
    return above if isinstance(above, str) else "".join(f"{each.rstrip()}\n" for each in above)


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
