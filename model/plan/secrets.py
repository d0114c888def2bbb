"""Checks the configuration keys `hybrid-mesh:<name>` next to the mesh: they must exist, and secrets must
be encrypted."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from hybrid_mesh.model.config.trust import FilesTrustConfig, IntermediatesTrustConfig
from hybrid_mesh.model.derive.object_names import certificate_keys
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.problems import UNKNOWN_KEY, ConfigurationError, Problem, nearest_match
from hybrid_mesh.model.reading.sections import MESH_KEY, NAMESPACE
from hybrid_mesh.model.reading.stack_file import StackFile

_MESH = MESH_KEY.removeprefix(f"{NAMESPACE}:")


def check_keys(plan: MeshPlan, file: StackFile, stack: str | None) -> None:
    """Checks that `file` has the keys that the program requires next to the mesh. Remedies name the Pulumi
    stack `stack`; None for a file that is not known to be a stack's.

    Raises ConfigurationError with every key that is missing or misspelt, and every secret that is in plain
    text. Its messages never contain a value.
    """
    misspelt = dict(_misspelt_names(plan, file.config))
    problems = [*_key_problems(plan, file.config, stack, misspelt.values())]
    for name, meant in misspelt.items():
        remedy = f"Did you mean `{NAMESPACE}:{meant}`? Otherwise remove it."
        problems.append(Problem(f"{NAMESPACE}:{name}", "", UNKNOWN_KEY, remedy))
    if problems:
        raise ConfigurationError(file.located(problems))


def unused_names(plan: MeshPlan, config: Mapping[str, Any]) -> list[str]:
    """Names of the keys in the namespace of the mesh that the mesh does not use."""
    names = [key.removeprefix(f"{NAMESPACE}:") for key in config if key.startswith(f"{NAMESPACE}:")]
    return [name for name in names if name != _MESH and name not in plan.secrets]


def _misspelt_names(plan: MeshPlan, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Unused names that were probably meant to be the mesh's or a missing one, and which."""
    missing = [name for name in plan.secrets if f"{NAMESPACE}:{name}" not in config]
    for name in unused_names(plan, config):
        if near := nearest_match(name, [_MESH, *missing]):
            yield name, near


def _key_problems(
    plan: MeshPlan, config: Mapping[str, Any], stack: str | None, meant: Collection[str]
) -> Iterator[Problem]:
    public = _public(plan) | {key for key in _certificates(plan) if not key.endswith("-key")}
    of_stack = f" --stack {stack}" if stack is not None else ""
    for name in plan.secrets:
        key = f"{NAMESPACE}:{name}"
        flag = "" if name in public else " --secret"
        command = f"Run `pulumi config set{flag} {key}{of_stack} < FILE`."
        value = config.get(key)
        if value is None and name not in meant:
            yield Problem(key, "", f"this required key is missing: {_purpose(plan, name)}", command)
        elif value is not None and name not in public and not _is_encrypted(value):
            yield Problem(
                key,
                "",
                "this secret is stored in plain text",
                f"Replace the secret, as others may have read it. {command}",
            )


def _is_encrypted(value: object) -> bool:
    return isinstance(value, Mapping) and "secure" in value


def _public(plan: MeshPlan) -> set[str]:
    """Names of the keys that hold certificates, which are not secret."""
    match plan.trust:
        case FilesTrustConfig() as trust:
            return {trust.certificate}
        case IntermediatesTrustConfig() as trust:
            return {trust.certificate, *(key for name in plan.clusters for key in trust.names(name)[:2])}
        case _:
            return set()


def _purpose(plan: MeshPlan, name: str) -> str:
    match plan.trust:
        case FilesTrustConfig(certificate=key) | IntermediatesTrustConfig(certificate=key) if name == key:
            return "the root certificate (PEM)"
        case FilesTrustConfig(key=key) if name == key:
            return "the root's private key (PEM)"
        case IntermediatesTrustConfig() as trust:
            titles = (
                "intermediate certificate",
                "chain of its issuers",
                "private key",
            )
            for cluster in plan.clusters:
                for key, title in zip(trust.names(cluster), titles, strict=True):
                    if name == key:
                        return f"the {title} of cluster {cluster} (PEM)"
    if name == plan.istio.pull_secret:
        return "the credentials of the image registry (a Docker config.json)"
    if listener := _certificates(plan).get(name):
        kind = next(kind for suffix, kind in _CERTIFICATE_KINDS.items() if name.endswith(suffix))
        return f"{kind} of {listener} (PEM)"
    return f"the kubeconfig of {', '.join(_users(plan, name))}"


_CERTIFICATE_KINDS = {
    "-certificate": "the certificate",
    "-key": "the private key",
    "-client-authority": "the authority of clients",
}


def _certificates(plan: MeshPlan) -> dict[str, str]:
    """The configuration keys of certificates, and the listener that each is for."""
    return {
        key: f"listener {listener.name} of ingress {name}"
        for name, ingress in plan.ingresses.items()
        for listener in ingress.config.listeners
        for key in certificate_keys(listener)
    }


def _users(plan: MeshPlan, name: str) -> list[str]:
    return [key for key, cluster in plan.clusters.items() if getattr(cluster.config, "secret", None) == name]
