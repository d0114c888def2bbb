"""Right meshes over clouds, for properties that hold for every one."""

from typing import Any

from hypothesis import strategies as st

LETTERS = "abcdef"
NAMED_RANGES = {"podCidr": "64.0/18", "serviceCidr": "48.0/20", "controlPlaneCidr": "32.16/28"}
"""What the second GKE cluster of a /16 names, after its first two octets."""

names = st.from_regex(r"[a-z]([-a-z0-9]{0,12}[a-z0-9])?", fullmatch=True)


@st.composite
def cloud_meshes(draw: st.DrawFn) -> dict[str, Any]:
    """Networks of both clouds and of others, with clusters of their kinds and groups of machines."""
    networks = {
        name: _network(draw, index)
        for index, name in enumerate(draw(st.lists(names, min_size=1, max_size=4, unique=True)), 1)
    }
    clusters: dict[str, Any] = {}
    for name in draw(st.lists(names, min_size=1, max_size=5, unique=True)):
        _add_cluster(draw, networks, clusters, name)
    if len(clusters) > 1 and draw(st.booleans()):
        clusters[draw(st.sampled_from(sorted(clusters)))]["state"] = "quarantined"
    groups = {
        f"{name}-group": _group(draw, networks, clusters, name)
        for name in draw(st.lists(names, max_size=4, unique=True))
    }
    members = {cluster["network"] for cluster in clusters.values()}
    for group in groups.values():
        if group["network"] not in members:
            networks[group["network"]]["reachable"] = "direct"
    return {
        "id": "mesh",
        "project": "my-project",
        "labels": {"owner": "team"},
        "operators": {"cidrs": ["198.51.100.0/28"]},
        "networks": networks,
        "clusters": clusters,
        "workloadGroups": groups,
    }


def _network(draw: st.DrawFn, index: int) -> dict[str, Any]:
    cidr = f"10.{index}.0.0/{draw(st.sampled_from([16, 16, 18, 20]))}"
    egress = [f"203.0.113.{16 * index}/28"]
    match draw(st.sampled_from(["gcp", "aws", "external"])):
        case "gcp":
            made: dict[str, Any] = {"type": "gcp", "region": "europe-west4", "cidr": cidr}
            made["natAddresses"] = draw(st.integers(1, 3))
            adopted = "shared-vpc"
        case "aws":
            letters = draw(st.lists(st.sampled_from(LETTERS), min_size=2, max_size=4, unique=True))
            made = {"type": "aws", "region": "us-east-1", "cidr": cidr}
            made["zones"] = [f"us-east-1{letter}" for letter in letters]
            adopted = f"vpc-0a1b2c3{index}"
        case _:
            return {"type": "external", "cidr": cidr, "egress": egress}
    if draw(st.booleans()):
        made |= {"id": adopted}
        if draw(st.booleans()):
            made |= {"egress": egress}
            made.pop("natAddresses", None)
    return made


def _add_cluster(draw: st.DrawFn, networks: dict[str, Any], clusters: dict[str, Any], name: str) -> None:
    network = draw(st.sampled_from(sorted(networks)))
    kind = {"gcp": "gke", "aws": "eks", "external": "kubeconfig"}[networks[network]["type"]]
    cluster: dict[str, Any] = {"type": kind, "network": network}
    neighbours = [other for other in clusters.values() if other["network"] == network]
    if kind == "gke" and neighbours:
        start, length = networks[network]["cidr"].removesuffix(".0.0/16"), len(neighbours)
        if length > 1 or not networks[network]["cidr"].endswith("/16"):
            return
        cluster |= {key: f"{start}.{rest}" for key, rest in NAMED_RANGES.items()}
    if kind == "eks" and networks[network]["cidr"].endswith("/20") and len(neighbours) > 1:
        return  # the pods of a third one would have no addresses
    if kind == "kubeconfig":
        cluster |= {"context": name, "peerEndpoint": f"https://{name}.example.com"}
    elif draw(st.booleans()) and draw(st.booleans()):
        cluster |= {"endpoint": "private", "authorizedNetworks": ["10.250.0.0/16"]}
        if draw(st.booleans()):
            cluster |= {"peerEndpoint": f"https://{name}.example.com"}
    clusters[name] = cluster


def _group(draw: st.DrawFn, networks: dict[str, Any], clusters: dict[str, Any], name: str) -> dict[str, Any]:
    """VMs of a cloud where a cluster knows them and their network is that cloud's, else a bundle."""
    cluster = draw(st.sampled_from(sorted(clusters)))
    machines, place = {"gke": ("gce", "gcp"), "eks": ("ec2", "aws")}.get(
        clusters[cluster]["type"], ("bundle", "external")
    )
    homes = sorted(key for key, network in networks.items() if network["type"] == place)
    if not homes or draw(st.integers(0, 4)) == 0:
        machines, homes = "bundle", sorted(networks)
    made: dict[str, Any] = {
        "namespace": f"{name}-space",
        "cluster": cluster,
        "network": draw(st.sampled_from(homes)),
        "ports": {"http": draw(st.integers(1024, 14000))},
        "machines": {"type": machines},
    }
    if networks[made["network"]]["type"] == "external":
        networks[made["network"]].setdefault("egress", ["203.0.113.240/28"])
    return made
