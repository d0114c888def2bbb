"""AWS Private CA as calls of the API (internal/service/acmpca of terraform-provider-aws)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.values import Properties
from tests.engine.doubles.amazon_resource import ApiResource, Caller, Differences, Made, tag_list

SERVICE = "acm-pca"


class CertificateAuthority(ApiResource):
    service = SERVICE
    unsent = frozenset({"enabled", "permanentDeletionTimeInDays", "type"})

    def create(self, api: Caller, inputs: Properties) -> Made:
        given = self.parameters("CreateCertificateAuthority", inputs)
        kind = {"CertificateAuthorityType": inputs.get("type", "SUBORDINATE")}
        tags = {"Tags": tag_list(found)} if (found := api.tags(inputs)) else {}
        arn = api(SERVICE, "CreateCertificateAuthority", **given, **kind, **tags)["CertificateAuthorityArn"]
        request = api(SERVICE, "GetCertificateAuthorityCsr", CertificateAuthorityArn=arn)["Csr"]
        return Made(arn, {"arn": arn, "certificateSigningRequest": request, "certificate": ""})

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        if change.changed - {"tags"}:
            enabled = change.news.get("enabled", True)
            status = {"Status": "ACTIVE" if enabled else "DISABLED"} if change.of("enabled") else {}
            api(SERVICE, "UpdateCertificateAuthority", CertificateAuthorityArn=api.identity, **status)
        self.update_tags(api, change)
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        named = {"CertificateAuthorityArn": api.identity}
        found = api(SERVICE, "DescribeCertificateAuthority", **named)["CertificateAuthority"]
        if found["Status"] == "ACTIVE":
            api(SERVICE, "UpdateCertificateAuthority", **named, Status="DISABLED")
        days = inputs.get("permanentDeletionTimeInDays")
        api(SERVICE, "DeleteCertificateAuthority", **named, PermanentDeletionTimeInDays=days)

    def tag(self, api: Caller, tags: Mapping[str, str]) -> None:
        arn = api.identity
        api(SERVICE, "TagCertificateAuthority", CertificateAuthorityArn=arn, Tags=tag_list(tags))

    def untag(self, api: Caller, tags: Mapping[str, str]) -> None:
        arn = api.identity
        api(SERVICE, "UntagCertificateAuthority", CertificateAuthorityArn=arn, Tags=tag_list(tags))


class Certificate(ApiResource):
    service = SERVICE
    renamed: ClassVar[Mapping[str, str]] = {"certificateSigningRequest": "Csr"}

    def create(self, api: Caller, inputs: Properties) -> Made:
        authority = {"CertificateAuthorityArn": inputs["certificateAuthorityArn"]}
        arn = api(SERVICE, "IssueCertificate", **self.parameters("IssueCertificate", inputs))[
            "CertificateArn"
        ]
        found = api(SERVICE, "GetCertificate", **authority, CertificateArn=arn)
        chain = found.get("CertificateChain", "")
        return Made(arn, {"arn": arn, "certificate": found["Certificate"], "certificateChain": chain})

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        """The certificate is revoked; a self-signed one cannot be, which the provider ignores."""
        if "RootCACertificate" in inputs.get("templateArn", ""):
            return
        authority = inputs["certificateAuthorityArn"]
        serial = api.account.kept["certificates"][api.identity]["serial"]
        try:
            api(
                SERVICE,
                "RevokeCertificate",
                CertificateAuthorityArn=authority,
                CertificateSerial=serial,
                RevocationReason="UNSPECIFIED",
            )
        except ResourceError as failure:
            if "ResourceNotFound" not in str(failure):
                raise


class CertificateAuthorityCertificate(ApiResource):
    service = SERVICE

    def create(self, api: Caller, inputs: Properties) -> Made:
        given = {name: value for name, value in inputs.items() if value}
        sent = self.parameters("ImportCertificateAuthorityCertificate", given)
        api(SERVICE, "ImportCertificateAuthorityCertificate", **sent)
        return Made(inputs["certificateAuthorityArn"])

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        self.create(api, change.news)
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        """Nothing: an authority keeps its certificate."""


AUTHORITIES = {
    "aws:acmpca/certificateAuthority:CertificateAuthority": CertificateAuthority(),
    "aws:acmpca/certificate:Certificate": Certificate(),
    "aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate": (
        CertificateAuthorityCertificate()
    ),
}
