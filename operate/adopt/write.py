"""Judges whether clusters are one mesh, and writes their stack file."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE
from hybrid_mesh.operate.adopt.found import Finding, FoundCluster, Peer
from hybrid_mesh.operate.adopt.groups import with_groups

_HEAD: Final = """\
# yaml-language-server: $schema=./mesh.schema.json
# A mesh that was made by hand; see docs/adopt.md. istiod, its certificates and the gateways stay as they are.
"""


def problems(clusters: Sequence[FoundCluster]) -> Iterator[Finding]:
    """Why the clusters are not one mesh."""
    first = clusters[0]
    by_uid: dict[str, FoundCluster] = {}
    by_name: dict[str, FoundCluster] = {}
    for each in clusters:
        place = f"context {each.context}"
        same = by_uid.setdefault(each.uid, each)
        if same is not each:
            yield Finding(
                place, f"it is the same cluster as context {same.context}", "Name each cluster once"
            )
            continue
        other = by_name.setdefault(each.name, each)
        if other is not each:
            yield Finding(
                f"{place}, ConfigMap istio-sidecar-injector",
                f"its cluster name is {each.name}, as that of context {other.context}",
                "Give one of them another `global.multiCluster.clusterName`",
            )
        yield from _differences(first, each)
        yield from _unreachable(clusters, each)


def _differences(first: FoundCluster, other: FoundCluster) -> Iterator[Finding]:
    for key, mine, yours in (
        ("mesh ID", first.mesh_id, other.mesh_id),
        ("trust domain", first.trust_domain, other.trust_domain),
        ("root certificate", fingerprint(first.root), fingerprint(other.root)),
    ):
        if mine != yours:
            yield Finding(
                f"context {other.context}",
                f"its {key} is {yours or 'not set'}, and that of context {first.context} is "
                f"{mine or 'not set'}",
                "One mesh has one. Leave this context out, or change it there first",
            )
    if _minor(first.version) != _minor(other.version):
        yield Finding(
            f"context {other.context}, Deployment istiod",
            f"it is of release {other.version}, and that of context {first.context} is {first.version}",
            "Upgrade the older one first",
        )


def _unreachable(clusters: Sequence[FoundCluster], found: FoundCluster) -> Iterator[Finding]:
    """A network without a gateway that the others know, and peers that nobody calls."""
    if found.pod_cidr is None:
        yield Finding(
            f"context {found.context}",
            "it has no node and no pod with an address, so the CIDR of its network is unknown",
            "Add a node, and try again",
        )
    others = [each for each in clusters if each.network != found.network]
    served = any(each.gateway for each in clusters if each.network == found.network)
    if others and not served:
        yield Finding(
            f"context {found.context}",
            f"network {found.network} has no east-west gateway (a Service in {SYSTEM_NAMESPACE} with the "
            "label of the network)",
            "Install it as Istio's page does",
        )
    gateway = found.gateway
    if gateway and not _addresses(clusters, found):
        yield Finding(
            f"context {found.context}, Service {gateway.service}",
            "it has no address that the other clusters know",
            "Wait for its load balancer, or add its address to `global.meshNetworks` of every istiod",
        )


def fingerprint(root: str) -> str:
    """The first digits of the SHA-256 sums of the roots, in no order."""
    try:
        found = x509.load_pem_x509_certificates(root.encode())
    except ValueError:
        return "not valid PEM"
    return ", ".join(sorted({each.fingerprint(hashes.SHA256()).hex()[:16] for each in found}))


def stack_mesh(clusters: Sequence[FoundCluster], path: str | None) -> tuple[dict[str, Any], list[Finding]]:
    """The mesh of the stack file, and the groups that it cannot have. `path` is that of the kubeconfig, None
    for the default one."""
    first = clusters[0]
    networks: dict[str, Any] = {}
    for each in clusters:
        networks.setdefault(each.network, []).append(each.pod_cidr)
    mesh = {
        "id": first.mesh_id,
        "trustDomain": first.trust_domain,
        "trust": {"issuer": "existing"},
        "istio": {"version": min((each.version for each in clusters), key=_number)},
        "networks": {
            name: {"type": "external", "cidr": found[0] if len(found) == 1 else found}
            for name, found in networks.items()
        },
        "clusters": {each.name: _cluster(clusters, each, path) for each in clusters},
    }
    return with_groups(clusters, mesh)


def stack_text(clusters: Sequence[FoundCluster], path: str | None) -> str:
    """The stack file. `path` is that of the kubeconfig, None for the default one."""
    mesh, _ = stack_mesh(clusters, path)
    config = {"pulumi:disable-default-providers": ["kubernetes", "gcp", "aws"], "hybrid-mesh:mesh": mesh}
    return _HEAD + yaml.safe_dump({"config": config}, sort_keys=False, width=110)


def _cluster(clusters: Sequence[FoundCluster], found: FoundCluster, path: str | None) -> dict[str, Any]:
    written: dict[str, Any] = {"type": "kubeconfig", "network": found.network, "context": found.context}
    if path is not None:
        written["path"] = path
    peer = called_at(clusters, found.name)
    if peer is not None:
        written["peerEndpoint"] = peer.server
        if peer.authority.split() != found.authority.split():
            written["peerCertificateAuthority"] = peer.authority or "system"
    istio = {"ownership": "existing"}
    if kept := kept_secret(clusters, found):
        istio["remoteSecret"] = kept
    if found.gateway_api:
        istio["gatewayApi"] = "existing"
    return {**written, "istio": istio, "certificates": "existing", "gateway": _gateway(clusters, found)}


def _gateway(clusters: Sequence[FoundCluster], found: FoundCluster) -> dict[str, Any]:
    gateway = found.gateway
    if gateway is None:
        return {"enabled": False}
    written: dict[str, Any] = {"ownership": "existing"}
    if gateway.type == "NodePort":
        written |= {"serviceType": "NodePort", "nodePorts": dict(gateway.node_ports)}
    if gateway.type == "NodePort" or not gateway.addresses:
        written["addresses"] = list(_addresses(clusters, found))
    return written


def _addresses(clusters: Sequence[FoundCluster], found: FoundCluster) -> tuple[str, ...]:
    """Those of the Service's status, else those in the mesh configuration of any cluster."""
    configured = (each.networks[found.network] for each in clusters if each.networks.get(found.network))
    reported = found.gateway.addresses if found.gateway else ()
    return reported or next(configured, ())


