"""The rule on Kubernetes labels, for every section that has some."""

from collections.abc import Mapping

from hybrid_mesh.model.checks.formats import is_label_key, is_label_value
from hybrid_mesh.model.checks.registry import network_rule
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import NetworkConfig
from hybrid_mesh.model.istio_facts import GROUP_LABEL, LOCALITY_LABEL
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value


@network_rule
def network_labels_are_valid(mesh: MeshConfig, name: str, network: NetworkConfig) -> Problems:
    """`labels` must be valid Kubernetes labels, and must not include those that the program sets."""
    owned = {
        GROUP_LABEL: "this label is set automatically",
        LOCALITY_LABEL: "`locality` of the network sets this",
    }
    yield from label_problems(f"networks.{name}.labels", network.labels, owned)


def label_problems(path: str, labels: Mapping[str, str], owned: Mapping[str, str]) -> Problems:
    """Problems of `labels` at `path`. `owned` are keys that are not the user's, with the reasons."""
    for key, value in labels.items():
        if key in owned:
            yield Problem(f"{path}.{key}", value, owned[key], "Leave it out.")
        elif not is_label_key(key):
            yield Problem(
                f"{path}.{key}",
                key,
                "not a valid key of a Kubernetes label",
                "Use letters, digits, '-', '_' and '.', 63 at most, after an optional `domain/`.",
            )
        if not is_label_value(value):
            yield Problem(
                f"{path}.{key}",
                format_value(value),
                "not a valid value of a Kubernetes label",
                "Use letters, digits, '-', '_' and '.', 63 at most; begin and end with a letter or digit.",
            )
