"""Declares the mesh that the stack's configuration describes."""

import pulumi

from components.mesh import HybridMesh
from model.plan.build import plan_from
from model.problems import ConfigurationError

config = pulumi.Config("hybrid-mesh")
try:
    plan = plan_from(config.require_object("mesh"), pulumi.get_stack())
except ConfigurationError as error:
    raise pulumi.RunError(f"stacks/Pulumi.{pulumi.get_stack()}.yaml is wrong:\n{error}") from None
secrets = {name: config.require_secret(name) for name in plan.secrets}

mesh = HybridMesh("mesh", plan=plan, secrets=secrets)
for name, value in mesh.outputs.items():
    pulumi.export(name, value)
