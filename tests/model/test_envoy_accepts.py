"""Envoy takes the fields of access logs, and every command operator that the rule takes."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from hybrid_mesh.model.checks.envoy_operators import OPERATORS
from hybrid_mesh.model.objects.telemetry import LOG_FIELDS
from tests.commands import PROJECT

ENVOY = PROJECT / ".toolchain" / "bin" / "envoy"
EXTENSIONS = "type.googleapis.com/envoy.extensions"
PARAMETERS = {
    "CEL": "request.host",
    "CLUSTER_METADATA": "x",
    "COMMON_DURATION": "DS_RX_BEG:DS_TX_END:ms",
    "DYNAMIC_METADATA": "x",
    "ENVIRONMENT": "HOME",
    "FILTER_STATE": "x",
    "METADATA": "CLUSTER:x",
    "QUERY_PARAM": "x",
    "REQ": "x",
    "REQUEST_HEADER": "x",
    "REQ_WITHOUT_QUERY": "x",
    "RESP": "x",
    "RESPONSE_HEADER": "x",
    "RESPONSE_TRAILER": "x",
    "TRAILER": "x",
    "UPSTREAM_FILTER_STATE": "x",
    "UPSTREAM_METADATA": "x",
}

pytestmark = pytest.mark.skipif(not ENVOY.exists(), reason="the toolchain is not built")


def refusal(fields: Mapping[str, str]) -> str:
    """What Envoy says of a listener that logs `fields`; empty if it takes them."""
    formatter = {
        "name": "envoy.formatter.req_without_query",
        "typed_config": {"@type": f"{EXTENSIONS}.formatter.req_without_query.v3.ReqWithoutQuery"},
    }
    log = {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": f"{EXTENSIONS}.access_loggers.file.v3.FileAccessLog",
            "path": "/dev/null",
            "log_format": {"json_format": fields, "formatters": [formatter]},
        },
    }
    connection: dict[str, Any] = {
        "@type": f"{EXTENSIONS}.filters.network.tcp_proxy.v3.TcpProxy",
        "stat_prefix": "x",
        "cluster": "c",
        "access_log": [log],
    }
    listener = {
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 1}},
        "filter_chains": [{"filters": [{"name": "tcp", "typed_config": connection}]}],
    }
    config = {"static_resources": {"listeners": [listener], "clusters": [{"name": "c", "type": "STATIC"}]}}
    command = [
        str(ENVOY),
        "--mode",
        "validate",
        "--log-level",
        "critical",
        "--config-yaml",
        json.dumps(config),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr


def test_it_takes_the_fields() -> None:
    assert refusal(LOG_FIELDS) == ""


def test_it_takes_every_operator() -> None:
    texts = {
        name: f"%{name}({PARAMETERS[name]})%" if name in PARAMETERS else f"%{name}%" for name in OPERATORS
    }
    assert refusal(texts) == ""
    assert "RESPONSE_COD" in refusal({"wrong": "%RESPONSE_COD%"})
