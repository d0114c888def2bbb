"""Declares the mesh that the stack's configuration describes."""

import gc
from pathlib import Path

# What a run makes lives until its end, the hundred thousands of functions of the SDKs first of all: looking
# through them for garbage again and again would take as long as everything else.
gc.disable()

import pulumi  # noqa: E402 - the SDKs are what the line above is for

from hybrid_mesh import ConfigurationError, HybridMesh, find_stack_file, plan_from  # noqa: E402

config = pulumi.Config("hybrid-mesh")
stack = pulumi.get_stack()
try:
    file = find_stack_file(Path.cwd(), stack)  # has the places of problems, which the engine does not give
    plan = plan_from(config.require_object("mesh"), stack, file=file)
    secrets = {name: config.require_secret(name) for name in plan.secrets}
    mesh = HybridMesh("mesh", plan=plan, secrets=secrets)
except ConfigurationError as error:
    raise pulumi.RunError(f"stacks/Pulumi.{stack}.yaml is wrong:\n{error}") from None
for name, value in mesh.outputs.items():
    pulumi.export(name, value)
