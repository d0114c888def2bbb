"""Asks a cluster for what a datacenter machine needs from it at hand-over."""

from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError

from cli.errors import CommandError
from cli.kubeconfigs import Kubeconfig

AUDIENCE = "istio-ca"
"""The audience that istiod accepts. Source: istio.io/istio/pkg/config/constants, `DefaultIstiodAudience`…
`istio-ca`."""
API_TIMEOUT = (3, 15)
"""Seconds to connect and to answer."""


def mint(
    kubeconfig: Kubeconfig, context: str | None, namespace: str, account: str, seconds: int
) -> tuple[str, str]:
    """A token of the service account, and when it expires (RFC 3339), which the API server decides. Raises
    CommandError."""
    specification = client.V1TokenRequestSpec(audiences=[AUDIENCE], expiration_seconds=seconds)
    body = client.AuthenticationV1TokenRequest(spec=specification)
    try:
        answer = _core(kubeconfig, context).create_namespaced_service_account_token(
            account, namespace, body, _request_timeout=API_TIMEOUT
        )
    except (ApiException, HTTPError) as error:
        problem = f"The cluster minted no token for {namespace}/{account}: {_reason(error)}."
        raise CommandError(problem, "Is the stack up, and may your kubeconfig create tokens?") from None
    return str(answer.status.token), answer.status.expiration_timestamp.isoformat()


def read_roots(kubeconfig: Kubeconfig, context: str | None, namespace: str) -> str:
    """The mesh's root certificates (PEM) as istiod publishes them in every namespace. Raises CommandError."""
    name = "istio-ca-root-cert"
    try:
        found = _core(kubeconfig, context).read_namespaced_config_map(
            name, namespace, _request_timeout=API_TIMEOUT
        )
        return str(found.data["root-cert.pem"])
    except (ApiException, HTTPError, KeyError, TypeError) as error:
        problem = f"The roots of the mesh cannot be read from {namespace}/{name}: {_reason(error)}."
        raise CommandError(problem, "Is istiod running in that cluster?") from None


def _core(kubeconfig: Kubeconfig, context: str | None) -> Any:
    configuration = client.Configuration()
    try:
        config.load_kube_config_from_dict(  # type: ignore[no-untyped-call]
            dict(kubeconfig), context=context, client_configuration=configuration
        )
    except ConfigException:
        raise CommandError(
            "The cluster's kubeconfig cannot be used.", "Look at its current context."
        ) from None
    return client.CoreV1Api(client.ApiClient(configuration))


def _reason(error: Exception) -> str:
    """What the server said of itself; never a body, which may echo what was sent."""
    return str(error.reason) if isinstance(error, ApiException) else type(error).__name__
