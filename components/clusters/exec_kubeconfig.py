"""Kubeconfigs of clouds' clusters: no credential in them, a command on the caller's machine fetches one."""

import base64
import json
from typing import Any

import pulumi

API = "client.authentication.k8s.io/v1beta1"


def gke_kubeconfig(
    cluster: pulumi.Input[str], endpoint: pulumi.Input[str], authority: pulumi.Input[str]
) -> pulumi.Output[str]:
    """For `gke-gcloud-auth-plugin`, which takes the caller's own Google credentials. `authority` is base64.

    Secret, as every kubeconfig.
    """
    command = {
        "apiVersion": API,
        "command": "gke-gcloud-auth-plugin",
        "interactiveMode": "IfAvailable",
        "provideClusterInfo": True,
        "installHint": "Install gke-gcloud-auth-plugin: https://cloud.google.com/kubernetes-engine/docs/"
        "how-to/cluster-access-for-kubectl#install_plugin",
    }
    return _kubeconfig(cluster, endpoint, authority, command)


def eks_kubeconfig(
    cluster: pulumi.Input[str], endpoint: pulumi.Input[str], authority: pulumi.Input[str], region: str
) -> pulumi.Output[str]:
    """For `aws eks get-token` with the caller's own credentials: no profile and no role is named, so that it
    serves a laptop and a pipeline. `authority` is base64. Secret, as every kubeconfig.
    """
    command = {
        "apiVersion": API,
        "command": "aws",
        "args": ["--region", region, "eks", "get-token", "--output", "json", "--cluster-name", cluster],
        "interactiveMode": "IfAvailable",
        "installHint": "Install the AWS CLI, version 2: https://docs.aws.amazon.com/cli/",
    }
    return _kubeconfig(cluster, endpoint, authority, command)


def with_context(kubeconfig: pulumi.Output[str], name: str) -> pulumi.Output[str]:
    """The same for people: its context is called `name`, so that it can be merged with others'. Secret."""
    return pulumi.Output.secret(kubeconfig.apply(lambda text: _renamed(text, name)))


def certificate_authority(encoded: pulumi.Output[str]) -> pulumi.Output[str]:
    """The PEM text of a base64 one."""
    return encoded.apply(lambda text: base64.b64decode(text).decode())


def _kubeconfig(
    cluster: pulumi.Input[str],
    endpoint: pulumi.Input[str],
    authority: pulumi.Input[str],
    command: dict[str, Any],
) -> pulumi.Output[str]:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": cluster, "cluster": {"server": endpoint, "certificate-authority-data": authority}}
        ],
        "users": [{"name": cluster, "user": {"exec": command}}],
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
