"""The server side of the Lambda Runtime API, on loopback, with the standard library.

    GET  /2018-06-01/runtime/invocation/next              waits for the next event
    POST /2018-06-01/runtime/invocation/<id>/response     the handler's answer
    POST /2018-06-01/runtime/invocation/<id>/error        the handler raised
    POST /2018-06-01/runtime/init/error                   the handler could not be imported
    GET  /2018-06-01/runtime/restore/next                 SnapStart: answered when a copy of the snapshot starts
    POST /2018-06-01/runtime/restore/error                a hook raised in that copy

Source: AWS Lambda Developer Guide, "Using the Lambda runtime API". One function at a time, one event at a time.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, NamedTuple

_PREFIX = "/2018-06-01/runtime/"


class Answer(NamedTuple):
    """kind: "response", "error" (the handler raised), "init" (it was never there) or "restore" (SnapStart)."""

    kind: str
    body: bytes


class RuntimeApi:
    """Events in, answers out. `address` is what AWS_LAMBDA_RUNTIME_API says."""

    def __init__(self) -> None:
        self._events: queue.Queue[tuple[str, bytes, float] | None] = queue.Queue()
        self._answers: queue.Queue[tuple[str, Answer]] = queue.Queue()
        handler = type("Handler", (_Handler,), {"events": self._events, "answers": self._answers})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def put(self, event: bytes, timeout: float) -> str:
        """Hands an event to the function; its request id."""
        request = str(uuid.uuid4())
        self._events.put((request, event, timeout))
        return request

    def take(self, wait: float) -> tuple[str, Answer] | None:
        """(request id, answer) when one arrives within `wait` seconds; the id is empty for init and restore."""
        try:
            return self._answers.get(timeout=wait)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Ends the server; a function that still waits for an event gets none."""
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A function that is ended breaks its connections; anything else is a fault of this module."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    events: ClassVar[queue.Queue[tuple[str, bytes, float] | None]]
    answers: ClassVar[queue.Queue[tuple[str, Answer]]]

    def do_GET(self) -> None:
        if self.path == f"{_PREFIX}restore/next":  # the snapshot is taken and restored at once
            self.answers.put(("", Answer("restore", b"")))
            return self._reply("200 OK", b"")
        if self.path != f"{_PREFIX}invocation/next":
            return self._reply("404 Not Found", b"")
        waiting = self.events.get()
        if waiting is None:
            self.events.put(None)  # for the next connection that waits
            self.close_connection = True
            return None
        request, event, timeout = waiting
        return self._reply(
            "200 OK", event,
            ("Lambda-Runtime-Aws-Request-Id", request),
            ("Lambda-Runtime-Deadline-Ms", str(int((time.time() + timeout) * 1000))),
            ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:isoship"),
            ("Lambda-Runtime-Trace-Id", f"Root=1-{int(time.time()):08x}-{request.replace('-', '')[:24]};Sampled=0"),
        )  # fmt: skip

    def do_POST(self) -> None:
        body = self._body()
        parts = self.path.removeprefix(_PREFIX).split("/")
        if parts in (["init", "error"], ["restore", "error"]):
            self.answers.put(("", Answer("init", body)))
        elif len(parts) == 3 and parts[0] == "invocation" and parts[2] in ("response", "error"):
            self.answers.put((parts[1], Answer(parts[2], body)))
        else:
            return self._reply("404 Not Found", b"")
        return self._reply("202 Accepted", b'{"status":"OK"}')

    def _body(self) -> bytes:
        """awslambdaric sends large answers in chunks, without a length."""
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _reply(self, status: str, body: bytes, *headers: tuple[str, str]) -> None:
        """Head and body in one write: two would wait for each other (Nagle's algorithm and delayed ACK)."""
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: stderr belongs to isoship's own messages."""
