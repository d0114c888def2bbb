"""`hybridmesh:index:Protection`: in a protected stack, refuses to be deleted.

It depends on everything else in the stack, so that a destroy starts with it and is refused. The engine's own
protection of single resources applies too late: after everything that depends on them is deleted.

Inputs: `stack`, `protected`. Outputs: the inputs.
"""

from hybrid_mesh.model.derive.labels import lift_protection
from hybrid_mesh.plugins.framework.declared import RememberedHandler
from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.handler import DeleteCall
from hybrid_mesh.plugins.framework.values import Properties


class ProtectionHandler(RememberedHandler):
    inputs = frozenset({"stack", "protected"})
    no_import = "a protection cannot be imported; `up` creates it"

    def identity(self, inputs: Properties) -> str:
        del inputs
        return "protection"

    def delete(self, call: DeleteCall) -> None:
        """Raises ResourceError in a protected stack."""
        known = {**call.outputs, **call.inputs}
        if known["protected"]:
            raise ResourceError(lift_protection(known["stack"]))
