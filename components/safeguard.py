"""What keeps a live stack from being changed or deleted by mistake."""

import pulumi

from hybrid_mesh.components.resources import Foundation, Protection
from hybrid_mesh.model.plan.foundation import foundation_facts
from hybrid_mesh.model.plan.types import MeshPlan


class Safeguard:
    """The first and the last resource of a stack.

    The foundation is registered before everything else, and refuses what would pull it away. The protection
    depends on everything else, so that a destroy begins with it. It is there in every stack, as one that is
    no longer declared would have to be deleted when the protection is lifted; and it is not one that the
    engine protects, which would then look for others that it can delete, along every path that leads from it
    (pkg/resource/graph of Pulumi: hundreds of millions in a stack of two clusters).
    """

    def __init__(self, plan: MeshPlan) -> None:
        self._plan = plan
        self._foundation: Foundation | None = None
        self._made: list[pulumi.Resource] = []

    def transform(
        self, args: pulumi.ResourceTransformationArgs
    ) -> pulumi.ResourceTransformationResult | None:
        """A transformation of the root component, whose descendants inherit it: notes every resource, and
        lets providers wait for the foundation, and resources of our own, which need none."""
        if self._foundation is None or isinstance(args.resource, pulumi.ComponentResource):
            return None
        self._made.append(args.resource)
        if not args.type_.startswith(("pulumi:providers:", "hybridmesh:")):
            return None
        first = pulumi.ResourceOptions(depends_on=[self._foundation])
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, first))

    def begin(self, name: str, parent: pulumi.Resource) -> None:
        self._foundation = Foundation(
            f"{name}-foundation",
            stack=self._plan.stack,
            protected=self._plan.protected,
            facts=foundation_facts(self._plan),
            opts=pulumi.ResourceOptions(parent=parent),
        )

    def end(self, name: str, parent: pulumi.Resource) -> None:
        """After everything else is declared."""
        assert self._foundation is not None
        protected = self._plan.protected
        Protection(
            f"{name}-protection",
            stack=self._plan.stack,
            protected=protected,
            opts=pulumi.ResourceOptions(
                parent=parent,
                depends_on=[self._foundation, *self._made] if protected else [],
            ),
        )
