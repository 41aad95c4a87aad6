"""The servers under test, each for the length of a `with`: the edge's own, the Lambda app under uvicorn, and Lambda.

Lambda stands behind a loopback server that does what API Gateway's HTTP API does: request to event (payload format
2.0, bodies that are no text as base64), the handler's answer to response. One
connection at a time, as in one copy of a function.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from isoship_edge.http.server import Server
from isoship_edge.inference.model import load
from isoship_lambda.app import create_app


@contextmanager
def edge_server(folder: Path) -> Iterator[str]:
    with Server(load(folder), port=0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.url
        finally:
            server.stop()
            thread.join(10)
        assert not thread.is_alive()


@contextmanager
def uvicorn_server(folder: Path) -> Iterator[str]:
    config = uvicorn.Config(create_app(folder), host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    config.load()
    socket = config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    for _ in range(500):
        if server.started:
            break
        time.sleep(0.01)
    assert server.started
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
    assert not thread.is_alive()


@contextmanager
def gateway(handler: Callable[[Any, Any], Any]) -> Iterator[str]:
    bound = type("Bound", (_Gateway,), {"handler": staticmethod(handler)})
    with HTTPServer(("127.0.0.1", 0), bound) as server:
        thread = threading.Thread(target=_serve_with_a_loop, args=(server,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(10)


def lambda_server(folder: Path, direct: str) -> AbstractContextManager[str]:
    """Lambda's handler behind a gateway. direct: ISOSHIP_DIRECT."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISOSHIP_BUNDLE", str(folder))
        patch.setenv("ISOSHIP_DIRECT", direct)
        sys.modules.pop("isoship_lambda.handler", None)
        return gateway(importlib.import_module("isoship_lambda.handler").handler)


def _serve_with_a_loop(server: HTTPServer) -> None:
    # Mangum asks for the event loop of its thread, which on Lambda is the main one and has it.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    server.serve_forever(poll_interval=0.02)
    loop.close()


class _Gateway(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    handler: Callable[[Any, Any], Any]
    timeout = 10

    def do_GET(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            body, encoded = raw.decode(), False
        except UnicodeDecodeError:
            body, encoded = base64.b64encode(raw).decode(), True
        path, _, query = self.path.partition("?")
        http = {"method": self.command, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"}
        event = {
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "requestContext": {"http": http, "stage": "$default"}, "body": body, "isBase64Encoded": encoded,
        }  # fmt: skip
        answer = json.loads(json.dumps(self.handler(json.loads(json.dumps(event)), None)))
        content = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        self.send_response(answer["statusCode"])
        for name, value in answer["headers"].items():
            if name != "content-length":
                self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""
