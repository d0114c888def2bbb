"""Reads one cluster of a mesh that was made with Istio's own pages.

Sources, of Istio 1.31: "Install Multi-Primary on different networks", "Virtual Machine Installation",
samples/multicluster, and the ConfigMaps and Secrets that `operate.adopt` names.
"""

import base64
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import yaml

from hybrid_mesh.model.derive.kubeconfigs import SYSTEM, endpoint_of
from hybrid_mesh.model.derive.versions import istio_release
from hybrid_mesh.model.istio_facts import (
    BUNDLE_VERSION,
    CROSS_NETWORK_PORT,
    GATEWAY_API_KINDS,
    HEALTH_PORT,
    ISTIOD_PORT,
    MULTI_CLUSTER_LABEL,
    NETWORK_LABEL,
    ROOT_CONFIG_MAP,
    SYSTEM_NAMESPACE,
)
from hybrid_mesh.model.objects.helm_values import GATEWAY_NAME
from hybrid_mesh.operate.adopt.found import Find, Finding, FoundCluster, FoundGateway, Peer
from hybrid_mesh.operate.adopt.groups import read_groups
from hybrid_mesh.operate.adopt.unmanaged import left_as_it_is, replaced_objects

_SPACE: Final = f"/api/v1/namespaces/{SYSTEM_NAMESPACE}"
_APPS: Final = f"/apis/apps/v1/namespaces/{SYSTEM_NAMESPACE}"
_CRDS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_PORTS: Final = {"tls": CROSS_NETWORK_PORT, "istiod": ISTIOD_PORT, "status": HEALTH_PORT}


