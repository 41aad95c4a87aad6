"""Requests that only bytes on a socket can be: fields that stand twice, bodies without a length or in chunks."""

from __future__ import annotations

import gzip
import importlib
import json
import socket
import sys
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from servers import edge_server, uvicorn_server

from bundles import VISITS_ROWS

ROWS = json.dumps({"rows": VISITS_ROWS}).encode()
SERVERS = {"edge": edge_server, "uvicorn": uvicorn_server}

Answer = tuple[int, dict[str, Any]]


def asked(url: str, request: str, *fields: str, body: bytes = b"") -> Answer:
    """The response to bytes as they are."""
    host, _, port = url.removeprefix("http://").partition(":")
    lines = [f"{request} HTTP/1.1", "Host: x", "Content-Type: application/json", *fields, "", ""]
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode() + body)
        response = HTTPResponse(connection)
        response.begin()
        return response.status, json.loads(response.read())


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, visits: Path) -> Iterator[str]:
    with SERVERS[request.param](visits) as url:
        yield url


def test_an_encoding_in_two_fields_is_a_list_of_two_and_refused(server: str) -> None:
    for encodings in (("gzip", "gzip"), ("identity", "gzip"), ("gzip, gzip",)):
        fields = [f"Content-Encoding: {encoding}" for encoding in encodings]
        body = gzip.compress(ROWS)
        status, document = asked(server, "POST /predict", *fields, f"Content-Length: {len(body)}", body=body)
        assert status == 415
        assert document["detail"].endswith(f'got "{", ".join(encodings)}"')
        status, document = asked(
            server, "POST /v2/models/visits/infer", *fields, f"Content-Length: {len(body)}", body=body
        )
        assert status == 415
        assert document["error"].endswith(f'got "{", ".join(encodings)}"')


def test_other_fields_that_stand_twice_are_lists_too(server: str) -> None:
    length = f"Content-Length: {len(ROWS)}"
    status, document = asked(server, "POST /predict", "content-type: text/csv", length, body=ROWS)
    assert (status, document["status"]) == (415, 415)
    sizes = ["Inference-Header-Content-Length: 9"] * 2
    status, document = asked(server, "POST /v2/models/visits/infer", *sizes, length, body=ROWS)
    assert status == 400
    assert document["error"].endswith('got "9, 9"')
    status, document = asked(server, "POST /predict", "X-Own: 1", "X-Own: 2", length, body=ROWS)
    assert status == 200


def test_no_length_is_an_empty_body_and_the_path_decides(server: str) -> None:
    """RFC 9112, section 6.3: without Content-Length and Transfer-Encoding a request has no body."""
    for request, status in {
        "POST /predict": 422, "POST /": 405, "POST /nothing": 404, "PUT /predict": 405, "POST /v2/models/visits": 405,
        "POST /v2/models/visits/infer": 400, "PATCH /v2/models/other": 404,
    }.items():  # fmt: skip
        assert asked(server, request)[0] == status, request


