"""Asks a cluster for what a datacenter VM needs from it at hand-over."""

from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.kubectl import Kubectl, KubectlError

AUDIENCE = "istio-ca"
"""The audience that istiod accepts. Source: istio.io/istio/pkg/config/constants, `DefaultIstiodAudience`…
`istio-ca`."""


def mint(kubectl: Kubectl, namespace: str, account: str, seconds: int) -> tuple[str, str]:
    """A token of the service account, and when it expires (RFC 3339), which the API server decides. Raises
    CommandError."""
    where = (account, f"--namespace={namespace}", f"--audience={AUDIENCE}", f"--duration={seconds}s")
    try:
        status = kubectl.read("create", "token", *where, "--output=json")["status"]
    except KubectlError as error:
        problem = f"The cluster did not issue a token for {namespace}/{account}: {error}."
        raise CommandError(
            problem, "Check that the stack is up and that you may create tokens in the cluster."
        ) from None
    return str(status["token"]), str(status["expirationTimestamp"])


def read_roots(kubectl: Kubectl, namespace: str) -> str:
    """The mesh's root certificates (PEM) as istiod publishes them in every namespace. Raises CommandError."""
    name = "istio-ca-root-cert"
    try:
        found = kubectl.get(f"/api/v1/namespaces/{namespace}/configmaps/{name}")
        return str(found["data"]["root-cert.pem"])
    except (KubectlError, KeyError) as error:
        reason = error if isinstance(error, KubectlError) else "it has no root-cert.pem"
        problem = f"The mesh's root certificates cannot be read from {namespace}/{name}: {reason}."
        raise CommandError(problem, "Check that istiod is running in the cluster.") from None
