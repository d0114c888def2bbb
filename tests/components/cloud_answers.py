"""The outputs of cloud resources that the program reads."""

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from hybrid_mesh.plugins.hybridmesh.authority import make_intermediate, make_root

AUTHORITY = "-----BEGIN CERTIFICATE-----\nAPI server of a cloud\n-----END CERTIFICATE-----\n"
_NOW = datetime.now(UTC)
_ROOT = make_root("clouds.example.com", "cloud", 3650, _NOW)
ROOT = _ROOT.certificate_pem
ENCODED_AUTHORITY = base64.b64encode(AUTHORITY.encode()).decode()
Answer = Callable[[str, Mapping[str, Any]], dict[str, Any]]


def cloud_outputs(token: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs of a resource of a cloud; {} for what nobody reads anything of."""
    links = {"selfLink": f"https://cloud.example/{name}", "arn": f"arn:aws:test:::{name}", "name": name}
    answer = _ANSWERS.get(token)
    return {**links, **(answer(name, inputs) if answer else {})}


def address_of(name: str) -> str:
    """A public address, the same for the same name."""
    return f"203.0.113.{sum(name.encode()) % 256}"


def _gke(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    location = inputs["location"]
    return {
        "name": f"{name}-1a2b3c4",
        "endpoint": "198.18.0.1",
        "selfLink": f"https://container.googleapis.com/v1/projects/p/locations/{location}/clusters/{name}",
        "masterAuth": {"clusterCaCertificate": ENCODED_AUTHORITY},
        "masterVersion": "1.35.3-gke.1200",
        "project": "p",
        "privateClusterConfig": {**inputs["privateClusterConfig"], "privateEndpoint": "10.10.32.2"},
        "controlPlaneEndpointsConfig": {
            "dnsEndpointConfig": {
                **inputs["controlPlaneEndpointsConfig"]["dnsEndpointConfig"],
                "endpoint": "gke-1a2b.europe-west4.gke.goog",
            }
        },
    }


def _eks(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": f"{name}-1a2b3c4",
        "endpoint": "https://eks.example",
        "arn": f"arn:aws:eks:us-east-1:123456789012:cluster/{name}-1a2b3c4",
        "certificateAuthority": {"data": ENCODED_AUTHORITY},
        "vpcConfig": {**inputs["vpcConfig"], "clusterSecurityGroupId": "sg-control-plane"},
    }


def _account(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    project = inputs.get("project", "provider-project")
    return {"email": f"{inputs['accountId']}@{project}.iam.gserviceaccount.com", "project": project}


def issued(name: str, days: int) -> dict[str, Any]:
    """A certificate of a cloud's authority that is valid for `days`."""
    leaf = make_intermediate(_ROOT, "mesh.example.com", name, days, _NOW)["ca-cert.pem"].rstrip()
    return {
        "pemCertificate": leaf,
        "pemCertificateChains": [ROOT],
        "certificate": leaf,
        "certificateChain": ROOT,
    }


def _certificate(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    lifetime = inputs.get("lifetime", "").removesuffix("s")
    return issued(name, int(lifetime) // 86400 if lifetime else int(inputs["validity"]["value"]))


_ANSWERS: dict[str, Answer] = {
    "gcp:container/cluster:Cluster": _gke,
    "gcp:compute/address:Address": lambda name, _: {"address": address_of(name)},
    "gcp:serviceaccount/account:Account": _account,
    "gcp:certificateauthority/certificate:Certificate": _certificate,
    "gcp:certificateauthority/authority:Authority": lambda _, __: {"pemCaCertificates": [ROOT]},
    "aws:eks/cluster:Cluster": _eks,
    "aws:ec2/eip:Eip": lambda name, _: {
        "publicIp": address_of(name),
        "allocationId": f"eipalloc-{re.sub('[^a-z]', '', name)}",
    },
    "aws:ec2/launchTemplate:LaunchTemplate": lambda _, __: {"latestVersion": 1},
    "aws:acmpca/certificate:Certificate": _certificate,
    "aws:acmpca/certificateAuthority:CertificateAuthority": lambda _, __: {
        "certificateSigningRequest": "request of the root"
    },
}

LOOKED_UP: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "aws:eks/getNodeGroups:getNodeGroups": lambda _: {"names": []},
}
"""What functions of the clouds answer in an account without resources, by token."""
