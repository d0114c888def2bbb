"""`hybridmesh:index:Protection`: in a protected stack, refuses to be deleted.

It depends on everything else in the stack, so that a destroy has to begin with it, and ends with its refusal.
The engine's own protection of single resources comes too late: it is found when their turn comes, after all
that depends on them has gone.

Inputs: `stack`, `protected`. Outputs: the inputs.
"""

from hybrid_mesh.model.derive.labels import lift_protection
from hybrid_mesh.plugins.framework.declared import RememberedHandler
from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.handler import DeleteCall
from hybrid_mesh.plugins.framework.values import Properties


class ProtectionHandler(RememberedHandler):
    inputs = frozenset({"stack", "protected"})
    no_import = "a protection cannot be imported: run up, which makes one"

    def identity(self, inputs: Properties) -> str:
        del inputs
        return "protection"

    def delete(self, call: DeleteCall) -> None:
        """Raises ResourceError in a protected stack."""
        known = {**call.outputs, **call.inputs}
        if known["protected"]:
            raise ResourceError(lift_protection(known["stack"]))
