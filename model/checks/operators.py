"""Rules on the people and pipelines that run the program."""

from hybrid_mesh.model.checks.registry import readable, rule
from hybrid_mesh.model.config.clusters import EksClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.problems import Problem, Problems


@rule
def aws_roles_are_for_eks_clusters(mesh: MeshConfig) -> Problems:
    """`clusters` must be keys of `clusters` with clusters of type `eks`."""
    kinds = readable(mesh.clusters, lambda cluster: isinstance(cluster, EksClusterConfig))
    known = sorted(name for name, is_eks in kinds.items() if is_eks)
    for index, role in enumerate(mesh.operators.aws_roles):
        for number, name in enumerate(role.clusters):
            if kinds.get(name, name in mesh.clusters):
                continue
            yield Problem(
                f"operators.awsRoles.{index}.clusters.{number}",
                name,
                "not an EKS cluster of the mesh",
                f"Use one of: {', '.join(known)}."
                if known
                else "Leave `awsRoles` out: no cluster is on EKS.",
            )


@rule
def aws_roles_are_unique(mesh: MeshConfig) -> Problems:
    """`awsRoles` must list each role once: a cluster has one access entry for a role."""
    arns = [role.arn for role in mesh.operators.aws_roles]
    for index, arn in enumerate(arns):
        if arn in arns[:index]:
            yield Problem(
                f"operators.awsRoles.{index}.arn",
                arn,
                "this role is listed twice",
                "List each role once, with all its clusters; `admin` includes `view`.",
            )
