"""The typed classes of the resources of the plug-in `hybridmesh` (plugins/hybridmesh)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi


class Resource(pulumi.CustomResource):
    """A resource of the plug-in: snake_case attributes here, camelCase properties on the wire."""

    TYPE: ClassVar[str]
    OUTPUTS: ClassVar[tuple[str, ...]]
    """Outputs that the plug-in adds to the inputs."""
    SECRET_OUTPUTS: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, resource_name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None
    ) -> None:
        given = {name: value for name, value in inputs.items() if value is not None}
        own = pulumi.ResourceOptions(additional_secret_outputs=list(self.SECRET_OUTPUTS))
        options = pulumi.ResourceOptions.merge(own, opts)
        super().__init__(self.TYPE, resource_name, {**dict.fromkeys(self.OUTPUTS), **given}, options)

    def translate_output_property(self, prop: str) -> str:
        return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", prop)

    def translate_input_property(self, prop: str) -> str:
        return re.sub(r"_([a-z])", lambda letter: letter[1].upper(), prop)


class CertificateAuthority(Resource):
    """The root of the mesh's trust and one intermediate per cluster.

    `clusters` are names. With `issuer` "files", `root_certificate_pem` and `root_key_pem` are the root. A
    change of `clusters` is an update that only issues or drops the changed intermediates.
    """

    root_certificate_pem: pulumi.Output[str]
    root_key_pem: pulumi.Output[str]
    """Secret."""
    intermediates: pulumi.Output[Mapping[str, Mapping[str, str]]]
    """Secret: cluster -> the data of its Secret `cacerts`."""
    validity: pulumi.Output[Mapping[str, Mapping[str, str]]]
    """Cluster -> `from` and `until` (RFC 3339) of its intermediate."""

    TYPE = "hybridmesh:index:CertificateAuthority"
    OUTPUTS = ("root_certificate_pem", "root_key_pem", "intermediates", "validity")
    SECRET_OUTPUTS = ("root_key_pem", "intermediates")

    def __init__(
        self,
        resource_name: str,
        *,
        trust_domain: pulumi.Input[str],
        mesh_id: pulumi.Input[str],
        clusters: pulumi.Input[Sequence[str]],
        issuer: pulumi.Input[str] = "self-signed",
        root_validity_days: pulumi.Input[int] | None = None,
        intermediate_validity_days: pulumi.Input[int] | None = None,
        root_certificate_pem: pulumi.Input[str] | None = None,
        root_key_pem: pulumi.Input[str] | None = None,
        rotation: pulumi.Input[str] = "none",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "trust_domain": trust_domain,
            "mesh_id": mesh_id,
            "clusters": clusters,
            "issuer": issuer,
            "root_validity_days": root_validity_days,
            "intermediate_validity_days": intermediate_validity_days,
            "root_certificate_pem": root_certificate_pem,
            "root_key_pem": None if root_key_pem is None else pulumi.Output.secret(root_key_pem),
            "rotation": rotation,
        }
        super().__init__(resource_name, inputs, opts)


class CertificateRequest(Resource):
    """A key, and the certificate signing request for the intermediate of `cluster` to a cloud's certificate
    authority.

    A new request is created when `validity_days` change, and in the last third of that time. It is refused
    if the certificate would outlive `authority_ends` (RFC 3339), when the authority expires.
    """

    request_pem: pulumi.Output[str]
    key_pem: pulumi.Output[str]
    """Secret."""
    issued_at: pulumi.Output[str]

    TYPE = "hybridmesh:index:CertificateRequest"
    OUTPUTS = ("request_pem", "key_pem", "issued_at")
    SECRET_OUTPUTS = ("key_pem",)

    def __init__(
        self,
        resource_name: str,
        *,
        trust_domain: pulumi.Input[str],
        cluster: pulumi.Input[str],
        validity_days: pulumi.Input[int],
        authority_ends: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "trust_domain": trust_domain,
            "cluster": cluster,
            "validity_days": validity_days,
            "authority_ends": authority_ends,
        }
        super().__init__(resource_name, inputs, opts)


class GivenIntermediate(Resource):
    """The intermediate of `cluster` that was issued elsewhere, with its key, the certificates above it and
    the root (PEM). It verifies that they belong together."""

    data: pulumi.Output[Mapping[str, str]]
    """Secret: the data of the cluster's Secret `cacerts`."""

    TYPE = "hybridmesh:index:GivenIntermediate"
    OUTPUTS = ("data",)
    SECRET_OUTPUTS = ("key_pem", "data")

    def __init__(
        self,
        resource_name: str,
        *,
        cluster: pulumi.Input[str],
        certificate_pem: pulumi.Input[str],
        key_pem: pulumi.Input[str],
        chain_pem: pulumi.Input[str],
        root_certificate_pem: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "cluster": cluster,
            "certificate_pem": certificate_pem,
            "key_pem": pulumi.Output.secret(key_pem),
            "chain_pem": chain_pem,
            "root_certificate_pem": root_certificate_pem,
        }
        super().__init__(resource_name, inputs, opts)


class LoadBalancerDrain(Resource):
    """A resource that does something on deletion only: it waits until the cluster has no Service of type
    LoadBalancer.

    Resources with load balancers depend on it; it depends on the controller that deletes them.
    """

    TYPE = "hybridmesh:index:LoadBalancerDrain"
    OUTPUTS = ()
    SECRET_OUTPUTS = ("kubeconfig",)
    TIMEOUT = "900s"

    def __init__(
        self,
        resource_name: str,
        *,
        cluster_name: pulumi.Input[str],
        incarnation: pulumi.Input[str],
        kubeconfig: pulumi.Input[str] | None,
        quarantined: pulumi.Input[bool] = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "cluster_name": cluster_name,
            "incarnation": incarnation,
            "kubeconfig": None if kubeconfig is None else pulumi.Output.secret(kubeconfig),
            "quarantined": quarantined,
        }
        own = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(delete=self.TIMEOUT))
        super().__init__(resource_name, inputs, pulumi.ResourceOptions.merge(own, opts))


