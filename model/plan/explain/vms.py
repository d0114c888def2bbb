"""Commands for the VMs of a group, as Istio's "Virtual Machine Installation" has them."""

import shlex
from collections.abc import Iterator

from hybrid_mesh.model.istio_facts import ISTIOD_HOST
from hybrid_mesh.model.objects.helm_values import GATEWAY_NAME
from hybrid_mesh.model.plan.boot import group_package, package_url
from hybrid_mesh.model.plan.explain.objects import context_of
from hybrid_mesh.model.plan.explain.step import Step, on
from hybrid_mesh.model.plan.types import GroupPlan, MeshPlan

_INSTALL = {
    "deb": "dpkg -i /tmp/istio-sidecar.deb",
    "rpm": "rpm -U --replacepkgs /tmp/istio-sidecar.rpm",
}
_PLACES = (
    ("root-cert.pem", "/etc/certs/root-cert.pem"),
    ("istio-token", "/var/run/secrets/tokens/istio-token"),
    ("cluster.env", "/var/lib/istio/envoy/cluster.env"),
    ("mesh.yaml", "/etc/istio/config/mesh"),
)
"""File of the folder -> its place on the VM."""
_OWNED = "/var/lib/istio /etc/certs /etc/istio/config /etc/istio/proxy /var/run/secrets"


def vm_steps(plan: MeshPlan, group: GroupPlan) -> Iterator[Step]:
    """The files of the group, then each VM. VMs whose names the plan does not know are `$VM`."""
    if not group.config.has_agent:
        return
    where = f"group {group.name}"
    yield Step(where, "Files of the group's VMs", tuple(_files(plan, group)))
    machines = [machine.name for machine in group.machines]
    for machine in machines:
        yield Step(f"VM {machine}", "Join the mesh", tuple(_join(plan, group, machine)))
    if not machines:
        title = f"Join the mesh; repeat for each VM ({group.minimum} or more)"
        yield Step(where, title, tuple(_join(plan, group, '"$VM"')))
    yield Step(where, "Wait until a VM is registered", (_registered(plan, group),))


def _kubectl(plan: MeshPlan, group: GroupPlan) -> str:
    return f"kubectl --context {shlex.quote(context_of(plan.clusters[group.cluster]))}"


def _files(plan: MeshPlan, group: GroupPlan) -> Iterator[str]:
    folder, kubectl = f"vm-{group.name}", _kubectl(plan, group)
    yield f"mkdir -p {folder}"
    yield f"cat > {folder}/cluster.env <<'EOF'\n{group.cluster_env.rstrip()}\nEOF"
    yield f"cat > {folder}/mesh.yaml <<'EOF'\n{group.mesh_yaml.rstrip()}\nEOF"
    yield (
        f"{kubectl} -n {group.namespace} get configmap istio-ca-root-cert "
        f"-o 'jsonpath={{.data.root-cert\\.pem}}' > {folder}/root-cert.pem"
    )
    addresses = plan.clusters[group.cluster].config.gateway.addresses
    if addresses:
        yield f"printf '%s {ISTIOD_HOST}\\n' {' '.join(addresses)} > {folder}/hosts"
    else:
        yield (
            f"{kubectl} -n istio-system get service {GATEWAY_NAME} "
            f"-o 'jsonpath={{.status.loadBalancer.ingress[0].ip}} {ISTIOD_HOST}{{\"\\n\"}}' > {folder}/hosts"
        )


def _join(plan: MeshPlan, group: GroupPlan, machine: str) -> Iterator[str]:
    form, architecture = group_package(group)
    folder, url = f"vm-{group.name}", package_url(plan.istio, form, architecture)
    token = f"{_kubectl(plan, group)} -n {group.namespace} create token {group.service_account}"
    yield f"(umask 077; {token} --audience istio-ca --duration 1h > {folder}/istio-token)"
    yield f"scp -r {folder} {machine}:"
    yield on(machine, f"curl -fsSLo /tmp/istio-sidecar.{form} {shlex.quote(url)}")
    yield on(machine, _INSTALL[form])
    for file, place in _PLACES:
        yield on(machine, f"install -D -m 0640 {folder}/{file} {place}")
    yield on(machine, f"cat {folder}/hosts >> /etc/hosts")
    yield on(machine, f"mkdir -p /etc/istio/proxy && chown -R istio-proxy {_OWNED}")
    yield from _application(group, machine)
    yield on(machine, "systemctl enable --now istio")


def _application(group: GroupPlan, machine: str) -> Iterator[str]:
    application = group.config.application
    for file in application.files:
        path = shlex.quote(file.path)
        if file.url is not None:
            yield on(machine, f"curl -fsSL --create-dirs -o {path} {shlex.quote(file.url)}")
        else:
            yield _write(machine, file.path, file.content or "")
        yield on(machine, f"chmod {file.mode} {path}")
    for command in application.commands:
        yield on(machine, command)
    for unit in application.units:
        yield _write(machine, f"/etc/systemd/system/{unit.name}", unit.content)
        yield on(machine, f"systemctl daemon-reload && systemctl enable --now {unit.name}")


def _write(machine: str, path: str, text: str) -> str:
    quoted = shlex.quote(path)
    target = on(machine, f'mkdir -p "$(dirname {quoted})" && cat > {quoted}')
    return f"printf %s {shlex.quote(text)} | {target}"


def _registered(plan: MeshPlan, group: GroupPlan) -> str:
    """With a probe, istiod gives the entry the condition `Healthy`."""
    kubectl = f"{_kubectl(plan, group)} -n {group.namespace}"
    if group.config.probe is None:
        return f"{kubectl} get workloadentries"
    label = f"hybrid-mesh/group={group.name}"
    return f"{kubectl} wait --for condition=Healthy --timeout 5m workloadentry -l {label}"
