"""Kubeconfigs of clusters in clouds. They contain no credential: a command on the caller's host gets one."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import pulumi

API = "client.authentication.k8s.io/v1beta1"


def with_context(kubeconfig: pulumi.Output[str], name: str) -> pulumi.Output[str]:
    """The same for people: its context is called `name`, so that it can be merged with others. Secret."""
    return pulumi.Output.secret(kubeconfig.apply(lambda text: _renamed(text, name)))


def certificate_authority(encoded: pulumi.Output[str]) -> pulumi.Output[str]:
    """Decodes base64 PEM text."""
    return encoded.apply(lambda text: base64.b64decode(text).decode())


def exec_kubeconfig(
    cluster: pulumi.Input[str],
    endpoint: pulumi.Input[str],
    authority: pulumi.Input[str] | None,
    command: Sequence[pulumi.Input[str]],
    install_hint: str,
    **settings: Any,
) -> pulumi.Output[str]:
    """A kubeconfig whose user runs `command`. `settings` are additional keys of its `exec`, as client-go
    names them. `authority` is base64; None if the server's certificate is one of a public CA. Secret, like
    every kubeconfig."""
    program, *arguments = command
    run = {
        "apiVersion": API,
        "command": program,
        **({"args": arguments} if arguments else {}),
        "interactiveMode": "IfAvailable",
        **settings,
        "installHint": install_hint,
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": cluster,
                "cluster": {
                    "server": endpoint,
                    **({} if authority is None else {"certificate-authority-data": authority}),
                },
            }
        ],
        "users": [{"name": cluster, "user": {"exec": run}}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
        "current-context": cluster,
    }
    return pulumi.Output.secret(pulumi.Output.json_dumps(document))


def _renamed(text: str, name: str) -> str:
    document = json.loads(text)
    for kind in ("clusters", "users", "contexts"):
        document[kind][0]["name"] = name
    document["contexts"][0]["context"] = {"cluster": name, "user": name}
    return json.dumps({**document, "current-context": name})
