"""Protection of a live stack against accidental changes and deletion."""

import pulumi

from hybrid_mesh.components.resources import Foundation, Protection
from hybrid_mesh.model.plan.foundation import foundation_facts
from hybrid_mesh.model.plan.types import MeshPlan


class Safeguard:
    """The first and the last resource of a stack.

    The foundation is registered before everything else, and refuses changes that are impossible. The
    protection depends on everything else, so that a destroy starts with it. It exists in every stack, because
    it would otherwise have to be deleted to lift the protection. It does not use the engine's own protection,
    which would search all dependency paths for other resources to delete (pkg/resource/graph of Pulumi:
    hundreds of millions of paths in a stack with two clusters).
    """

    def __init__(self, plan: MeshPlan) -> None:
        self._plan = plan
        self._foundation: Foundation | None = None
        self._made: list[pulumi.Resource] = []

    def transform(
        self, args: pulumi.ResourceTransformationArgs
    ) -> pulumi.ResourceTransformationResult | None:
        """A transformation of the root component and its descendants. It records every resource, and makes
        providers and the plug-in's own resources depend on the foundation."""
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
        """Called after everything else is declared."""
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
