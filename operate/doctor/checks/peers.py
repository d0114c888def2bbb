"""Every ordered pair of clusters: what one holds of the other, whether istiod reads it, what it reaches."""

from collections.abc import Iterator
from typing import Final

from hybrid_mesh.model.istio_facts import ISTIOD_PORT
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity

UP: Final = ("hybrid-mesh up",)
_GATEWAY: Final = "istio-eastwestgateway"


def peers(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """The remote Secret, the synchronization, and the ports of every peer that the plan has."""
    for holder, found in evidence.answering():
        for peer in plan.clusters[holder].peers:
            pair = f"cluster {holder} → cluster {peer}"
            faults = [*_secret(pair, peer, found, evidence)]
            if not faults:
                faults += [*_synchronization(pair, holder, peer, found)]
            yield from faults
            yield from _ports(plan, pair, peer, found)
        yield from _strangers(plan, holder, found)


def _secret(pair: str, peer: str, found: ClusterEvidence, evidence: Evidence) -> Iterator[Finding]:
    if "Secret" not in found.listed:
        return
    access = found.accesses.get(peer)
    if access is None:
        problem = f"no remote Secret has a kubeconfig of {peer}: istiod does not know its services"
        yield Finding("peer-missing", Severity.BROKEN, pair, problem, UP)
        return
    if not access.server:
        problem = f"the key {peer} of the remote Secret {access.secret} is not a kubeconfig"
        yield Finding("peer-credentials", Severity.BROKEN, pair, problem, UP)
        return
    reached = found.reached.get(access.server.rstrip("/"))
    if reached is not None and not reached.connected:
        problem = (
            f"the API server of {peer} at {access.server} cannot be reached from inside; istiod goes on with "
            "what it knew"
        )
        remedy = "Allow the network of this cluster to reach that address, or correct `peerEndpoint`; then: "
        yield Finding("peer-unreachable", Severity.BROKEN, pair, problem, (f"{remedy}hybrid-mesh up",))
    other = evidence.clusters.get(peer)
    if not isinstance(other, ClusterEvidence) or "Secret" not in other.listed:
        return
    if access.token not in other.tokens:
        problem = (
            f"the token in {access.secret} is not one that {peer} has in a Secret: its API server refuses "
            "it, at the latest when istiod restarts"
        )
        yield Finding("peer-credentials", Severity.BROKEN, pair, problem, UP)


def _synchronization(pair: str, holder: str, peer: str, found: ClusterEvidence) -> Iterator[Finding]:
    states = {str(each.get("syncStatus")) for each in found.peers if each.get("id") == peer}
    if not found.peers or states == {"synced"}:
        return
    state = ", ".join(sorted(states)) or "unknown to istiod"
    problem = f"istiod of {holder} is not synchronized with {peer}: {state}"
    look = f"hybrid-mesh kubectl {holder} -- logs deployment/istiod --tail=50 --namespace=istio-system"
    yield Finding("peer-not-synced", Severity.BROKEN, pair, problem, (look, *UP))


def _ports(plan: MeshPlan, pair: str, peer: str, found: ClusterEvidence) -> Iterator[Finding]:
    """The gateway of a peer in another network."""
    if not plan.clusters[peer].config.gateway.enabled or not found.networks:
        return
    gateways = [each for each in found.networks if each.get("Cluster") == peer]
    if not gateways:
        problem = f"istiod knows no address of the east-west gateway of {peer}"
        look = f"hybrid-mesh kubectl {peer} -- get service {_GATEWAY} --namespace=istio-system"
        yield Finding("gateway-address-unknown", Severity.BROKEN, pair, problem, (look, *UP))
    for gateway in gateways:
        for port in (gateway["Port"], ISTIOD_PORT):
            reached = found.reached.get(f"https://{gateway['Addr']}:{port}")
            if reached is None or reached.connected:
                continue
            problem = f"port {port} of the gateway of {peer} at {gateway['Addr']} does not accept connections"
            look = f"hybrid-mesh kubectl {peer} -- get pods,service,networkpolicy --namespace=istio-system"
            yield Finding("gateway-unreachable", Severity.BROKEN, pair, problem, (look, *UP))


def _strangers(plan: MeshPlan, holder: str, found: ClusterEvidence) -> Iterator[Finding]:
    """Clusters that istiod reads and the plan does not have, or has quarantined."""
    known = {holder, *plan.clusters[holder].peers}
    for stranger in sorted(found.accesses.keys() - known):
        problem = f"a remote Secret ({found.accesses[stranger].secret}) has {stranger}, which is not its peer"
        remove = (
            f"hybrid-mesh kubectl {holder} -- edit secret {found.accesses[stranger].secret} "
            "--namespace=istio-system"
        )
        yield Finding("peer-unknown", Severity.WARNING, f"cluster {holder}", problem, (remove,))