class Foundation(Resource):
    """The foundation of a stack: `facts` of its networks, clusters and trust, by path in the
    configuration. It refuses changes of them that are impossible, or that `protected` forbids."""

    TYPE = "hybridmesh:index:Foundation"
    OUTPUTS = ()

    def __init__(
        self,
        resource_name: str,
        *,
        stack: pulumi.Input[str],
        protected: pulumi.Input[bool],
        facts: Mapping[str, Mapping[str, str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {"stack": stack, "protected": protected, "facts": facts}
        super().__init__(resource_name, inputs, opts)


class Protection(Resource):
    """A resource that cannot be deleted while the stack is `protected`, which also keeps its dependencies."""

    TYPE = "hybridmesh:index:Protection"
    OUTPUTS = ()

    def __init__(
        self,
        resource_name: str,
        *,
        stack: pulumi.Input[str],
        protected: pulumi.Input[bool],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, {"stack": stack, "protected": protected}, opts)


class MachineRegistration(Resource):
    """Waits until at least `minimum` VMs of a workload group are in the mesh and, with `probe`, healthy.

    `kubeconfig` (a text, a path, or None for the default one) and `context` give access to the cluster that
    they register with. A change of `triggers` waits again. In a cloud, only VMs with the label `template`
    count, and `inspection` is a command that shows what the cloud does. While VMs are replaced, a new one may
    be connected and not ready for `patience_seconds`. `machine_addresses` are local VMs, whose agents' logs
    are quoted if they do not join; with `rollout` {maxUnavailable, canary}, they are renewed here when their
    user-data has changed.
    """

    workload_entries: pulumi.Output[Sequence[str]]
    connections: pulumi.Output[Mapping[str, str]]
    """The time when each VM connected, by address."""
    superseded: pulumi.Output[Mapping[str, str]]
    """The same for registrations that do not count because their VM was replaced; {} after success."""

    TYPE = "hybridmesh:index:MachineRegistration"
    OUTPUTS = ("workload_entries", "connections", "superseded")
    SECRET_OUTPUTS = ("kubeconfig",)
    TIMEOUT = "300s"

    def __init__(
        self,
        resource_name: str,
        *,
        cluster_name: pulumi.Input[str],
        kubeconfig: pulumi.Input[str] | None,
        context: pulumi.Input[str] | None = None,
        group: pulumi.Input[str],
        namespace: pulumi.Input[str],
        minimum: pulumi.Input[int],
        probe: pulumi.Input[bool],
        triggers: Mapping[str, pulumi.Input[str]],
        template: pulumi.Input[str] | None = None,
        patience_seconds: pulumi.Input[int] = 0,
        inspection: pulumi.Input[str] | None = None,
        machine_addresses: Mapping[str, pulumi.Input[str]] | None = None,
        rollout: Mapping[str, int | bool] | None = None,
        quarantined: pulumi.Input[bool] = False,
        timeout: str = TIMEOUT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "cluster_name": cluster_name,
            "kubeconfig": None if kubeconfig is None else pulumi.Output.secret(kubeconfig),
            "context": context,
            "group": group,
            "namespace": namespace,
            "minimum": minimum,
            "probe": probe,
            "triggers": dict(triggers),
            "template": template,
            "patience_seconds": patience_seconds,
            "inspection": inspection,
            "machine_addresses": dict(machine_addresses or {}),
            "rollout": dict(rollout or {}),
            "quarantined": quarantined,
        }
        timeouts = pulumi.CustomTimeouts(create=timeout, update=timeout)
        own = pulumi.ResourceOptions(custom_timeouts=timeouts)
        super().__init__(resource_name, inputs, pulumi.ResourceOptions.merge(own, opts))


class ClusterInspection(Resource):
    """What a cluster must have already. Each preview and each up reads it and refuses what cannot work.

    `istio` are the settings of an existing Istio, `certificates` says whether istiod's exist, `gateway_api`
    has the kinds of existing CRDs, and `objects` what else must exist (`model.plan.inspection`).
    `expected_root_pem` is the mesh's root certificate; None if it is the one in this cluster.
    """

    root_certificate_pem: pulumi.Output[str]
    """The root of the existing certificates; "" without them."""

    TYPE = "hybridmesh:index:ClusterInspection"
    OUTPUTS = ("root_certificate_pem",)
    SECRET_OUTPUTS = ("kubeconfig",)

    def __init__(
        self,
        resource_name: str,
        *,
        cluster_name: pulumi.Input[str],
        incarnation: pulumi.Input[str],
        kubeconfig: pulumi.Input[str] | None,
        context: pulumi.Input[str] | None = None,
        istio: Mapping[str, Any] | None = None,
        certificates: bool = False,
        expected_root_pem: pulumi.Input[str] | None = None,
        gateway_api: Mapping[str, Mapping[str, str]] | None = None,
        objects: Sequence[Mapping[str, Any]] = (),
        quarantined: pulumi.Input[bool] = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "cluster_name": cluster_name,
            "incarnation": incarnation,
            "kubeconfig": None if kubeconfig is None else pulumi.Output.secret(kubeconfig),
            "context": context,
            "istio": istio,
            "certificates": certificates,
            "expected_root_pem": expected_root_pem,
            "gateway_api": gateway_api or {},
            "objects": list(objects),
            "quarantined": quarantined,
        }
        super().__init__(resource_name, inputs, opts)
