"""Command operators in fields and tags, which are checked here as Envoy would refuse the whole listener.

Source: the names that Envoy 1.40 knows ("Substitution Formatter").
"""

import re
from collections.abc import Iterator

from hybrid_mesh.model.checks.registry import rule
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.problems import Problem, Problems, did_you_mean

_ENDS = "ADDRESS ADDRESS_WITHOUT_PORT PORT"
_SIDES = {
    "DOWNSTREAM": f"""
        DETECTED_CLOSE_TYPE HANDSHAKE_DURATION LOCAL_CLOSE_REASON LOCAL_EMAIL_SAN LOCAL_OTHERNAME_SAN
        PEER_CERT_V_END PEER_CERT_V_START PEER_CHAIN_FINGERPRINTS_1 PEER_CHAIN_FINGERPRINTS_256
        PEER_CHAIN_SERIALS PEER_EMAIL_SAN PEER_FINGERPRINT_1 PEER_FINGERPRINT_256
        PEER_ISSUER_FINGERPRINT_256 PEER_ISSUER_SERIAL PEER_OTHERNAME_SAN PEER_SERIAL LOCAL_SUBJECT
        DIRECT_LOCAL_ADDRESS_ENDPOINT_ID LOCAL_ADDRESS_ENDPOINT_ID TRANSPORT_FAILURE_REASON
        {" ".join(f"DIRECT_{side}_{end}" for side in ("LOCAL", "REMOTE") for end in _ENDS.split())}
    """,
    "UPSTREAM": """
        CLUSTER CLUSTER_RAW CONNECTION_ID CONNECTION_IDS_ATTEMPTED CONNECTION_POOL_READY_DURATION
        DETECTED_CLOSE_TYPE FILTER_STATE HOST HOSTS_ATTEMPTED HOSTS_ATTEMPTED_WITHOUT_PORT HOST_NAME
        HOST_NAMES_ATTEMPTED HOST_NAMES_ATTEMPTED_WITHOUT_PORT HOST_NAME_WITHOUT_PORT LOCAL_CLOSE_REASON
        METADATA PEER_CERT_V_END PEER_CERT_V_START PROTOCOL REMOTE_ADDRESS_ENDPOINT_ID
        REQUEST_ATTEMPT_COUNT SERVER_NAME TRANSPORT_FAILURE_REASON
    """,
}
_EACH = f"""
    DECOMPRESSED_HEADER_BYTES_RECEIVED DECOMPRESSED_HEADER_BYTES_SENT HEADER_BYTES_RECEIVED HEADER_BYTES_SENT
    LOCAL_DNS_SAN LOCAL_IP_SAN LOCAL_URI_SAN PEER_CERT PEER_DNS_SAN PEER_IP_SAN PEER_ISSUER PEER_SUBJECT
    PEER_URI_SAN TLS_CIPHER TLS_GROUP TLS_SESSION_ID TLS_VERSION WIRE_BYTES_RECEIVED WIRE_BYTES_SENT
    {" ".join(f"{side}_{end}" for side in ("LOCAL", "REMOTE") for end in _ENDS.split())}
"""
_ALONE = """
    ACCESS_LOG_TYPE BYTES_RECEIVED BYTES_RETRANSMITTED BYTES_SENT CEL CLUSTER_METADATA COMMON_DURATION
    CONNECTION_ID CONNECTION_TERMINATION_DETAILS CUSTOM_FLAGS DURATION DYNAMIC_METADATA EMIT_TIME
    EMIT_TIME_LOCAL ENVIRONMENT FILTER_CHAIN_NAME FILTER_STATE GRPC_STATUS GRPC_STATUS_NUMBER HOSTNAME
    LOCAL_REPLY_BODY METADATA PACKETS_RETRANSMITTED PATH PROTOCOL QUERY_PARAM QUERY_PARAMS REQ
    REQUESTED_SERVER_NAME REQUEST_DURATION REQUEST_HEADER REQUEST_HEADERS_BYTES REQUEST_TX_DURATION
    REQ_WITHOUT_QUERY RESP RESPONSE_CODE RESPONSE_CODE_DETAILS RESPONSE_DURATION RESPONSE_FLAGS
    RESPONSE_FLAGS_LONG RESPONSE_HEADER RESPONSE_HEADERS_BYTES RESPONSE_TRAILER RESPONSE_TRAILERS_BYTES
    RESPONSE_TX_DURATION ROUNDTRIP_DURATION ROUTE_NAME SPAN_ID START_TIME START_TIME_LOCAL STREAM_ID
    TLS_JA3_FINGERPRINT TLS_JA4_FINGERPRINT TRACE_ID TRAILER UNIQUE_ID VIRTUAL_CLUSTER_NAME
"""
OPERATORS = frozenset(_ALONE.split()) | {
    f"{side}_{name}" for side, names in _SIDES.items() for name in (names + _EACH).split()
}

_OPERATOR = re.compile(r"%%|%([A-Z][A-Z0-9_]*)(?:\(.*?\)(?=%|:[0-9]+%))?(?::[0-9]+)?%")
"""`%%`, or an operator with its parameters and its maximum length."""


@rule
def operators_are_those_of_envoy(mesh: MeshConfig) -> Problems:
    """`accessLogs.fields` and `operator` must have command operators that Envoy knows, as
    `%NAME(parameters):length%`; write `%%` for a percent sign. Envoy refuses the configuration of a whole
    port for another one."""
    for path, text in _texts(mesh):
        names = [found.group(1) for found in _OPERATOR.finditer(text) if found.group(1)]
        unknown = next((name for name in names if name not in OPERATORS), None)
        if unknown is not None:
            near = did_you_mean(f"%{unknown}%", [f"%{name}%" for name in sorted(OPERATORS)])
            remedy = near or "See Envoy's page on access logs for its command operators."
            yield Problem(path, text, f"%{unknown}% is not a command operator of Envoy", remedy)
        elif "%" in _OPERATOR.sub("", text):
            remedy = "Write operators like %REQ(x-tenant)%, and %% for a percent sign."
            yield Problem(path, text, "not a valid use of a percent sign", remedy)


def _texts(mesh: MeshConfig) -> Iterator[tuple[str, str]]:
    """Each text with operators, and its path."""
    if mesh.telemetry is None:
        return
    if mesh.telemetry.access_logs is not None:
        for name, text in mesh.telemetry.access_logs.fields.items():
            yield f"telemetry.accessLogs.fields.{name}", text
    if mesh.telemetry.traces is not None:
        for name, tag in mesh.telemetry.traces.tags.items():
            if tag.operator is not None:
                yield f"telemetry.traces.tags.{name}.operator", tag.operator