class NotAdoptableError(Exception):
    """A cluster cannot be adopted."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def read_cluster(context: str, find: Find) -> FoundCluster:
    """The cluster of `context`. Raises NotAdoptableError, and what `find` raises."""
    maps = {each["metadata"]["name"]: each.get("data") or {} for each in _items(find, f"{_SPACE}/configmaps")}
    istiod = _istiod(context, maps, find)
    with _readable(context, "ConfigMap istio"):
        mesh = _mapping(yaml.safe_load(maps["istio"].get("mesh", "")))
        networks = _networks(maps["istio"].get("meshNetworks", ""))
    with _readable(context, "ConfigMap istio-sidecar-injector"):
        values = _mapping(_mapping(json.loads(maps["istio-sidecar-injector"]["values"])).get("global"))
    space = find(_SPACE) or {"metadata": {}}
    label = (space["metadata"].get("labels") or {}).get(NETWORK_LABEL, "")
    network = str(values.get("network") or label)
    name = str(_mapping(values.get("multiCluster")).get("clusterName") or "")
    _check_identity(context, name, network, label)
    return FoundCluster(
        context=context,
        uid=str(_mapping(_mapping(find("/api/v1/namespaces/kube-system")).get("metadata")).get("uid")),
        name=name,
        network=network,
        mesh_id=str(values.get("meshID") or ""),
        trust_domain=str(mesh.get("trustDomain") or "cluster.local"),
        version=_version(context, istiod),
        root=_root(context, find, maps),
        authority=maps.get("kube-root-ca.crt", {}).get("ca.crt", ""),
        gateway=_gateway(context, find),
        remote=_remote_secrets(context, find),
        networks=networks,
        pod_cidr=_pod_cidr(find),
        gateway_api=_has_gateway_api(find),
        replaced=tuple(replaced_objects(find)),
        groups=tuple(read_groups(context, find)),
        left=tuple(left_as_it_is(context, find)),
    )


def _refuse(place: str, message: str, remedy: str) -> NotAdoptableError:
    return NotAdoptableError(Finding(place, message, remedy))


def _istiod(context: str, maps: Mapping[str, Any], find: Find) -> Mapping[str, Any]:
    """Its Deployment, of an Istio of the kind that the program knows."""
    istiod, daemons = find(f"{_APPS}/deployments/istiod"), _items(find, f"{_APPS}/daemonsets")
    place = f"context {context}"
    if not {"istio", "istio-sidecar-injector"} <= maps.keys() or istiod is None:
        prefix = "istio-sidecar-injector-"
        revisions = sorted(each.removeprefix(prefix) for each in maps if each.startswith(prefix))
        if revisions:
            raise _refuse(
                place,
                f"its Istio has the revision {', '.join(revisions)}; this program uses the default one only",
                "Install Istio without `revision` there, move the workloads to it, and try again",
            )
        raise _refuse(
            place,
            f"the cluster has no Istio in {SYSTEM_NAMESPACE} (ConfigMaps istio and istio-sidecar-injector, "
            "Deployment istiod)",
            "Leave this context out: add the cluster to the stack file afterwards, and `up` installs Istio",
        )
    variables = _discovery(_mapping(istiod)).get("env") or ()
    ambient = {"name": "PILOT_ENABLE_AMBIENT", "value": "true"} in variables
    if ambient or any(each["metadata"]["name"] == "ztunnel" for each in daemons):
        raise _refuse(
            f"{place}, {'Deployment istiod' if ambient else 'DaemonSet ztunnel'}",
            "its Istio runs in ambient mode, and this program knows sidecars only",
            "Leave this cluster as it is",
        )
    return _mapping(istiod)


def _check_identity(context: str, name: str, network: str, label: str) -> None:
    place = f"context {context}, ConfigMap istio-sidecar-injector"
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name):
        raise _refuse(
            place,
            f"global.multiCluster.clusterName is {name or 'not set'}, which cannot be the name of a cluster",
            "Set it to up to 63 lower-case letters, digits and dashes",
        )
    if not network:
        raise _refuse(
            place,
            "the cluster has no network",
            f"Set global.network, and the label {NETWORK_LABEL} of {SYSTEM_NAMESPACE}",
        )
    if label and label != network:
        raise _refuse(
            f"context {context}, Namespace {SYSTEM_NAMESPACE}",
            f"its label {NETWORK_LABEL} is {label}, and global.network of istiod is {network}",
            "Use one of them in both",
        )


def _discovery(istiod: Mapping[str, Any]) -> Mapping[str, Any]:
    containers = istiod["spec"]["template"]["spec"]["containers"]
    return next((_mapping(each) for each in containers if each["name"] == "discovery"), {})


def _version(context: str, istiod: Mapping[str, Any]) -> str:
    image = str(_discovery(istiod).get("image", ""))
    label = (istiod["metadata"].get("labels") or {}).get("app.kubernetes.io/version", "")
    release = istio_release(image, label)
    if release is None:
        raise _refuse(
            f"context {context}, Deployment istiod",
            f"its image {image} does not say which release it is",
            "Use an image whose tag is the release, for example pilot:1.31.0",
        )
    return release


def _root(context: str, find: Find, maps: Mapping[str, Any]) -> str:
    """The root certificate (PEM): that of `cacerts`, else the one that istiod has published."""
    secret = find(f"{_SPACE}/secrets/cacerts")
    root = ""
    if secret is None:
        root = maps.get(ROOT_CONFIG_MAP, {}).get("root-cert.pem", "")
    else:
        data = secret.get("data") or {}
        # istiod prefers the keys of cert-manager.
        with _readable(context, "Secret cacerts"):
            root = _decoded(data.get("ca.crt" if "tls.crt" in data else "root-cert.pem", ""))
    if not root.strip():
        raise _refuse(
            f"context {context}, Secret cacerts",
            "there is no root certificate",
            "Wait until istiod runs, or repair the Secret",
        )
    return str(root)


def _gateway(context: str, find: Find) -> FoundGateway | None:
    """The Service that the label of a network marks."""
    found = _items(find, f"{_SPACE}/services?labelSelector={NETWORK_LABEL}")
    if not found:
        return None
    named = {each["metadata"]["name"]: each for each in found}
    service = named.get(GATEWAY_NAME)
    if service is None:
        raise _refuse(
            f"context {context}, Service {', '.join(sorted(named))}",
            f"the east-west gateway must be called {GATEWAY_NAME}",
            "Install one more with this name, as Istio's page does, and delete the old one afterwards",
        )
    entries = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    addresses = tuple(str(each.get("ip") or each.get("hostname")) for each in entries)
    kind = str(service["spec"].get("type", "ClusterIP"))
    if kind not in ("LoadBalancer", "NodePort"):
        raise _refuse(
            f"context {context}, Service {GATEWAY_NAME}",
            f"its type is {kind}, so other networks cannot reach it",
            "Make it a LoadBalancer or NodePort Service",
        )
    by_port = {each["port"]: each.get("nodePort", 0) for each in service["spec"].get("ports") or ()}
    for port in (CROSS_NETWORK_PORT, ISTIOD_PORT):
        if port not in by_port:
            raise _refuse(
                f"context {context}, Service {GATEWAY_NAME}",
                f"it has no port {port}",
                "Create the gateway as Istio's page does, with `networkGateway`",
            )
    ports = {key: by_port[port] for key, port in _PORTS.items() if by_port.get(port)}
    return FoundGateway(GATEWAY_NAME, kind, addresses, ports if kind == "NodePort" else {})


def _remote_secrets(context: str, find: Find) -> dict[str, dict[str, Peer]]:
    """The peers by the Secret that names them. Tokens are not kept."""
    found: dict[str, dict[str, Peer]] = {}
    for secret in _items(find, f"{_SPACE}/secrets?labelSelector={MULTI_CLUSTER_LABEL}=true"):
        name = secret["metadata"]["name"]
        found[name] = {}
        for peer, data in (secret.get("data") or {}).items():
            with _readable(context, f"Secret {name}"):
                kubeconfig = _mapping(yaml.safe_load(_decoded(data)))
                endpoint = endpoint_of(kubeconfig, None, _no_file)
            if endpoint is None:
                raise _refuse(
                    f"context {context}, Secret {name}",
                    f"its key {peer} is not a kubeconfig with a server",
                    "Create it again with `istioctl create-remote-secret`",
                )
            authority = "" if endpoint.authority in (SYSTEM, None) else str(endpoint.authority)
            found[name][peer] = Peer(endpoint.server, authority, endpoint.server_name)
    return found


@contextmanager
def _readable(context: str, name: str) -> Iterator[None]:
    """Refuses an object whose content is not what its keys hold."""
    try:
        yield
    except (ValueError, KeyError, yaml.YAMLError):
        raise _refuse(
            f"context {context}, {name}", "its content cannot be read", "Compare it with Istio's page"
        ) from None


def _no_file(path: object) -> str:
    """istiod reads no files that a remote Secret names (`sanitizeKubeConfig`)."""
    del path
    return ""


def _networks(text: str) -> dict[str, tuple[str, ...]]:
    networks = _mapping(_mapping(yaml.safe_load(text)).get("networks"))
    return {
        name: tuple(
            str(each["address"]) for each in _mapping(network).get("gateways") or () if each.get("address")
        )
        for name, network in networks.items()
    }


def _pod_cidr(find: Find) -> str | None:
    """The smallest CIDR with all pods: that of the nodes' CIDRs, else that of the pods' addresses, which is
    /16 at least."""
    nodes = [each["spec"].get("podCIDR") for each in _items(find, "/api/v1/nodes")]
    given = [ipaddress.ip_network(each) for each in nodes if each and ":" not in each]
    if given:
        return str(_around(given))
    pods = _items(find, "/api/v1/pods?limit=500")
    addresses = [
        ipaddress.ip_network(each["status"]["podIP"])
        for each in pods
        if not each["spec"].get("hostNetwork") and ":" not in each["status"].get("podIP", ":")
    ]
    if not addresses:
        return None
    found = _around(addresses)
    return str(found if found.prefixlen <= 16 else found.supernet(new_prefix=16))


def _around(networks: list[Any]) -> Any:
    around = networks[0]
    while not all(each.subnet_of(around) for each in networks):
        around = around.supernet()
    return around


def _has_gateway_api(find: Find) -> bool:
    """Whether the CRDs that the program's objects need are there, of a release that istiod reads."""
    for kind in ("Gateway", "TLSRoute"):
        found = find(f"{_CRDS}/{kind.lower()}s.gateway.networking.k8s.io")
        release = ((found or {}).get("metadata", {}).get("annotations") or {}).get(BUNDLE_VERSION, "")
        number = re.match(r"v(\d+)\.(\d+)", release)
        if number is None or (int(number[1]), int(number[2])) < GATEWAY_API_KINDS[kind]:
            return False
    return True


def _items(find: Find, path: str) -> list[Mapping[str, Any]]:
    return list((find(path) or {}).get("items") or ())


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
