"""Looks at pods and runs commands in them, by the API server."""

from collections.abc import Mapping, Sequence
from typing import Any

from kubernetes import client, config, stream
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError

from operate.shell import CommandResult, NotReachableError, Pod

PROXY = "istio-proxy"
API_TIMEOUT = (3, 10)
"""Seconds to connect and to answer."""


class ClusterPods:
    """One cluster's pods. Safe for many threads: each call has a client of its own."""

    def __init__(self, name: str, kubeconfig: Mapping[str, Any], context: str | None) -> None:
        self._name = name
        self._configuration = client.Configuration()
        try:
            config.load_kube_config_from_dict(  # type: ignore[no-untyped-call]
                dict(kubeconfig), context=context, client_configuration=self._configuration
            )
        except ConfigException as error:
            raise NotReachableError(f"its kubeconfig cannot be used: {_short(error)}") from None
        self._configuration.retries = False

    def list(self, namespace: str, selector: str) -> list[Pod]:
        """The Ready pods that `selector` selects. Raises NotReachableError."""
        try:
            found = self._api().list_namespaced_pod(
                namespace, label_selector=selector, _request_timeout=API_TIMEOUT
            )
        except (ApiException, HTTPError) as error:
            raise NotReachableError(f"its API server does not answer: {_short(error)}") from None
        return [self._pod(pod) for pod in found.items if _is_ready(pod)]

    def gateway_address(self, namespace: str, name: str) -> str | None:
        """The first address of a Gateway of the Gateway API. Raises NotReachableError."""
        api: Any = client.CustomObjectsApi(client.ApiClient(self._configuration))
        try:
            found = api.get_namespaced_custom_object(
                "gateway.networking.k8s.io", "v1", namespace, "gateways", name, _request_timeout=API_TIMEOUT
            )
        except (ApiException, HTTPError) as error:
            raise NotReachableError(f"its Gateway cannot be read: {_short(error)}") from None
        addresses = found.get("status", {}).get("addresses", [])
        return str(addresses[0]["value"]) if addresses else None

    def run(self, pod: Pod, command: Sequence[str], timeout: float) -> CommandResult:
        """Runs `command` in the pod's application container. Raises NotReachableError."""
        try:
            session = stream.stream(
                self._api().connect_get_namespaced_pod_exec,
                pod.name,
                pod.namespace,
                container=pod.container,
                command=list(command),
                stdout=True,
                stderr=True,
                stdin=False,
                tty=False,
                _preload_content=False,
                _request_timeout=API_TIMEOUT,
            )
        except (ApiException, HTTPError, OSError) as error:
            raise NotReachableError(f"no command can be run in {pod.name}: {_short(error)}") from None
        try:
            session.run_forever(timeout=timeout)
            if session.is_open():
                raise NotReachableError(f"the command in {pod.name} did not end within {timeout:.0f} s")
            return CommandResult(session.returncode or 0, session.read_stdout(), session.read_stderr())
        finally:
            session.close()

    def _api(self) -> Any:
        return client.CoreV1Api(client.ApiClient(self._configuration))

    def _pod(self, pod: Any) -> Pod:
        containers = [container.name for container in pod.spec.containers if container.name != PROXY]
        return Pod(
            cluster=self._name,
            namespace=pod.metadata.namespace,
            name=pod.metadata.name,
            address=pod.status.pod_ip,
            service_account=pod.spec.service_account_name or "default",
            container=containers[0] if containers else PROXY,
        )


def _is_ready(pod: Any) -> bool:
    if pod.metadata.deletion_timestamp or not pod.status.pod_ip:
        return False
    return any(
        condition.type == "Ready" and condition.status == "True" for condition in pod.status.conditions or ()
    )


def _short(error: Exception) -> str:
    """The first line of what went wrong, without the body of an answer."""
    text = error.reason if isinstance(error, ApiException) and error.reason else str(error)
    return str(text).strip().splitlines()[0][:160] if str(text).strip() else type(error).__name__
