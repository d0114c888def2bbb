"""Derives the checks that the probe pods and the VMs make: of each other, and of
every workload group with any application. Pure.

The number of checks grows with the pairs that differ: each cluster calls each cluster and each group, each VM
calls each cluster, and one VM of each network calls each group.
"""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network

from hybrid_mesh.model.config.groups import ApplicationConfig
from hybrid_mesh.model.config.services import ServicePort
from hybrid_mesh.model.objects.groups import protocol
from hybrid_mesh.model.plan.types import GroupPlan, MeshPlan
from hybrid_mesh.operate.probes.objects import CLIENT_HEADER, CLUSTER_HEADER, PORT
from hybrid_mesh.operate.probes.pods import Probe
from hybrid_mesh.operate.shell import Machine, Pod, Registration
from hybrid_mesh.operate.verify.checks import (
    Gap,
    MustFail,
    MustReach,
    MustServe,
    Protocol,
    RequestCheck,
    RequestFailure,
    origin_of,
    source_name,
)
from hybrid_mesh.operate.verify.curl import Request
from hybrid_mesh.operate.verify.reach_verdict import GRPC_MESSAGE, GRPC_STATUS, UPSTREAM_HEADER

REQUEST_SECONDS = 2.0
REFUSAL_SECONDS = 1.0
DENIED = frozenset({RequestFailure.CLOSED, RequestFailure.TLS_ALERT})
UNREACHABLE = frozenset({RequestFailure.NO_ROUTE})
SERVED = (UPSTREAM_HEADER, GRPC_STATUS, GRPC_MESSAGE)
"""Headers that distinguish an application's answer from a proxy's."""
GRPC = ("--http2-prior-knowledge", "--request", "POST", "--header", "content-type: application/grpc")
_ANONYMOUS = ("--insecure", "--http1.1")
"""TLS without a certificate of one's own. Over HTTP/2, curl reports a closed connection as a wrong frame."""
_Way = tuple[Protocol, str, tuple[str, ...]]
_OPTIONS: dict[str, _Way] = {
    "http": (Protocol.HTTP, "http", ()),
    "http2": (Protocol.HTTP, "http", ("--http2-prior-knowledge",)),
    "grpc": (Protocol.GRPC, "http", GRPC),
    "grpc-web": (Protocol.HTTP, "http", ()),
    "https": (Protocol.TLS, "https", ("--insecure",)),
    "tls": (Protocol.TLS, "https", ("--insecure",)),
}
"""Protocol of a port -> how an application that speaks it is asked."""
_TCP: _Way = (Protocol.TCP, "ftp", ())
"""By FTP, curl waits for the server's greeting before it sends anything."""
_SILENT = frozenset({"tcp", "mongo", "redis"})
"""Protocols to whose servers a connection is opened, on which nothing is sent: Redis logs another protocol
as an attack. MySQL gets none, as it blocks callers that do not log in (`max_connect_errors`)."""

Known = Mapping[str, Sequence[Registration]]
"""The registered VMs of each group."""


