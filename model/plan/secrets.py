"""The flat configuration keys beside the mesh, `hybrid-mesh:<name>`: are they there, and are the secret ones
encrypted?"""

from collections.abc import Iterator, Mapping
from typing import Any

from hybrid_mesh.model.config.trust import FilesTrustConfig
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.problems import ConfigurationError, Problem

NAMESPACE = "hybrid-mesh"


def check_keys(plan: MeshPlan, config: Mapping[str, Any]) -> None:
    """Holds the `config` section of a stack file against the keys that the program will ask for.

    Raises ConfigurationError with every key that is missing, or is a secret and stands there in plain text.
    Never
    repeats a value.
    """
    problems = list(_problems(plan, config))
    if problems:
        raise ConfigurationError(problems)


def _problems(plan: MeshPlan, config: Mapping[str, Any]) -> Iterator[Problem]:
    public = {plan.trust.certificate} if isinstance(plan.trust, FilesTrustConfig) else set()
    for name in plan.secrets:
        key = f"{NAMESPACE}:{name}"
        flag = "" if name in public else " --secret"
        command = f"Run `pulumi config set{flag} {key} --stack {plan.stack} < FILE`."
        value = config.get(key)
        if value is None:
            yield Problem(key, "", f"this key is missing: {_purpose(plan, name)}", command)
        elif name not in public and not (isinstance(value, Mapping) and "secure" in value):
            yield Problem(
                key,
                "",
                "this secret is in the file in plain text",
                f"Replace it, as others may have read it. {command}",
            )


def _purpose(plan: MeshPlan, name: str) -> str:
    if isinstance(plan.trust, FilesTrustConfig) and name == plan.trust.certificate:
        return "the root's certificate in PEM"
    if isinstance(plan.trust, FilesTrustConfig) and name == plan.trust.key:
        return "the root's private key in PEM"
    return f"the kubeconfig of {', '.join(_users(plan, name))}"


def _users(plan: MeshPlan, name: str) -> list[str]:
    return [key for key, cluster in plan.clusters.items() if getattr(cluster.config, "secret", None) == name]
