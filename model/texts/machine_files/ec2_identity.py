"""The identity of an EC2 VM: a presigned request to AWS STS, GetCallerIdentity, which EKS sends for the VM.

Run as a program, it completes the launch of the VM in its Auto Scaling group as soon as the VM is in service.

Source: https://github.com/kubernetes-sigs/aws-iam-authenticator ("API authorization from outside a
cluster"), AWS Signature Version 4 for query strings, the instance metadata service version 2, and
CompleteLifecycleAction in the EC2 Auto Scaling API Reference.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import http.client
import json
import os
import re
import sys
import time
from urllib.parse import quote, urlencode, urlsplit

METADATA_SERVER = "169.254.169.254"
CREDENTIALS = "/latest/meta-data/iam/security-credentials/"
GROUP_NAME = "/latest/meta-data/tags/instance/aws:autoscaling:groupName"
HEALTH = "127.0.0.1:15029"
LIFETIME_SECONDS = 60
PAUSE_SECONDS = 5
NO_SUCH_ACTION = "No active Lifecycle Action"

EXPECTED = (OSError, http.client.HTTPException, LookupError, ValueError)


def credential() -> str:
    """The bearer token that proves this VM's role to EKS."""
    return token(credentials(), os.environ["AWS_REGION"], os.environ["EKS_CLUSTER"], utc_now())


def credentials() -> dict[str, str]:
    """The temporary keys of this VM's role."""
    role = metadata(CREDENTIALS).splitlines()[0]
    keys = json.loads(metadata(CREDENTIALS + role))
    if not isinstance(keys, dict) or not {"AccessKeyId", "SecretAccessKey", "Token"} <= keys.keys():
        raise ValueError("the metadata service's response contains no credentials")
    return keys


def address() -> str:
    return metadata("/latest/meta-data/local-ipv4").strip()


def token(keys: dict[str, str], region: str, cluster: str, now: datetime.datetime) -> str:
    """The token for `cluster`: a GetCallerIdentity request to STS in `region`, signed at `now` with the
    role's temporary `keys` and bound to the cluster by the header x-k8s-aws-id."""
    action = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    url = presigned("sts", action, region, keys, now, **{"x-k8s-aws-id": cluster})
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def completion(keys: dict[str, str], region: str, group: str, instance: str, now: datetime.datetime) -> str:
    """The URL of the request that ends the wait of the Auto Scaling group for this VM."""
    action = {
        "Action": "CompleteLifecycleAction",
        "Version": "2011-01-01",
        "AutoScalingGroupName": group,
        "InstanceId": instance,
        "LifecycleActionResult": "CONTINUE",
        "LifecycleHookName": os.environ["LIFECYCLE_HOOK"],
    }
    return presigned("autoscaling", action, region, keys, now)


def presigned(
    service: str,
    action: dict[str, str],
    region: str,
    keys: dict[str, str],
    now: datetime.datetime,
    **headers: str,
) -> str:
    """The URL of a GET request to `service`, signed at `now` together with `headers`."""
    host = f"{service}.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")
    day, moment = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{day}/{region}/{service}/aws4_request"
    signed = {"host": host, **headers}
    names = ";".join(sorted(signed))
    parameters = {
        **action,
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{keys['AccessKeyId']}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(LIFETIME_SECONDS),
        "X-Amz-Security-Token": keys["Token"],
        "X-Amz-SignedHeaders": names,
    }
    query = urlencode(sorted(parameters.items()), quote_via=quote, safe="-_.~")
    payload = hashlib.sha256(b"").hexdigest()
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    canonical = f"GET\n/\n{query}\n{lines}\n{names}\n{payload}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{keys['SecretAccessKey']}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return f"https://{host}/?{query}&X-Amz-Signature={signature}"


def metadata(path: str) -> str:
    lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    session = ask_metadata("PUT", "/latest/api/token", lifetime)
    return ask_metadata("GET", path, {"X-aws-ec2-metadata-token": session})


def ask_metadata(method: str, path: str, headers: dict[str, str]) -> str:
    connection = http.client.HTTPConnection(METADATA_SERVER, timeout=5)
    status, text = answer(connection, method, path, headers)
    if status != 200:
        raise ValueError(f"the metadata service returned status {status} for {path}")
    return text


def answer(
    connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str]
) -> tuple[int, str]:
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)  # noqa: UP017 - Python 3.9


def main() -> int:
    """Completes the launch when the health endpoint says that this VM is in service. Retries until then."""
    said = ""
    while True:
        try:
            status, problem = answer(http.client.HTTPConnection(HEALTH, timeout=5), "GET", "/", {})
            if status == 200:
                problem = complete()
                if not problem:
                    return 0
        except EXPECTED as error:
            problem = f"{type(error).__name__}: {error}"
        if problem != said:
            log(f"not launched yet: {problem.strip()}")
            said = problem
        time.sleep(PAUSE_SECONDS)


def complete() -> str:
    """Completes the launch, if the group waits for it. Returns what AWS refuses; "" if nothing."""
    group, instance = metadata(GROUP_NAME), metadata("/latest/meta-data/instance-id")
    url = urlsplit(completion(credentials(), os.environ["AWS_REGION"], group, instance, utc_now()))
    connection = http.client.HTTPSConnection(url.netloc, timeout=10)
    status, text = answer(connection, "GET", f"/?{url.query}", {})
    if status == 200:
        log(f"reported to the Auto Scaling group {group} that this VM is in service")
        return ""
    if NO_SUCH_ACTION in text:
        log(f"the Auto Scaling group {group} does not wait for this VM")
        return ""
    found = re.search("<Message>(.*?)</Message>", text, re.DOTALL)
    return f"CompleteLifecycleAction: {status} {found.group(1) if found else ''}"


def log(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
