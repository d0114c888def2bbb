"""The identity of an EC2 VM: a presigned request to AWS STS, GetCallerIdentity, which EKS sends for the VM.

Source: https://github.com/kubernetes-sigs/aws-iam-authenticator ("API authorization from outside a
cluster"), AWS Signature Version 4 for query strings, and the instance metadata service version 2.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import http.client
import json
import os
from urllib.parse import quote, urlencode

METADATA_SERVER = "169.254.169.254"
CREDENTIALS = "/latest/meta-data/iam/security-credentials/"
LIFETIME_SECONDS = 60


def credential() -> str:
    """The bearer token that proves this VM's role to EKS."""
    session = metadata("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    headers = {"X-aws-ec2-metadata-token": session}
    role = metadata("GET", CREDENTIALS, headers).splitlines()[0]
    keys = json.loads(metadata("GET", CREDENTIALS + role, headers))
    if not isinstance(keys, dict) or not {"AccessKeyId", "SecretAccessKey", "Token"} <= keys.keys():
        raise ValueError("the metadata service's response contains no credentials")
    now = datetime.datetime.now(datetime.timezone.utc)  # noqa: UP017 - Python 3.9
    return token(keys, os.environ["AWS_REGION"], os.environ["EKS_CLUSTER"], now)


def address() -> str:
    session = metadata("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    return metadata("GET", "/latest/meta-data/local-ipv4", {"X-aws-ec2-metadata-token": session}).strip()


def token(keys: dict[str, str], region: str, cluster: str, now: datetime.datetime) -> str:
    """The token for `cluster`: a GetCallerIdentity request to STS in `region`, signed at `now` with the
    role's temporary `keys` and bound to the cluster by the header x-k8s-aws-id."""
    host = f"sts.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")
    day, moment = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{day}/{region}/sts/aws4_request"
    parameters = {
        "Action": "GetCallerIdentity",
        "Version": "2011-06-15",
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{keys['AccessKeyId']}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(LIFETIME_SECONDS),
        "X-Amz-Security-Token": keys["Token"],
        "X-Amz-SignedHeaders": "host;x-k8s-aws-id",
    }
    query = urlencode(sorted(parameters.items()), quote_via=quote, safe="-_.~")
    payload = hashlib.sha256(b"").hexdigest()
    headers = f"host:{host}\nx-k8s-aws-id:{cluster}\n"
    canonical = f"GET\n/\n{query}\n{headers}\nhost;x-k8s-aws-id\n{payload}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{keys['SecretAccessKey']}".encode()
    for part in (day, region, "sts", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    url = f"https://{host}/?{query}&X-Amz-Signature={signature}"
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def metadata(method: str, path: str, headers: dict[str, str]) -> str:
    connection = http.client.HTTPConnection(METADATA_SERVER, timeout=5)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    if response.status != 200:
        raise ValueError(f"the metadata service returned status {response.status} for {path}")
    return text
