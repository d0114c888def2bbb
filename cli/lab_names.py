"""Names of the lab's members, and why another is refused."""

from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabNotRunning
from hybrid_mesh.local.lab.specs import LabStatus

CLUSTER, VM, MEMBER = "cluster", "VM", "member"


def lab_status() -> LabStatus:
    """The running lab's, or what is saved of a stopped one."""
    try:
        return LabClient.connect(start=False).status()
    except LabNotRunning:
        return LabClient.saved_status()


def stacks(status: LabStatus) -> list[str]:
    """The names of the stacks that have members there."""
    owners = [*(cluster.owner for cluster in status.clusters), *(vm.owner for vm in status.machines)]
    return sorted({owner.stack for owner in owners if owner})


def check_member(name: str) -> None:
    """Raises CommandError when the lab, running or stopped, has no such member; LabNotRunning without one."""
    found = lab_status()
    names = {cluster.name for cluster in found.clusters} | {machine.name for machine in found.machines}
    if not found.running and not names:
        raise LabNotRunning("there is no lab")
    if name not in names:
        raise refusal(MEMBER, name, found)


def refusal(wanted: str, name: str, status: LabStatus) -> CommandError:
    """Why `name` is not a cluster, a VM or a member of the lab, with the names that are."""
    clusters, machines = ({each.name for each in members} for members in (status.clusters, status.machines))
    known = [
        f"{plural} are: {', '.join(sorted(names)) or 'none'}"
        for kind, plural, names in ((CLUSTER, "clusters", clusters), (VM, "VMs", machines))
        if wanted in (kind, MEMBER)
    ]
    actual = "a cluster" if name in clusters else "a VM" if name in machines else ""
    if actual:
        return CommandError(f"{name} is {actual}; {known[0]}.", "")
    listed = "; ".join(known)
    return CommandError(f"The lab has no {wanted} {name}.", f"{listed[0].upper()}{listed[1:]}.")
