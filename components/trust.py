"""The mesh's trust: who signs the certificates of its clusters."""

from collections.abc import Mapping, Sequence

import pulumi

from components.resources import CertificateAuthority
from model.config.trust import FilesTrust, Trust


class MeshTrust(pulumi.ComponentResource):
    """The root and one intermediate per cluster, before any istiod starts.

    `secrets` has the values of the flat keys that `trust` names (issuer "files").
    """

    root_certificate_pem: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        trust: Trust,
        mesh_id: str,
        trust_domain: str,
        clusters: Sequence[str],
        secrets: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:MeshTrust", name, None, opts)
        self._authority = CertificateAuthority(
            f"{name}-authority",
            trust_domain=trust_domain,
            mesh_id=mesh_id,
            clusters=sorted(clusters),
            issuer=trust.issuer,
            root_validity_days=None if isinstance(trust, FilesTrust) else trust.root_validity_days,
            intermediate_validity_days=trust.intermediate_validity_days,
            root_certificate_pem=secrets[trust.certificate] if isinstance(trust, FilesTrust) else None,
            root_key_pem=secrets[trust.key] if isinstance(trust, FilesTrust) else None,
            rotation=trust.rotation,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.root_certificate_pem = self._authority.root_certificate_pem
        self.register_outputs({"rootCertificatePem": self.root_certificate_pem})

    def certificates(self, cluster: str) -> pulumi.Output[Mapping[str, str]]:
        """The data of `cluster`'s Secret `cacerts`; secret."""
        found: pulumi.Output[Mapping[str, str]] = pulumi.Output.secret(self._authority.intermediates[cluster])
        return found
