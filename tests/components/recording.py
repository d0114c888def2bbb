"""Mocks that remember every resource that a program declares."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from tests.components.cloud_answers import LOOKED_UP, cloud_outputs

CLUSTER_OUTPUTS = {
    "kubeconfig": '{"kubeconfig": "of the administrator"}',
    "endpoint": "https://127.0.0.1:40001",
    "certificateAuthorityPem": "-----BEGIN CERTIFICATE-----\nAPI\n-----END CERTIFICATE-----\n",
}
NUMBERS = {"east": 1, "west": 2}
Answers = Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]
"""By the token of a function or a resource, what it answers to its arguments."""


@dataclass(frozen=True)
class Declaration:
    """A declared resource: its inputs in plain, and the names of those that arrived secret."""

    typ: str
    name: str
    provider: str
    resource_id: str
    inputs: dict[str, Any]
    secret: frozenset[str]


class Recording(pulumi.runtime.Mocks):
    """Answers as our plug-in and the kubernetes plug-in would; `declared` is in the order of registration.
    `answers` are those of functions that look something up, in addition to the usual ones, and further
    outputs of cloud resources."""

    def __init__(self, answers: Answers | None = None) -> None:
        self._answers = {**LOOKED_UP, **(answers or {})}
        self.declared: list[Declaration] = []
        self.options: dict[tuple[str, str], pulumi.ResourceOptions] = {}
        """By type and name: protection and dependencies, which mocks do not get."""

    def observe(self, args: pulumi.ResourceTransformationArgs) -> None:
        """A transformation that changes nothing."""
        self.options[args.type_, args.name] = args.opts

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        inputs = {name: plain(value) for name, value in args.inputs.items()}
        secret = frozenset(name for name, value in args.inputs.items() if is_rpc_secret(value))
        made = Declaration(args.typ, args.name, args.provider or "", args.resource_id or "", inputs, secret)
        self.declared.append(made)
        outputs = self._outputs(args.typ, inputs)
        if args.typ.startswith(("aws:", "gcp:")):
            outputs = cloud_outputs(args.typ, args.name, inputs)
            if args.typ in self._answers:
                outputs |= self._answers[args.typ](inputs)
        return f"{args.name}-id", {**args.inputs, **outputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        if args.token not in self._answers:
            raise AssertionError(f"nothing else is asked while the mesh is declared, but {args.token} was")
        return {**args.args, **self._answers[args.token](args.args)}, []

    def of_type(self, token: str) -> list[Declaration]:
        return [each for each in self.declared if each.typ == token]

    def named(self, name: str) -> Declaration:
        return next(each for each in self.declared if each.name == name)

    def in_clusters(self) -> list[Declaration]:
        """What is declared in Kubernetes."""
        return [each for each in self.declared if each.typ.startswith("kubernetes:")]

    @staticmethod
    def _outputs(token: str, inputs: dict[str, Any]) -> dict[str, Any]:  # noqa: PLR0911, C901 - one a type
        if token == "hybridmesh:index:CertificateAuthority":
            data = {name: {"ca-cert.pem": f"intermediate of {name}"} for name in inputs["clusters"]}
            return {"rootCertificatePem": "the root", "rootKeyPem": "the root's key", "intermediates": data}
        if token == "hybridmesh:index:ClusterInspection":
            return {"rootCertificatePem": f"root of {inputs['clusterName']}"}
        if token == "hybridmesh:index:GivenIntermediate":
            return {"data": {"ca-cert.pem": inputs["certificatePem"]}}
        if token == "hybridmesh:index:CertificateRequest":
            return {"requestPem": f"request of {inputs['cluster']}", "keyPem": "an intermediate's key"}
        if token == "hybridmesh:index:LocalCluster":
            number = NUMBERS.get(inputs["clusterName"], 9)
            return {
                **CLUSTER_OUTPUTS,
                "instanceId": f"instance-of-{inputs['clusterName']}",
                "peerEndpoint": f"https://172.30.{number}.1:6443",
                "gatewayAddress": f"172.30.{number}.10",
            }
        if token == "hybridmesh:index:LocalMachine":
            name = inputs["machineName"]
            return {
                "instanceId": f"instance-of-{name}",
                "address": "10.10.0.100",
                "wanAddress": "172.30.200.1",
            }
        if token == "kubernetes:core/v1:Secret" and inputs.get("type", "").endswith("account-token"):
            token_text = base64.b64encode(b"the reader's token").decode()
            return {"data": {"token": token_text, "ca.crt": base64.b64encode(b"ca").decode()}}
        if token == "kubernetes:gateway.networking.k8s.io/v1:Gateway":
            return {"status": {"addresses": [{"type": "IPAddress", "value": "172.30.1.11"}]}}
        if token == "kubernetes:helm.sh/v3:Release":
            return {"status": {"namespace": inputs["namespace"], "name": inputs["name"]}}
        if token == "kubernetes:core/v1:Service" and not inputs.get("metadata"):
            return {"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}}
        return {}


def plain(value: Any) -> Any:
    """A value that arrived, without the marks of secrets."""
    if is_rpc_secret(value):
        return plain(unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value
