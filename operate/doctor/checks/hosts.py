"""The addresses of istiod in the hosts files of VMs."""

from collections.abc import Iterator
from typing import Any, Final

from hybrid_mesh.model.istio_facts import ISTIOD_HOST, SYSTEM_NAMESPACE
from hybrid_mesh.model.objects.helm_values import GATEWAY_NAME
from hybrid_mesh.model.texts.machine_texts import LIBRARY
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence
from hybrid_mesh.operate.doctor.findings import Finding
from hybrid_mesh.operate.doctor.machines import BOOT_HOSTS_FILE, HOSTS_FILE, MachineEvidence
from hybrid_mesh.operate.doctor.repairs import MachineStep, Repair
from hybrid_mesh.operate.doctor.vm_findings import broken, enter

_HOSTS_SCRIPT: Final = f"{LIBRARY}/hosts"
"""Writes what the VM got at its creation into its hosts file again."""


def hosts_faults(machine: MachineEvidence, cluster: Any) -> Iterator[Finding]:
    """The addresses of istiod in the VM's hosts file: as written at boot, and those of the gateway."""
    wanted = _addresses(machine.texts.get(BOOT_HOSTS_FILE, ""))
    named = _addresses(machine.texts.get(HOSTS_FILE, ""))
    if wanted and named != wanted:
        problem = f"{HOSTS_FILE} has {_listed(named)} for istiod, and should have {_listed(wanted)}"
        clean = f"sed -i /{ISTIOD_HOST}/d {HOSTS_FILE}"
        steps = (
            MachineStep(machine.group, machine.name, tuple(clean.split())),
            MachineStep(machine.group, machine.name, (_HOSTS_SCRIPT,)),
        )
        repair = Repair(f"Write istiod's addresses into {HOSTS_FILE} of VM {machine.name}?", steps)
        remedy = (enter(machine, clean), enter(machine, _HOSTS_SCRIPT))
        since = machine.written.get(HOSTS_FILE)
        yield broken("hosts-changed", machine, problem, remedy, since=since, repair=repair)
        return
    serving = _gateway_addresses(cluster) if isinstance(cluster, ClusterEvidence) else ()
    if serving and wanted and not set(wanted) & set(serving):
        problem = (
            f"it has {_listed(wanted)} for istiod, and the east-west gateway has {_listed(serving)}: it "
            "cannot join again after it loses its connection"
        )
        yield broken("gateway-address-differs", machine, problem, ("hybrid-mesh up",))


def _gateway_addresses(cluster: ClusterEvidence) -> tuple[str, ...]:
    """IP addresses in the status of the east-west gateway's Service; () if it has others or none."""
    service: Any = cluster.get("Service", SYSTEM_NAMESPACE, GATEWAY_NAME) or {}
    entries = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    if any(not entry.get("ip") for entry in entries):
        return ()
    return tuple(str(entry["ip"]) for entry in entries)


def _addresses(hosts: str) -> tuple[str, ...]:
    """The addresses of istiod in the text of a hosts file."""
    lines = (line.partition("#")[0].split() for line in hosts.splitlines())
    return tuple(words[0] for words in lines if ISTIOD_HOST in words[1:])


def _listed(addresses: tuple[str, ...]) -> str:
    return " and ".join(addresses) or "no address"
