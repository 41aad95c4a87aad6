"""What stands in front of the function for a browser: API Gateway's HTTP API or a function URL, on loopback.

Both answer preflights themselves and write the CORS fields of every answer; what the function says of CORS is dropped.
An HTTP API looks for the preflight's route first, and one that asks for credentials refuses it.

Source: API Gateway Developer Guide, "Configure CORS for HTTP APIs"; Lambda Developer Guide, "Function URLs: CORS".
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Invoke = Callable[[dict[str, Any]], Any]


class Front:
    """cors: the template's own settings. authorization: of each route by its key; empty for a function URL."""

    def __init__(self, invoke: Invoke, cors: Mapping[str, Any], authorization: Mapping[str, str]) -> None:
        self.invoke = invoke
        self.cors = cors
        self.authorization = authorization
        self.preflights: list[str] = []
        self._one = threading.Lock()

    def allowed(self, origin: str | None) -> bool:
        return origin is not None and (origin in self.cors["AllowOrigins"] or "*" in self.cors["AllowOrigins"])

    def preflight(self, path: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str]]:
        self.preflights.append(path)
        if self.authorization:
            key = "OPTIONS /" if path == "/" else "OPTIONS /{proxy+}"
            if self.authorization.get(key, self.authorization["$default"]) != "NONE":
                return 401, {}
        if not self.allowed(headers.get("origin")):
            return 204, {}
        return 204, {
            "access-control-allow-origin": headers["origin"],
            "access-control-allow-methods": ",".join(self.cors["AllowMethods"]),
            "access-control-allow-headers": ",".join(self.cors["AllowHeaders"]),
            "access-control-max-age": str(self.cors["MaxAge"]),
        }

    def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"}
        event = {
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": dict(headers),
            "requestContext": {"http": http, "stage": "$default"},
            "body": base64.b64encode(body).decode(), "isBase64Encoded": True,
        }  # fmt: skip
        with self._one:
            made = self.invoke(event)
        content = base64.b64decode(made["body"]) if made["isBase64Encoded"] else made["body"].encode()
        kept = {n: v for n, v in made["headers"].items() if not n.lower().startswith("access-control-")}
        kept.pop("content-length", None)
        if self.allowed(headers.get("origin")):
            kept["access-control-allow-origin"] = headers["origin"]
            kept["access-control-expose-headers"] = ",".join(self.cors["ExposeHeaders"])
        return made["statusCode"], kept, content


@contextmanager
def serving(front: Front | None) -> Iterator[str]:
    """The front's origin; without one, that of empty pages: where a person's own page comes from."""
    bound = type("Bound", (_Handler,), {"front": front})
    with ThreadingHTTPServer(("127.0.0.1", 0), bound) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    front: Front | None

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        content = b'<!doctype html><title>a page</title><link rel="icon" href="data:,">'
        if self.front is None:
            status, fields = 200, {"content-type": "text/html"}
        elif self.command == "OPTIONS" and "access-control-request-method" in headers:
            (status, fields), content = self.front.preflight(self.path, headers), b""
        else:
            status, fields, content = self.front.answer(self.command, self.path, headers, body)
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_OPTIONS = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""
