"""What the engine's state says that a stack has."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hybrid_mesh.cli.changes import Changes
from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.events import Moment, Step, type_of
from hybrid_mesh.cli.stack import checkpoint_file, exists

LOCAL_TYPES = {"hybridmesh:index:LocalCluster", "hybridmesh:index:LocalMachine"}

OTHER_CLUSTERS = {f"hybridmesh:index:{name}MeshCluster" for name in ("Kubeconfig", "Gke", "Eks")}


@dataclass(frozen=True)
class Holding:
    """One resource of the state; `external` ones are only read and are nobody's to delete."""

    urn: str
    custom: bool
    external: bool
    retained: bool
    provider: str
    inputs: Mapping[str, Any]

    @property
    def real(self) -> bool:
        """Whether something exists because of it: it is neither a component nor a provider."""
        return self.custom and not self.external and not type_of(self.urn).startswith("pulumi:")


def holdings(engine: Engine, stack: str) -> list[Holding]:
    """Everything that the stack has; empty when the stack does not exist. Secret inputs are encrypted. Raises
    CommandError."""
    return [
        Holding(
            each["urn"],
            bool(each.get("custom")),
            bool(each.get("external")),
            bool(each.get("retainOnDelete")),
            each.get("provider") or "",
            each.get("inputs") or {},
        )
        for each in _resources(engine, stack)
    ]


def in_lab(held: Iterable[Holding]) -> bool:
    """Whether anything of it is a cluster or a VM of the lab."""
    return any(type_of(each.urn) in LOCAL_TYPES for each in held)


def only_in_lab(held: Iterable[Holding]) -> bool:
    """Whether all of it ends with the lab: its clusters and VMs, and what is in them."""
    held = list(held)
    elsewhere = {type_of(each.urn) for each in held} & OTHER_CLUSTERS
    own = ("hybridmesh:", "kubernetes:")
    return not elsewhere and all(type_of(each.urn).startswith(own) for each in held if each.real)


def destruction(held: Iterable[Holding]) -> Changes:
    """What destroying it changes."""
    changes = Changes()
    for each in held:
        if each.real:
            changes.add(
                Step(
                    Moment.BEGUN,
                    "delete",
                    each.urn,
                    before=each.inputs,
                    retained=each.retained,
                    provider=each.provider,
                )
            )
    return changes


def _resources(engine: Engine, stack: str) -> list[dict[str, Any]]:
    if not exists(engine, stack):
        return []
    try:
        if (backend := engine.settings.own_backend) and (file := checkpoint_file(backend, stack)).exists():
            state = json.loads(file.read_text())["checkpoint"].get("latest")
        else:
            state = json.loads(engine.ask("stack", "export", "--stack", stack).stdout)["deployment"]
        return list((state or {}).get("resources") or ())
    except (ValueError, LookupError, TypeError, AttributeError):
        raise CommandError(
            f"The state of the stack {stack} cannot be read.", f"Try `pulumi stack export --stack {stack}`."
        ) from None
