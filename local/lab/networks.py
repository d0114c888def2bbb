"""The lab's networks: one WAN, one LAN per Istio network, and the members, which have an interface in
both."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from hybrid_mesh.local.lab import addressing
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.specs import NetworkSpec
from hybrid_mesh.local.linux import namespaces
from hybrid_mesh.local.linux.commands import ip, run, sysctl
from hybrid_mesh.local.metadata.identity import METADATA_ADDRESS

QUIET = {
    "ipv6/conf/default/disable_ipv6": "1",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
}
BRIDGE = "02:00:00:00:00:01"
"""The hardware address of every bridge; each bridge is in a network namespace of its own. Without a fixed
address a bridge takes the lowest of its ports' addresses, which changes when a member joins. The other
members keep the old one for up to 45 seconds and do not reach the lab's services meanwhile. Sources:
br_stp_recalculate_bridge_id in net/bridge/br_stp_if.c of the kernel; base_reachable_time in arp(7)."""
ROUTER = {"ipv4/ip_forward": "1"}
"""The default router of a LAN's VMs knows no other network: it answers everything as unreachable."""


@dataclass(frozen=True)
class Member:
    """A node (with a pod CIDR) or a VM (without): its namespace and its addresses."""

    name: str
    network: NetworkSpec
    namespace: Path
    lan_address: str
    wan_address: str
    pod_cidr: str | None


class Networks:
    """Creates namespaces, bridges and links, and maintains the members' routes to each other."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._lans: dict[str, Path] = {}
        self._members: dict[str, Member] = {}
        self.wan = namespaces.create("wan")
        sysctl(QUIET, namespace=self.wan)
        ip(
            [
                "link set lo up",
                f"link add wan address {BRIDGE} type bridge",
                f"address add {addressing.WAN_SERVICES}/{addressing.WAN.prefixlen} dev wan",
                "link set wan up",
            ],
            namespace=self.wan,
        )

    def lan(self, network: NetworkSpec) -> Path:
        """The namespace of a network's LAN, with the lab's services and the metadata address."""
        with self._lock:
            if network.name not in self._lans:
                self._lans[network.name] = self._make_lan(network)
            return self._lans[network.name]

    def join(
        self, name: str, network: NetworkSpec, lan_address: str, wan_address: str, pod_cidr: str | None
    ) -> Member:
        """Creates a member's namespace with `lan0` and `wan0` and adds routes to it on the others."""
        with self._lock:
            member = self._link(name, network, lan_address, wan_address, pod_cidr)
            self._members[name] = member
            self._route()
            return member

    def leave(self, name: str) -> None:
        """Removes a member; its LAN stays until `drop_lan`."""
        with self._lock:
            member = self._members.pop(name, None)
            if member is None:
                return
            self._unroute(member)
            namespaces.delete_links(member.namespace)
            namespaces.delete(member.namespace)

    def drop_lan(self, network: NetworkSpec) -> bool:
        """Removes a LAN that has no member; returns whether it did."""
        with self._lock:
            if any(member.network.name == network.name for member in self._members.values()):
                return False
            if path := self._lans.pop(network.name, None):
                namespaces.delete(path)
            return True

    def _link(
        self, name: str, network: NetworkSpec, lan_address: str, wan_address: str, pod_cidr: str | None
    ) -> Member:
        lan = self.lan(network)
        with namespaces.made(name) as namespace:
            self._connect(namespace, lan, lan_address, wan_address, forward=pod_cidr is not None)
            self._impair(namespace, network)
            member = Member(name, network, namespace, lan_address, wan_address, pod_cidr)
            if pod_cidr is None:
                router = addressing.lan_services(network.cidr)
                ip(
                    [
                        f"route replace {METADATA_ADDRESS}/32 dev lan0 src {lan_address}",
                        f"route replace default via {router} dev lan0 src {lan_address}",
                    ],
                    namespace=namespace,
                )
            else:
                self._guard(member)
        return member

    def _connect(
        self, namespace: Path, lan: Path, lan_address: str, wan_address: str, *, forward: bool
    ) -> None:
        """Gives a namespace its interfaces in the LAN and the WAN."""
        sysctl(QUIET | ({"ipv4/ip_forward": "1"} if forward else {}), namespace=namespace)
        ports = [f"l{lan_address.rsplit('.', 1)[1]}", "w" + "-".join(wan_address.split(".")[2:])]
        ip(
            [
                "link set lo up",
                f"link add lan0 type veth peer name {ports[0]} netns {lan.name}",
                f"link add wan0 type veth peer name {ports[1]} netns {self.wan.name}",
                f"address add {lan_address}/24 dev lan0",
                f"address add {wan_address}/{addressing.WAN.prefixlen} dev wan0",
                "link set lan0 up",
                "link set wan0 up",
            ],
            namespace=namespace,
        )
        ip([f"link set {ports[0]} master lan up"], namespace=lan)
        ip([f"link set {ports[1]} master wan up"], namespace=self.wan)

    def _make_lan(self, network: NetworkSpec) -> Path:
        with namespaces.made(f"lan-{network.name}") as namespace:
            sysctl(QUIET | ROUTER, namespace=namespace)
            ip(
                [
                    "link set lo up",
                    f"link add lan address {BRIDGE} type bridge",
                    f"address add {addressing.lan_services(network.cidr)}/24 dev lan",
                    f"address add {METADATA_ADDRESS}/32 dev lan",
                    "link set lan up",
                ],
                namespace=namespace,
            )
        return namespace

    def _guard(self, node: Member) -> None:
        """Pods reach the WAN with their node's address; from the WAN, pods are reachable through Services
        only."""
        rules = [
            "*nat",
            f"-A POSTROUTING -s {node.pod_cidr} -o wan0 -j MASQUERADE",
            "COMMIT",
            "*filter",
            "-A FORWARD -i wan0 -m conntrack ! --ctstate DNAT,ESTABLISHED,RELATED -j DROP",
            "COMMIT",
        ]
        run(["iptables-restore", "--noflush"], namespace=node.namespace, text="\n".join(rules) + "\n")

    def _impair(self, namespace: Path, network: NetworkSpec) -> None:
        if not network.delay_milliseconds and not network.loss_percent:
            return
        netem = ["netem", "delay", f"{network.delay_milliseconds}ms", "loss", f"{network.loss_percent}%"]
        try:
            run(["tc", "qdisc", "replace", "dev", "wan0", "root", *netem], namespace=namespace)
        except LabError as error:
            raise LabError(
                f"network {network.name} asks for delay or loss, but this kernel has no netem queue "
                "(module sch_netem); set delay and loss to 0 or load the module"
            ) from error

    def _route(self) -> None:
        for member in self._members.values():
            lines = [
                route
                for other in self._members.values()
                if other is not member
                for route in _routes(member, other)
            ]
            if lines:
                ip([f"route replace {line}" for line in lines], namespace=member.namespace)

    def _unroute(self, gone: Member) -> None:
        for member in self._members.values():
            for route in _routes(member, gone):
                with contextlib.suppress(LabError):  # the guest may have removed it
                    ip([f"route delete {route}"], namespace=member.namespace)


def _routes(source: Member, target: Member) -> list[str]:
    """The routes that `source` needs to reach `target`."""
    if source.network.name == target.network.name:
        return [f"{target.pod_cidr} via {target.lan_address} dev lan0"] if target.pod_cidr else []
    if source.pod_cidr and not target.pod_cidr and target.network.direct:
        return [f"{target.lan_address}/32 via {target.wan_address} dev wan0"]
    return []