def called_at(clusters: Sequence[FoundCluster], name: str) -> Peer | None:
    """How the others call a cluster's API server; None if none does."""
    for each in clusters:
        for peers in each.remote.values():
            if name in peers:
                return peers[name]
    return None


def kept_secret(clusters: Sequence[FoundCluster], found: FoundCluster) -> str | None:
    """The remote Secret of `found` that gets all peers: the one with the most of `clusters`; None if there is
    none."""
    names = {each.name for each in clusters}
    return max(sorted(found.remote), key=lambda name: len(names & found.remote[name].keys()), default=None)


def superfluous(clusters: Sequence[FoundCluster], found: FoundCluster) -> list[str]:
    """The remote Secrets of `found` whose peers the kept one has after `up`, so no others than `clusters`."""
    names, kept = {each.name for each in clusters}, kept_secret(clusters, found)
    return [name for name, peers in sorted(found.remote.items()) if name != kept and peers.keys() <= names]


def strangers(clusters: Sequence[FoundCluster]) -> Iterator[Finding]:
    """Peers that are not among `clusters`."""
    names = {each.name for each in clusters}
    for each in clusters:
        for secret, peers in sorted(each.remote.items()):
            for peer in sorted(peers.keys() - names):
                yield Finding(
                    f"context {each.context}, Secret {secret}",
                    f"its peer {peer} is not among the contexts",
                    f"Leave it, or adopt the cluster too: add --context for {peer}",
                )


def _minor(version: str) -> tuple[int, ...]:
    return _number(version)[:2]


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
