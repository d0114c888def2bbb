"""From a kubeconfig to what a connection needs. The official client does authentication and exec plug-ins."""

from __future__ import annotations

import logging
import shutil
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from plugins.framework.errors import ResourceError
from plugins.framework.tls import tls_context
from plugins.kubernetes_standin.settings import Settings


@dataclass(frozen=True)
class Access:
    """How to reach one API server. `complaints` are what failed while logging in, for a later 401."""

    configuration: Any
    tls: ssl.SSLContext | None
    complaints: tuple[str, ...]

    @property
    def server(self) -> str:
        """The server's address."""
        return str(self.configuration.host).rstrip("/")

    def authorization(self) -> str | None:
        """The Authorization header, renewed when it is about to expire."""
        token: str | None = self.configuration.get_api_key_with_prefix("BearerToken")
        if token is None and self.configuration.username:
            return str(self.configuration.get_basic_auth_token())
        return token


def parse(text: str, folder: Path) -> dict[str, Any] | None:
    """The structure of a kubeconfig given as YAML, JSON or the path of a file; None for no kubeconfig at all.

    Relative paths are relative to `folder`. Raises ResourceError, never with the content.
    """
    if not text.strip():
        return None
    if "\n" not in text and "{" not in text:
        path = folder / Path(text.strip()).expanduser()
        if not path.is_file():
            raise ResourceError(f"kubeconfig: there is no file {path}")
        text = path.read_text()
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ResourceError("kubeconfig is neither valid YAML or JSON nor the path of a file") from None
    if not isinstance(content, dict) or not content.get("clusters"):
        raise ResourceError("kubeconfig has no clusters")
    return content


def access(settings: Settings, folder: Path) -> Access:
    """Loads credentials. Raises ResourceError when the kubeconfig is missing or wrong."""
    from kubernetes import client, config  # noqa: PLC0415 costs 0.2 s and a preview may need no cluster
    from kubernetes.config.config_exception import ConfigException  # noqa: PLC0415

    content = parse(settings.kubeconfig, folder)
    configuration = client.Configuration()
    load: Any = config
    files = tempfile.mkdtemp(prefix="kubeconfig-")
    complaints = _Complaints()
    logging.getLogger().addHandler(complaints)
    try:
        context = settings.context or None
        if content is None:
            load.load_kube_config(context=context, client_configuration=configuration, temp_file_path=files)
        else:
            load.load_kube_config_from_dict(
                _with_cluster(content, settings.cluster),
                context=context,
                client_configuration=configuration,
                persist_config=False,
                temp_file_path=files,
            )
        tls = tls_context(configuration) if str(configuration.host).startswith("https") else None
        return Access(configuration, tls, tuple(complaints.texts))
    except ConfigException as failure:
        raise ResourceError(f"kubeconfig: {failure}") from None
    except ssl.SSLError as failure:
        raise ResourceError(f"kubeconfig: its certificates cannot be used ({failure.reason})") from None
    finally:
        logging.getLogger().removeHandler(complaints)
        shutil.rmtree(files, ignore_errors=True)


def _with_cluster(content: dict[str, Any], cluster: str) -> dict[str, Any]:
    """The provider's `cluster` overrides the cluster of every context."""
    if not cluster:
        return content
    contexts = [
        {**named, "context": {**named.get("context", {}), "cluster": cluster}}
        for named in content.get("contexts", [])
    ]
    return {**content, "contexts": contexts}


class _Complaints(logging.Handler):
    """The client tells of a failed exec plug-in only in its log."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())
