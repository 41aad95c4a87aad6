"""What only a server can get wrong: framing, keep-alive, timeouts, shutdown. The contract itself is in tests/http."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from bundles import VISITS_ROWS
from isoship_edge.http.server import Handler, Server
from isoship_edge.inference.model import load

BODY = json.dumps({"rows": VISITS_ROWS}).encode()


@pytest.fixture(scope="module")
def server(visits: Path) -> Iterator[Server]:
    with Server(load(visits), port=0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.stop()
        thread.join(10)
        assert not thread.is_alive()


def raw(server: Server, request: bytes, *, half_close: bool = False) -> tuple[int, dict[str, str], bytes]:
    """Sends bytes as they are and reads one response, to its end."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        connection.sendall(request)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        response = HTTPResponse(connection)
        response.begin()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()


def post(headers: str, body: bytes = b"") -> bytes:
    return f"POST /predict HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode() + body


def test_a_python_without_zlib_refuses_packed_bodies(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zlib", None)
    packed = gzip.compress(BODY)
    headers = f"Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n"
    status, answered, body = raw(server, post(headers, packed))
    assert (status, answered["accept-encoding"]) == (415, "identity")
    assert "no zlib" in json.loads(body)["detail"]


def test_one_connection_carries_many_requests(server: Server) -> None:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.connect()
    held = connection.sock
    for method, path, body in [
        ("POST", "/predict", BODY),
        ("GET", "/", b"extra"),
        ("HEAD", "/", b""),
        ("POST", "/nothing", BODY),
    ] * 3:
        connection.request(method, path, body=body, headers={"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        assert response.status in (200, 404)
        assert connection.sock is held
    connection.close()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (post("Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"), 501),
        (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), 501),
        (post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"), 400),
        (b"POST /predict HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (post("Content-Length: -5\r\n"), 400),
        (post("Content-Length: 1_0\r\n"), 400),
        (post("Content-Length: 5\r\nContent-Length: 6\r\n", b"123456"), 400),
        (post("Content-Length: \xb2\r\n"), 400),
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 505),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    ],
)  # fmt: skip
def test_what_cannot_be_framed_is_a_problem_document_and_ends_the_connection(
    request_bytes: bytes, status: int, server: Server
) -> None:
    got, headers, body = raw(server, request_bytes)
    assert got == status
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert json.loads(body)["status"] == status


def test_a_body_that_ends_early_is_told_so(server: Server) -> None:
    status, _, body = raw(server, post("Content-Length: 50\r\n", b"{}"), half_close=True)
    assert status == 400
    assert "2 of 50 bytes" in json.loads(body)["detail"]


def test_a_body_that_never_comes_times_out(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "timeout", 0.2)
    status, _, body = raw(server, post("Content-Length: 50\r\n", b"{}"))
    assert status == 408
    assert json.loads(body)["title"] == "Request Timeout"


def test_a_body_beyond_any_bound_is_refused_without_being_read(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.limits, "body", 1000)
    status, _, body = raw(server, post("Content-Length: 999999999999\r\n", b"x" * 20_000))
    assert status == 413
    assert "1000 bytes" in json.loads(body)["detail"]


def test_a_fault_of_ours_is_a_500_without_its_words(
    server: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fault(*args: object, **options: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("isoship_edge.http.server.handle", fault)
    status, headers, body = raw(server, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert (status, headers["content-type"]) == (500, "application/problem+json")
    assert b"secret" not in body
    said = json.loads(capfd.readouterr().err)
    assert (said["error"], said["at"][-1].split()[1]) == ("ZeroDivisionError", "fault")
    assert "secret" not in str(said), "its words may hold what was sent"


def test_a_fault_outside_of_a_request_is_logged_without_its_words(
    server: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fault(*args: object, **options: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(Handler, "_send", fault)
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(100) == b""
    said = capfd.readouterr().err
    assert json.loads(said)["error"] == "ZeroDivisionError"
    assert "secret" not in said


def test_requests_at_the_same_time_all_get_their_own_answer(server: Server) -> None:
    wrong = []

    def work(row: int) -> None:
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        for _ in range(20):
            connection.request(
                "POST", "/predict", json.dumps({"rows": [VISITS_ROWS[row]]}), {"Content-Type": "application/json"}
            )
            label = json.loads(connection.getresponse().read())["predictions"][0]["label"]
            if label != ["middle", "high", "low", "middle"][row]:
                wrong.append(label)
        connection.close()

    threads = [threading.Thread(target=work, args=(row,)) for row in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert wrong == []


def test_sigterm_finishes_requests_cuts_idle_connections_and_exits_0(visits: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "isoship_edge", "serve", "--bundle", str(visits), "--port", "0"],
        stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        port = int(line.split("http://127.0.0.1:")[1].split("/")[0])
        idle = socket.create_connection(("127.0.0.1", port), timeout=10)
        idle.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(65536).startswith(b"HTTP/1.1 200")
        slow = socket.create_connection(("127.0.0.1", port), timeout=10)
        slow.sendall(post(f"Content-Length: {len(BODY)}\r\n", BODY[:100]))
        time.sleep(0.3)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert idle.recv(65536) == b""
        slow.sendall(BODY[100:])
        answer = slow.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer.lower()
        assert process.wait(10) == 0
        assert time.monotonic() - started < 5
    finally:
        process.kill()
        process.wait(10)
