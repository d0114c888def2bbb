from hybrid_mesh.operate.verify.answers import (
    CURL_END,
    Answer,
    read_answers,
    read_client_certificate,
    read_curl_answers,
)


def test_each_request_becomes_one_answer_with_both_identities() -> None:
    output = """
[0] Url=http://echo.demo.svc.cluster.local:8080/
[0] Latency=5.258045ms
[0] StatusCode=200
[0] ResponseHeader=Content-Length:237
[0 body] Cluster=east
[0 body] RequestHeader=X-Forwarded-Client-Cert:By=spiffe://d/ns/demo/sa/echo;Hash=1;Subject="";URI=spiffe://d/ns/demo/sa/legacy
[0 body] Hostname=echo-1

[1] StatusCode=503
2026-11-23T05:33:54.057960Z	info	All 2 requests succeeded
"""
    found = read_answers(output)
    assert found.error == ""
    assert found.answers == (
        Answer(200, "echo-1", "east", "spiffe://d/ns/demo/sa/legacy", "spiffe://d/ns/demo/sa/echo"),
        Answer(503, "", "", "", ""),
    )


def test_a_response_header_cannot_pose_as_the_servers_words() -> None:
    found = read_answers("[0] StatusCode=200\n[0] ResponseHeader=Hostname=impostor\n[0] Hostname=impostor\n")
    assert found.answers[0].peer == ""
    assert read_answers("[0] ResponseHeader=X-Forwarded-Client-Cert:URI=spiffe://x\n").answers[0].peer == ""


def test_a_failed_call_gives_its_first_error() -> None:
    line = '2026-11-23T05:33:54Z\tfatal\tError 2/2 requests had errors; first error: Get "http:/": EOF'
    assert read_answers(line).error == 'Get "http:/": EOF'


def test_a_wrong_command_line_is_an_error_too() -> None:
    assert read_answers("", "Error: unknown flag: --url").error == "unknown flag: --url"


def test_silence_is_an_error() -> None:
    assert read_answers("").error == "the echo client printed no response"


def test_each_answer_that_curl_prints_becomes_one() -> None:
    output = f"""ServiceVersion=vm
Cluster=east
RequestHeader=X-Forwarded-Client-Cert:By=spiffe://d/ns/demo/sa/echo;Hash=1;URI=spiffe://d/ns/demo/sa/legacy
Hostname=echo-1

{CURL_END}200
no healthy upstream
{CURL_END}503
"""
    assert read_curl_answers(output).answers == (
        Answer(200, "echo-1", "east", "spiffe://d/ns/demo/sa/legacy", "spiffe://d/ns/demo/sa/echo"),
        Answer(503, "", "", "", ""),
    )


def test_a_request_of_curl_that_fails_is_the_error_of_the_call() -> None:
    """Also after answers: `--fail-early` ends the call there."""
    output = f"Hostname=echo-1\n\n{CURL_END}200\n\n{CURL_END}000\n"
    found = read_curl_answers(output, "curl: (52) Empty reply from server\n")
    assert (found.answers, found.error) == ((), "curl: (52) Empty reply from server")


def test_a_missing_curl_and_silence_are_errors() -> None:
    assert read_curl_answers("", "sh: 1: curl: not found\n").error == "sh: 1: curl: not found"
    assert read_curl_answers("").error == "curl printed no response"


def test_only_the_hop_next_to_the_server_counts() -> None:
    header = (
        'By=spiffe://d/a;URI=spiffe://d/first,By=spiffe://d/b;Subject="CN=a,O=\\"b;c\\"";URI=spiffe://d/last'
    )
    found = read_client_certificate(header)
    assert found["URI"] == "spiffe://d/last"
    assert found["By"] == "spiffe://d/b"


def test_no_certificate_is_not_an_identity() -> None:
    assert read_client_certificate("") == {}
