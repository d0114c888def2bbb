"""Commands for the root and the intermediates, as Istio's "Plug in CA Certificates" makes them with openssl.

Subjects and extensions are those of `plugins.hybridmesh.authority`.
"""

import shlex
from collections.abc import Iterator

from hybrid_mesh.model.config.trust import (
    AwsPrivateCaTrustConfig,
    FilesTrustConfig,
    GoogleCasTrustConfig,
    IntermediatesTrustConfig,
    SelfSignedTrustConfig,
    TrustConfig,
)
from hybrid_mesh.model.istio_facts import ISTIOD_HOST
from hybrid_mesh.model.plan.explain.step import Step
from hybrid_mesh.model.plan.types import MeshPlan

WHERE = "certificates"
NAME_LIMIT = 64
"""Maximum length of an organization and a common name (RFC 5280, `ub-organization-name`)."""
USAGE = "critical,digitalSignature,nonRepudiation,keyEncipherment,keyCertSign,cRLSign"


def certificate_steps(plan: MeshPlan) -> Iterator[Step]:
    """The root, then for each cluster the folder with the four files of its Secret `cacerts`."""
    trust = plan.trust
    if (root := _root(plan, trust)) is not None:
        yield root
    for cluster, planned in plan.clusters.items():
        if planned.config.certificates == "existing":
            continue
        if isinstance(trust, IntermediatesTrustConfig):
            files = ("ca-cert.pem", "ca-key.pem", "chain.pem")
            present = " && ".join(f"test -s {cluster}/{file}" for file in files)
            joined = f"cat {cluster}/ca-cert.pem {cluster}/chain.pem > {cluster}/cert-chain.pem"
            given = (present, f"cp root-cert.pem {cluster}/ && {joined}")
            yield Step(WHERE, f"Your intermediate of cluster {cluster}", given)
            continue
        sign = _sign(plan, trust, cluster)
        if sign is not None:
            yield Step(WHERE, f"Intermediate of cluster {cluster}", (_request(plan, cluster), *sign))


def _root(plan: MeshPlan, trust: TrustConfig) -> Step | None:
    match trust:
        case SelfSignedTrustConfig():
            subject = _subject(O=plan.trust_domain, CN=f"{plan.mesh_id} Root CA")
            made = (
                "umask 077",
                "openssl ecparam -genkey -noout -name prime256v1 -out root-key.pem",
                (
                    f"openssl req -new -x509 -key root-key.pem -sha256 -days {trust.root_validity_days} "
                    f"-subj {subject} -addext basicConstraints=critical,CA:true -addext keyUsage={USAGE} "
                    "-out root-cert.pem"
                ),
            )
            return Step(WHERE, "Root of the mesh; keep its key offline", made)
        case IntermediatesTrustConfig():
            given = ("umask 077", "test -s root-cert.pem")
            return Step(WHERE, "Your root certificate, in root-cert.pem", given)
        case FilesTrustConfig():
            given = ("umask 077", "test -s root-cert.pem && test -s root-key.pem")
            return Step(WHERE, "Your own root, in root-cert.pem and root-key.pem", given)
        case _:
            return None


def _request(plan: MeshPlan, cluster: str) -> str:
    subject = _subject(O=plan.trust_domain, CN="Intermediate CA", L=cluster)
    return (
        f"mkdir -p {cluster} && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
        f"-keyout {cluster}/ca-key.pem -subj {subject} -out {cluster}/ca.csr"
    )


def _sign(plan: MeshPlan, trust: TrustConfig, cluster: str) -> tuple[str, ...] | None:
    match trust:
        case SelfSignedTrustConfig() | FilesTrustConfig():
            extensions = (
                f"basicConstraints=critical,CA:true,pathlen:0\nkeyUsage={USAGE}\n"
                f"subjectAltName=DNS:{ISTIOD_HOST}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
            )
            return (
                (
                    f"openssl x509 -req -in {cluster}/ca.csr -CA root-cert.pem -CAkey root-key.pem "
                    f"-CAcreateserial -sha256 -days {trust.intermediate_validity_days} -extfile /dev/stdin "
                    f"-out {cluster}/ca-cert.pem <<'EOF'\n{extensions}EOF"
                ),
                (
                    f"cp root-cert.pem {cluster}/ && "
                    f"cat {cluster}/ca-cert.pem root-cert.pem > {cluster}/cert-chain.pem"
                ),
            )
        case GoogleCasTrustConfig():
            project = trust.project or plan.project
            return (
                (
                    f"gcloud privateca certificates create {plan.mesh_id}-{cluster} --project {project} "
                    f"--issuer-location {trust.location} --issuer-pool {trust.pool or '$CA_POOL'} "
                    f"--validity P{trust.intermediate_validity_days}D --csr {cluster}/ca.csr "
                    f"--cert-output-file {cluster}/issued.pem"
                ),
                *_of_chain(cluster),
            )
        case AwsPrivateCaTrustConfig():
            authority = trust.arn or "$CA_ARN"
            return (
                (
                    f"aws acm-pca issue-certificate --region {trust.region} --output text "
                    f"--certificate-authority-arn {authority} --csr fileb://{cluster}/ca.csr "
                    "--signing-algorithm SHA256WITHECDSA --template-arn "
                    "arn:aws:acm-pca:::template/SubordinateCACertificate_PathLen0/V1 "
                    f"--validity Value={trust.intermediate_validity_days},Type=DAYS > {cluster}/arn"
                ),
                (
                    f"aws acm-pca wait certificate-issued --region {trust.region} "
                    f'--certificate-authority-arn {authority} --certificate-arn "$(cat {cluster}/arn)"'
                ),
                (
                    f"aws acm-pca get-certificate --region {trust.region} --output text "
                    f'--certificate-authority-arn {authority} --certificate-arn "$(cat {cluster}/arn)" '
                    f"--query '[Certificate,CertificateChain]' | tr '\\t' '\\n' > {cluster}/issued.pem"
                ),
                *_of_chain(cluster),
            )
        case _:
            return None


def _of_chain(cluster: str) -> tuple[str, ...]:
    """The files from the issued chain, whose first certificate is the intermediate and whose last the
    root."""
    first = "openssl x509"
    last = 'awk \'/BEGIN CERT/{text=""} {text=text $0 ORS} END{printf "%s", text}\''
    return (
        (
            f"cp {cluster}/issued.pem {cluster}/cert-chain.pem && "
            f"{first} -in {cluster}/issued.pem -out {cluster}/ca-cert.pem && "
            f"{last} {cluster}/issued.pem > {cluster}/root-cert.pem"
        ),
    )


def _subject(**parts: str) -> str:
    """A subject as openssl's `-subj` takes it, in which `/` and `\\` separate and quote."""
    quoted = (
        (key, value[:NAME_LIMIT].replace("\\", "\\\\").replace("/", "\\/")) for key, value in parts.items()
    )
    return shlex.quote("".join(f"/{key}={value}" for key, value in quoted))