def test_the_edge_reads_a_length_of_any_digits(visits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A length cut to its first digits would be 0 here, and the body the next request."""
    monkeypatch.setenv("ISOSHIP_MAX_BODY", "1000")
    with edge_server(visits) as url:
        status, _ = asked(url, "POST /predict", f"Content-Length: {str(len(ROWS)).zfill(40)}", body=ROWS)
        assert status == 200
        status, _ = asked(url, "POST /predict", f"Content-Length: {'9' * 40}", body=bytes(20_000))
        assert status == 413


HEADS = {
    "whitespace before the colon": b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length : 2\r\n\r\n{}",
    "a line without a colon": b"POST /predict HTTP/1.1\r\nHost: x\r\nnonsense\r\nContent-Length: 2\r\n\r\n{}",
    "a name with a space": b"POST /predict HTTP/1.1\r\nHost: x\r\nX Own: 1\r\nContent-Length: 2\r\n\r\n{}",
    "no name": b"POST /predict HTTP/1.1\r\nHost: x\r\n: 1\r\nContent-Length: 2\r\n\r\n{}",
    "a carriage return in a value": b"POST /predict HTTP/1.1\r\nHost: x\r\nX-Own: a\rb\r\nContent-Length: 2\r\n\r\n{}",
    "NUL in a value": b"POST /predict HTTP/1.1\r\nHost: x\r\nX-Own: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "no Host": b"GET / HTTP/1.1\r\nX-Own: 1\r\n\r\n",
    "no field at all": b"GET / HTTP/1.1\r\n\r\n",
    "Host twice": b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
    "two spaces in the request line": b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a space in the target": b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tab in the request line": b"GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "no version": b"GET /\r\nHost: x\r\n\r\n",
    "no method": b" / HTTP/1.1\r\nHost: x\r\n\r\n",
}
#: Only the edge's own server: what uvicorn runs on joins folded lines, as section 5.2 allows as well.
FOLDED = {
    "a folded value": b"POST /predict HTTP/1.1\r\nHost: x\r\nX-Own: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "a folded first field": b"POST /predict HTTP/1.1\r\n Host: x\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
}


def statuses(url: str, sent: bytes) -> list[int]:
    """Of every response until the server closes."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while part := connection.recv(65536):
            received += part
    return [int(line.split()[1]) for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


@pytest.mark.parametrize("name", HEADS)
def test_a_head_that_readers_take_in_different_ways_is_refused_and_cut(name: str, server: str) -> None:
    """RFC 9112, sections 2.2, 3, 3.2 and 5: what follows on the connection is not read as a request."""
    behind = b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    assert statuses(server, HEADS[name] + behind) == [400]


@pytest.mark.parametrize("name", FOLDED)
def test_folded_fields_are_refused_by_the_edge(name: str, visits: Path) -> None:
    with edge_server(visits) as url:
        assert statuses(url, FOLDED[name]) == [400]


def test_heads_that_the_rules_allow_are_read(server: str) -> None:
    for fields in (b"Host: x\r\n", b"hOST:x\r\nX-Empty:\r\nX-Own:\t a:b \r\nX-Latin: \xe9\r\n", b"Host:\r\n"):
        assert statuses(server, b"GET /v2/health/live HTTP/1.1\r\n" + fields + b"\r\n") == [200]
    assert statuses(server, b"GET /v2/health/live HTTP/1.0\r\nX-Own: 1\r\n\r\n") == [200]


CHUNKED = "Transfer-Encoding: chunked"


def chunks(*parts: bytes, trailer: bytes = b"") -> bytes:
    return b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts) + b"0\r\n" + trailer + b"\r\n"


def test_a_body_may_come_in_chunks(server: str) -> None:
    for body in (
        chunks(ROWS), chunks(ROWS[:7], ROWS[7:]), chunks(*(ROWS[i : i + 1] for i in range(len(ROWS)))),
        chunks(ROWS, trailer=b"X-Own: 1\r\n"), chunks(ROWS).replace(b"\r\n", b";own=1\r\n", 1),
    ):  # fmt: skip
        status, document = asked(server, "POST /predict", CHUNKED, body=body)
        assert (status, len(document["predictions"])) == (200, len(VISITS_ROWS))
    assert asked(server, "POST /predict", CHUNKED, body=chunks())[0] == 422
    assert asked(server, "POST /nothing", CHUNKED, body=chunks(ROWS))[0] == 404
    assert asked(server, "POST /", CHUNKED, body=chunks())[0] == 405
    assert asked(server, "POST /v2/models/visits/infer", CHUNKED, body=chunks(b"{"))[0] == 400


def test_after_chunks_comes_the_next_request(server: str) -> None:
    host, _, port = server.removeprefix("http://").partition(":")
    one = f"POST /predict HTTP/1.1\r\nHost: x\r\n{CHUNKED}\r\n\r\n".encode() + chunks(ROWS[:9], ROWS[9:])
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for _ in range(3):
            connection.sendall(one)
            response = HTTPResponse(connection)
            response.begin()
            assert (response.status, len(json.loads(response.read())["predictions"])) == (200, len(VISITS_ROWS))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x\r\n", 400), (b"\r\n", 400), (b"-1\r\n", 400), (b"0x5\r\n", 400), (b"+5\r\n", 400), (b"1_0\r\n", 400),
        (b"f" * 17 + b"\r\n", 400), (b"5\n12345\n0\n\n", 400), (b"3\r\n12345\r\n0\r\n\r\n", 400),
        (b"5;" + b"a" * 5000 + b"\r\n", 400), (b"0\r\n" + b"A: b\r\n" * 101 + b"\r\n", 400),
        (chunks(bytes(1001)), 413), (chunks(*[bytes(100)] * 50), 413), (b"ffffffff\r\n" + bytes(20_000), 413),
    ],
)  # fmt: skip
def test_chunks_that_are_none_or_too_many(
    body: bytes, status: int, visits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOSHIP_MAX_BODY", "1000")
    with edge_server(visits) as url:
        seen, document = asked(url, "POST /predict", CHUNKED, body=body)
        assert (seen, document["status"]) == (status, status)


@pytest.mark.parametrize("direct", ["1", "0"])
def test_a_load_balancer_that_tells_of_both_fields(direct: str, visits: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISOSHIP_BUNDLE", str(visits))
        patch.setenv("ISOSHIP_DIRECT", direct)
        sys.modules.pop("isoship_lambda.handler", None)
        entry: ModuleType = importlib.import_module("isoship_lambda.handler")
        event = {
            "requestContext": {"elb": {"targetGroupArn": "arn"}}, "httpMethod": "POST", "path": "/predict",
            "multiValueQueryStringParameters": {}, "body": ROWS.decode(), "isBase64Encoded": False,
        }  # fmt: skip
        for encodings in (
            {"content-encoding": ["gzip", "gzip"]},
            {"content-encoding": ["gzip"], "Content-Encoding": ["gzip"]},
        ):
            headers = {"content-type": ["application/json"], **encodings}
            answer = entry.handler({**event, "multiValueHeaders": headers}, None)
            assert answer["statusCode"] == 415
            assert json.loads(answer["body"])["detail"].endswith('got "gzip, gzip"')
