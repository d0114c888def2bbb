"""The double of Google's plug-in."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.errors import CheckFailure, ResourceError
from hybrid_mesh.plugins.framework.handler import UpdateCall
from hybrid_mesh.plugins.framework.server import serve
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties
from tests.engine.doubles import authorities
from tests.engine.doubles.cloud import Cloud, cluster_gone, leaked_balancers
from tests.engine.doubles.google_bodies import REQUESTS
from tests.engine.doubles.google_rules import broken
from tests.engine.doubles.rules import EVERYTHING, CloudCall, Facts, Rule
from tests.engine.doubles.store import Thing, World

_VERSION: Final = "1.35.4-gke.100"
PROJECT: Final = "project-1"
_NAME: Final = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_REGIONAL: Final = {
    "Subnetwork": "subnetworks",
    "Router": "routers",
    "Address": "addresses",
    "RegionInstanceGroupManager": "instanceGroupManagers",
    "RegionAutoscaler": "autoscalers",
    "RegionInstanceTemplate": "instanceTemplates",
}


def _named(limit: int = 63) -> Callable[[Properties], list[CheckFailure]]:
    """Names of Compute Engine and GKE: RFC 1035 labels, clusters and node pools of at most 40 characters."""

    def check(inputs: Properties) -> list[CheckFailure]:
        name = inputs.get("name", "a")
        if name is UNKNOWN or (_NAME.fullmatch(name) and len(name) <= limit):
            return []
        return [CheckFailure("name", f"{name!r} is not a name of at most {limit} characters a-z, 0-9 and -")]

    return check


def _cluster(facts: Facts) -> dict[str, Any]:
    endpoint = facts.world.claim("gcp")
    identity = _location_id("clusters")(facts)
    authority = base64.b64encode(endpoint["authority"].encode()).decode()
    host = endpoint["server"].removeprefix("https://")
    endpoints = facts.inputs.get("controlPlaneEndpointsConfig", {})
    return {
        "endpoint": host,
        "privateClusterConfig": {**facts.inputs.get("privateClusterConfig", {}), "privateEndpoint": host},
        "controlPlaneEndpointsConfig": {
            **endpoints,
            "dnsEndpointConfig": {**endpoints.get("dnsEndpointConfig", {}), "endpoint": host},
        },
        "masterAuth": {"clusterCaCertificate": authority},
        "selfLink": f"https://container.googleapis.com/v1/{identity}",
        "masterVersion": _released(facts.inputs.get("minMasterVersion")),
        "nodeVersion": _VERSION,
    }


def _released(minor: str | None) -> str:
    """The patch release that GKE installs of a minor one."""
    return f"{minor}.4-gke.100" if minor else _VERSION


def _location_id(kind: str) -> Callable[[Facts], str]:
    return lambda facts: (
        f"projects/{facts.project}/locations/{facts.inputs.get('location', facts.region)}/{kind}/{facts.name}"
    )


def _regional(kind: str) -> Callable[[Facts], str]:
    return lambda facts: (
        f"projects/{facts.project}/regions/{facts.inputs.get('region', facts.region)}/{kind}/{facts.name}"
    )


def _node_pool(facts: Facts) -> str:
    return f"{facts.inputs['cluster']}/nodePools/{facts.name}"


def _account_email(facts: Facts) -> str:
    return f"{facts.inputs['accountId']}@{facts.project}.iam.gserviceaccount.com"


def _account(facts: Facts) -> dict[str, Any]:
    email = _account_email(facts)
    return {
        "email": email,
        "member": f"serviceAccount:{email}",
        "uniqueId": str(10**20 + facts.number(10**9)),
        "name": f"projects/{facts.project}/serviceAccounts/{email}",
    }


def _account_check(inputs: Properties) -> list[CheckFailure]:
    given = inputs.get("accountId", "")
    if given is UNKNOWN or re.fullmatch(r"[a-z][-a-z0-9]{4,28}[a-z0-9]", given):
        return []
    return [CheckFailure("accountId", f"{given!r} has not 6 to 30 characters a-z, 0-9 and -")]


def _address(facts: Facts) -> dict[str, Any]:
    return {"address": facts.inputs.get("address") or facts.address}


def _group(facts: Facts) -> dict[str, Any]:
    where = f"projects/{facts.project}/regions/{facts.inputs.get('region', facts.region)}"
    return {"instanceGroup": f"https://www.googleapis.com/compute/v1/{where}/instanceGroups/{facts.name}"}


def _binding(facts: Facts) -> str:
    return "/".join(str(value) for key, value in sorted(facts.inputs.items()) if isinstance(value, str))


def _authority(facts: Facts) -> dict[str, Any]:
    return {
        "pemCaCertificates": [authorities.root(facts.world, str(facts.inputs["pool"]))],
        "state": "ENABLED",
    }


def _certificate(facts: Facts) -> dict[str, Any]:
    pool = str(facts.inputs["pool"])
    days = max(int(str(facts.inputs.get("lifetime", "86400s")).removesuffix("s")) // 86400, 1)
    signed = authorities.sign(facts.world, pool, facts.inputs["pemCsr"], days)
    root = authorities.root(facts.world, pool)
    return {"pemCertificate": signed, "pemCertificateChains": [root], "issuerCertificateAuthority": pool}


_PROTECTED: Final = ("deletionProtection", True)
RULES: Final[dict[str, Rule]] = {
    "gcp:container/cluster:Cluster": Rule(
        _location_id("clusters"),
        _cluster,
        immutable=frozenset({"ipAllocationPolicy", "datapathProvider", "privateClusterConfig", "nodeConfig"}),
        protected=_PROTECTED,
        check=_named(40),
    ),
    "gcp:container/nodePool:NodePool": Rule(_node_pool, check=_named(40)),
    "gcp:serviceaccount/account:Account": Rule(
        lambda facts: f"projects/{facts.project}/serviceAccounts/{_account_email(facts)}",
        _account,
        check=_account_check,
    ),
    "gcp:compute/address:Address": Rule(_regional("addresses"), _address, check=_named()),
    "gcp:compute/instanceTemplate:InstanceTemplate": Rule(
        lambda facts: f"projects/{facts.project}/global/instanceTemplates/{facts.name}",
        immutable=EVERYTHING,
        check=_named(),
    ),
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate": Rule(
        _regional("instanceTemplates"), immutable=EVERYTHING, check=_named()
    ),
    "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager": Rule(
        _regional("instanceGroupManagers"), _group, check=_named()
    ),
    "gcp:certificateauthority/caPool:CaPool": Rule(_location_id("caPools")),
    "gcp:certificateauthority/authority:Authority": Rule(
        lambda facts: (
            f"projects/{facts.project}/locations/{facts.inputs['location']}/caPools/{facts.inputs['pool']}"
            f"/certificateAuthorities/{facts.inputs['certificateAuthorityId']}"
        ),
        _authority,
        immutable=frozenset({"certificateAuthorityId", "config", "keySpec", "lifetime", "type"}),
        protected=_PROTECTED,
    ),
    "gcp:certificateauthority/certificate:Certificate": Rule(
        lambda facts: (
            f"projects/{facts.project}/locations/{facts.inputs['location']}/caPools/{facts.inputs['pool']}"
            f"/certificates/{facts.name}"
        ),
        _certificate,
        immutable=EVERYTHING,
    ),
    "gcp:projects/iAMMember:IAMMember": Rule(_binding),
    "gcp:serviceaccount/iAMMember:IAMMember": Rule(_binding),
}


class Google(Cloud):
    """One `gcp.Provider`."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__("gcp", version("pulumi-gcp"), RULES, world)

    def facts(self, inputs: Properties, call: CallContext) -> Facts:
        region = self.settings.get("region") or "europe-west4"
        project = inputs.get("project") or self.settings.get("project") or PROJECT
        mark = hashlib.sha256(f"{call.urn} {inputs.get('name')}".encode()).hexdigest()[:8]
        name = inputs.get("name") or f"{inputs.get('namePrefix', f'{call.name}-')}{mark}"
        return Facts(call.name, inputs, name, mark, region, project, self.world)

    def rule_of(self, token: str) -> Rule:
        kind = token.rpartition(":")[2]

        def identity(facts: Facts) -> str:
            plural = _REGIONAL.get(kind) or f"{kind[0].lower()}{kind[1:]}s"
            region = facts.inputs.get("region") or facts.inputs.get("location")
            place = f"regions/{region or facts.region}" if region or kind in _REGIONAL else "global"
            inside = f"{facts.inputs['router']}/" if "router" in facts.inputs else ""
            return f"projects/{facts.project}/{place}/{plural}/{inside}{facts.name}"

        return Rule(identity, check=_named()) if token.startswith("gcp:compute") else Rule(identity)

    def general(self, token: str, name: str, identity: str, facts: Facts) -> Any:
        labels = facts.inputs.get("labels") or facts.inputs.get("resourceLabels") or {}
        values: dict[str, Any] = {
            "name": facts.name,
            "project": facts.project,
            "region": facts.region,
            "location": facts.region,
            "selfLink": f"https://www.googleapis.com/compute/v1/{identity}",
            "selfLinkUnique": f"https://www.googleapis.com/compute/v1/{identity}?uniqueId={facts.number(10**9)}",
            "effectiveLabels": {**self.settings.get("defaultLabels", {}), **labels},
            "pulumiLabels": {**self.settings.get("defaultLabels", {}), **labels},
        }
        return values.get(name)

    def make(self, token: str, identity: str, facts: Facts) -> tuple[str, Properties]:
        self._send(CloudCall(token, identity, facts.inputs, {}, facts))
        return "", {}

    def change(self, token: str, call: UpdateCall, facts: Facts) -> Properties:
        self._send(CloudCall(token, call.identity, facts.inputs, call.old_inputs, facts))
        return {}

    def _send(self, call: CloudCall) -> None:
        """Raises ResourceError for what the API refuses."""
        request = REQUESTS.get(call.token)
        refused = (
            []
            if request is None
            else list(request.problems(call.inputs, call.facts.name, creates=not call.before))
        )
        if found := refused or list(broken(call)):
            raise ResourceError(f"googleapi: Error 400: {'; '.join(found)}, invalid")

    def in_use(self, identity: str, users: list[str]) -> str:
        used = f"The resource '{identity}' is already being used by '{', '.join(users)}'"
        return f"googleapi: Error 400: {used}, resourceInUseByAnotherResource"

    def removed(self, thing: Thing) -> None:
        if thing.type == "gcp:container/cluster:Cluster":
            cluster_gone(self.world, f"https://{thing.outputs['endpoint']}")
        if thing.type.endswith((":Network", ":Subnetwork")) and (left := leaked_balancers(self.world, "gcp")):
            self.world.put(thing)
            raise ResourceError(self.in_use(thing.identity, left))

    def invoke(self, token: str, arguments: Properties, context: CallContext) -> Properties:
        region = arguments.get("region") or self.settings.get("region", "europe-west4")
        answers: dict[str, Properties] = {
            "gcp:compute/getZones:getZones": {"names": [f"{region}-{zone}" for zone in "abc"]},
            "gcp:organizations/getClientConfig:getClientConfig": {
                "project": self.settings.get("project", PROJECT),
                "region": region,
            },
            "gcp:organizations/getProject:getProject": {
                "projectId": arguments.get("projectId") or self.settings.get("project", PROJECT),
                "number": "123456789012",
            },
            "gcp:container/getCluster:getCluster": {"nodePools": self._node_pools(arguments.get("name", ""))},
        }
        if token not in answers:
            return super().invoke(token, arguments, context)
        return {**arguments, "id": token, **answers[token]}

    def _node_pools(self, cluster: str) -> list[Properties]:
        pools = self.world.of_type("gcp:container/nodePool:NodePool")
        return [
            {"name": pool.identity.rpartition("/")[2], "version": pool.inputs.get("version", _VERSION)}
            for pool in pools
            if str(pool.inputs["cluster"]).endswith(f"/{cluster}")
        ]


if __name__ == "__main__":
    serve(Google())
