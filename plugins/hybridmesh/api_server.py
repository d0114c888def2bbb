"""Questions to an API server with somebody's kubeconfig. No credential is left in a file."""

import json
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any, Final

import yaml

from plugins.framework.errors import ResourceError
from plugins.framework.tls import tls_context

_LOADING: Final = threading.Lock()
"""The client remembers in a global table which certificates it wrote to which file: none goes before they
are read."""


class UnreachableClusterError(ResourceError):
    """The API server did not answer, or refused; the text holds no credential."""


class ApiServer:
    """The API server of a kubeconfig: a text, the path of a file, or None for the ambient one.

    `context` is the current one by default. Raises ResourceError when the kubeconfig cannot be used.
    """

    def __init__(self, kubeconfig: str | None, context: str | None) -> None:
        # The client costs half a second of CPU to import, which previews should not pay.
        from kubernetes import client, config  # noqa: PLC0415

        self._configuration: Any = client.Configuration()
        folder = tempfile.mkdtemp(prefix="hybridmesh-")
        given = {
            "client_configuration": self._configuration,
            "context": context,
            "persist_config": False,
            "temp_file_path": folder,
        }
        from_file: Any = config.load_kube_config
        from_text: Any = config.load_kube_config_from_dict
        with _LOADING:
            try:
                if kubeconfig is None:
                    from_file(**given)
                elif "{" not in kubeconfig and "\n" not in kubeconfig:
                    from_file(str(Path(kubeconfig).expanduser()), **given)
                else:
                    from_text(yaml.safe_load(kubeconfig), **given)
                self._pool = self._connect()
            except (config.ConfigException, yaml.YAMLError, OSError, TypeError) as failure:
                raise ResourceError(f"the kubeconfig cannot be used ({type(failure).__name__})") from None
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def get(self, path: str, timeout: float) -> Any:
        """The JSON at `path`. Raises UnreachableClusterError."""
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        headers = {"Accept": "application/json"}
        if token := self._configuration.get_api_key_with_prefix("BearerToken"):
            headers["Authorization"] = token
        try:
            answer = self._pool.request(
                "GET", f"{self._configuration.host}{path}", headers=headers, timeout=timeout, retries=False
            )
        except HTTPError as failure:
            raise UnreachableClusterError(
                f"the API server does not answer ({type(failure).__name__})"
            ) from None
        if answer.status != 200:
            raise UnreachableClusterError(
                f"the API server answers {answer.status} {answer.reason or ''}".strip()
            )
        return json.loads(answer.data)

    def _connect(self) -> Any:
        from urllib3 import PoolManager, ProxyManager  # noqa: PLC0415

        configuration = self._configuration
        given: dict[str, Any] = {}
        if configuration.host.startswith("https"):
            given["ssl_context"] = tls_context(configuration)
            if configuration.tls_server_name:
                given["server_hostname"] = configuration.tls_server_name
        if configuration.proxy:
            return ProxyManager(configuration.proxy, **given)
        return PoolManager(**given)