class Reach:
    """Plans the checks of `plan` with the probes and VMs that there are. `slowness` multiplies every time
    limit. `gaps` has what cannot be checked."""

    def __init__(
        self,
        plan: MeshPlan,
        probes: Mapping[str, Probe],
        machines: Mapping[str, Sequence[Machine]],
        registered: Known,
        slowness: float = 1.0,
    ) -> None:
        self._plan, self._probes, self._slowness = plan, probes, slowness
        self._machines, self._registered = machines, registered
        self.gaps: list[Gap] = []

    def checks(self) -> list[RequestCheck]:
        found: list[RequestCheck] = []
        for probe in self._probes.values():
            others = [each for each in self._probes.values() if each.cluster != probe.cluster]
            found += [self._reach(probe.inside, probe.identity, other) for other in others or [probe]]
            found += [check for group in self._groups() for check in self._serve(probe.inside, group)]
        callers = self._callers()
        for machine in (each for some in self._machines.values() for each in some):
            group = self._plan.groups[machine.group]
            if not group.config.dns_capture:
                continue
            found += [self._reach(machine, self._identity(group), probe) for probe in self._probes.values()]
            if machine in callers:
                found += [check for other in self._groups() for check in self._serve(machine, other)]
        for probe in self._probes.values():
            found += self._refused_by_probes(probe)
            found += [check for group in self._groups() for check in self._refused_by_group(probe, group)]
        self._say_what_is_left_out()
        return found

    def _groups(self) -> list[GroupPlan]:
        """Those that may answer: with ports, and with a VM, or servers that never register."""
        return [
            group
            for name, group in self._plan.groups.items()
            if group.config.service_ports and (self._registered.get(name) or not group.config.has_agent)
        ]

    def _callers(self) -> set[Machine]:
        """One VM of each network."""
        first: dict[str, Machine] = {}
        for group, machines in self._machines.items():
            for machine in machines:
                if self._plan.groups[group].config.dns_capture:
                    first.setdefault(self._plan.groups[group].network, machine)
        return set(first.values())

    def _reach(self, source: Pod | Machine, caller: str, probe: Probe) -> RequestCheck:
        request = Request(
            f"http://{probe.host}:{PORT}/",
            REQUEST_SECONDS * self._slowness,
            headers=(CLUSTER_HEADER, CLIENT_HEADER),
        )
        target = f"cluster {probe.cluster}"
        expectation = MustReach(probe.cluster, probe.identity, caller)
        return self._check(source, target, request, expectation, {target})

    def _serve(self, source: Pod | Machine, group: GroupPlan) -> Iterator[RequestCheck]:
        installed = group.config.application != ApplicationConfig()
        required = installed or group.config.probe is not None
        for port in group.config.service_ports:
            silent = protocol_of(port) in _SILENT
            way = _TCP if silent and isinstance(source, Pod) else _OPTIONS.get(protocol_of(port))
            if way is None:
                continue
            kind, scheme, options = way
            for host in group.hosts:
                name = f"group {group.name}, port {port.port}"
                name += f" of {host}" if len(group.hosts) > 1 else ""
                seconds = REFUSAL_SECONDS if kind is Protocol.TCP else REQUEST_SECONDS
                url = f"{scheme}://{host}:{port.port}/"
                request = Request(url, seconds * self._slowness, options, SERVED)
                yield self._check(source, name, request, MustServe(kind, required), {f"group {group.name}"})

    def _refused_by_probes(self, probe: Probe) -> Iterator[RequestCheck]:
        network = self._plan.clusters[probe.cluster].network
        for other in self._probes.values():
            target = f"cluster {other.cluster}"
            address = _in_url(other.inside.address)
            if self._plan.clusters[other.cluster].network != network:
                if not self._is_own(probe, other.inside.address):
                    url = f"http://{address}:{PORT}/"
                    name = f"{target} by its pod's address"
                    yield self._refused(probe.outside, name, url, MustFail(UNREACHABLE), {target})
                continue
            where = f"{address}:{PORT}"
            yield from self._denied(probe.outside, target, where, other.identity, {target})

    def _refused_by_group(self, probe: Probe, group: GroupPlan) -> Iterator[RequestCheck]:
        if not group.config.has_agent:
            return
        network = self._plan.clusters[probe.cluster].network
        same = [name for name, each in self._probes.items() if self._network(name) == network]
        if probe.cluster != same[0]:
            return
        target, port = {f"group {group.name}"}, group.config.service_ports[0].target
        vms = [each for each in self._registered.get(group.name, ()) if each.connected]
        for vm in vms:
            address = _in_url(vm.address)
            if group.network == network:
                name = f"VM {vm.name}"
                where = f"{address}:{port}"
                yield from self._denied(probe.outside, name, where, self._identity(group), target)
            elif not self._is_own(probe, vm.address):
                name = f"group {group.name} by the address of {vm.name}"
                url = f"http://{address}:{port}/"
                yield self._refused(probe.outside, name, url, MustFail(UNREACHABLE | DENIED), target)
                return

    def _denied(
        self, source: Pod, name: str, where: str, identity: str, target: set[str]
    ) -> Iterator[RequestCheck]:
        plain, tls = f"http://{where}/", f"https://{where}/"
        yield self._refused(source, f"{name} in plaintext", plain, MustFail(DENIED), target)
        must_fail = MustFail(DENIED, identity)
        yield self._refused(source, f"{name} by TLS without identity", tls, must_fail, target, *_ANONYMOUS)

    def _refused(
        self, source: Pod, name: str, url: str, expectation: MustFail, target: set[str], *options: str
    ) -> RequestCheck:
        request = Request(url, REFUSAL_SECONDS * self._slowness, options)
        return self._check(source, name, request, expectation, target)

    def _check(
        self,
        source: Pod | Machine,
        destination: str,
        request: Request,
        expectation: MustReach | MustServe | MustFail,
        target: set[str],
    ) -> RequestCheck:
        subject = f"{source_name(source)} → {destination}"
        return RequestCheck(
            subject, source, destination, request, expectation, origin_of(source), frozenset(target)
        )

    def _say_what_is_left_out(self) -> None:
        for name, group in self._plan.groups.items():
            about = frozenset({f"group {name}"})
            if not group.config.service_ports:
                reason = "it has no ports to call"
                self.gaps.append(Gap(f"group {name}", reason, by_design=True, about=about))
            if reason := self._hidden(group):
                self.gaps.append(Gap(f"identity of group {name}", reason, by_design=True, about=about))
            known = _OPTIONS.keys() | _SILENT
            for port in [each for each in group.config.service_ports if protocol_of(each) not in known]:
                reason = f"no request is sent to an application that speaks {protocol_of(port)}"
                subject = f"group {name}, port {port.port}"
                self.gaps.append(Gap(subject, reason, by_design=True, about=about))
            if self._machines.get(name) and not group.config.dns_capture:
                reason = "they do not resolve the mesh's names (`dnsCapture: false`)"
                self.gaps.append(Gap(f"requests of VMs of group {name}", reason, by_design=True, about=about))

    def _hidden(self, group: GroupPlan) -> str:
        """Why the identity with which a group answers cannot be seen; empty where it can."""
        if not group.config.service_ports:
            return ""
        if not group.config.has_agent:
            return "its servers have no proxy"
        networks = {self._network(cluster) for cluster in self._probes}
        return "" if group.network in networks else f"no probe is in its network {group.network}"

    def _network(self, cluster: str) -> str:
        return self._plan.clusters[cluster].network

    def _identity(self, group: GroupPlan) -> str:
        return f"spiffe://{self._plan.trust_domain}/ns/{group.namespace}/sa/{group.service_account}"

    def _is_own(self, probe: Probe, address: str) -> bool:
        """Whether `address` means another member in the network of `probe`, as two networks may have the same
        addresses."""
        cluster = self._plan.clusters[probe.cluster]
        own = [*self._plan.networks[cluster.network].cidrs, *([cluster.pod_cidr] if cluster.pod_cidr else [])]
        return any(ip_address(address) in ip_network(cidr) for cidr in own)


def protocol_of(port: ServicePort) -> str:
    """The protocol of a port: the configured one, else the one that its name selects."""
    return port.protocol or protocol(port.name).lower()


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address
