"""The standard library's HTTP server as a skin over `api`: HTTP/1.1, keep-alive, a thread a connection."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import TYPE_CHECKING, Any

from isoship_edge.http.api import Limits, handle, refusal_of
from isoship_edge.http.body import too_large
from isoship_edge.http.chunked import read_chunks
from isoship_edge.http.faults import report
from isoship_edge.http.fields import joined
from isoship_edge.http.metrics import Metrics
from isoship_edge.http.request_head import check_request_line, read_fields
from isoship_edge.http.response import TITLES, Refusal, Response, problem

if TYPE_CHECKING:
    from isoship_edge.inference.model import AnyModel

#: Seconds that a connection may be idle or a request may take to arrive.
TIMEOUT = 30.0
#: How many times the limit a refused body may be and still be read to its end before the answer.
DRAINED = 10


class Handler(BaseHTTPRequestHandler):
    """One connection. Every method goes to `handle`; a request that cannot be framed is answered and cut."""

    protocol_version = "HTTP/1.1"
    server_version = "isoship"
    sys_version = ""
    timeout = TIMEOUT
    wbufsize = -1  # one packet a response
    disable_nagle_algorithm = True
    server: Server
    busy = False
    requestline = ""  # the base class logs it, also of what was refused before it was parsed

    def __getattr__(self, name: str) -> Any:
        # The base class looks for do_<METHOD>; which methods exist is the contract's business.
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def setup(self) -> None:
        super().setup()
        self.server.opened(self)

    def finish(self) -> None:
        self.server.closed(self)
        super().finish()

    def parse_request(self) -> bool:
        """Reads the head; one that the rules do not allow is answered and cut."""
        if not self.raw_requestline.strip():  # an empty line is no request (RFC 9112, section 2.2)
            self.close_connection = True
            return False
        try:
            check_request_line(self.raw_requestline)
            fields = read_fields(self.rfile, self.raw_requestline.split()[-1])
        except Refusal as refusal:
            self.send_error(refusal.status, refusal.detail)
            return False
        rest, self.rfile = self.rfile, BytesIO(fields)
        try:
            return super().parse_request()
        finally:
            self.rfile = rest

    def _answer(self) -> None:
        self.busy = True
        try:
            body = self._body()
        except Refusal as refusal:
            self.close_connection = True
            self._send(refusal_of(self.path, refusal))
            return
        try:
            response = handle(
                self.server.model, self.command, self.path, joined(self.headers.items()), body,
                limits=self.server.limits, metrics=self.server.metrics,
            )  # fmt: skip
        except Exception as err:  # noqa: BLE001 - one request's fault must not end the connection without an answer
            report(err)
            response = refusal_of(self.path, Refusal(500, "this request met a fault in the server; its log says which"))
        if self.server.stopping:
            self.close_connection = True
        self._send(response)
        self.busy = False

    def _body(self) -> bytes:
        """The body, empty where no length is said (RFC 9112, section 6.3).

        Raises:
            Refusal: it cannot be read. Its path is not looked at then, and the connection ends: where a body that
                cannot be framed stops and the next request starts is anyone's guess.
        """
        codings = self.headers.get_all("transfer-encoding")
        if codings is not None:
            return self._chunks(codings)
        lengths = self.headers.get_all("content-length") or ["0"]
        if len(set(lengths)) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            raise Refusal(400, "Content-Length is no single number")
        length = int(lengths[0].lstrip("0")[:20] or "0")  # 20 digits are above every limit
        if length > self.server.limits.body:
            self._drain(length)
            raise too_large(self.server.limits)
        try:
            body = self.rfile.read(length)
        except TimeoutError as err:
            raise Refusal(408, f"the body did not arrive within {TIMEOUT:.0f} s") from err
        if len(body) < length:
            raise Refusal(400, f"the body ended after {len(body)} of {length} bytes")
        return body

    def _chunks(self, codings: list[str]) -> bytes:
        if self.headers.get("content-length") is not None or self.request_version == "HTTP/1.0":
            raise Refusal(400, "Transfer-Encoding does not go with Content-Length, nor with HTTP/1.0")
        if [coding.strip().lower() for coding in codings] != ["chunked"]:
            raise Refusal(501, "Transfer-Encoding may be chunked and nothing else")
        limit = self.server.limits.body
        try:
            body = read_chunks(self.rfile, limit, DRAINED * limit)
        except TimeoutError as err:
            raise Refusal(408, f"the body did not arrive within {TIMEOUT:.0f} s") from err
        if body is None:
            raise too_large(self.server.limits)
        return body

    def _drain(self, length: int) -> None:
        """Reads a body that is refused away: closing before that resets the connection and the client sees no 413."""
        left = min(length, DRAINED * self.server.limits.body)
        until = time.monotonic() + TIMEOUT / 6
        while left > 0 and time.monotonic() < until:
            part = self.rfile.read(min(left, 65536))
            left -= len(part)
            if not part:
                return

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        if response.status != 204 and self.command != "HEAD":
            self.send_header("content-length", str(len(response.body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses before there is a request (bad request line, long headers)."""
        self.close_connection = True
        self.command = getattr(self, "command", None) or "GET"
        if getattr(self, "request_version", None) in (None, "HTTP/0.9"):
            self.request_version = "HTTP/1.1"
        self._send(problem(Refusal(code, message or TITLES.get(code, "this request cannot be read"))))

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: /metrics counts, and a line a request wears out an SD card."""


class Server(ThreadingHTTPServer):
    """Serves one model until `stop`, which lets requests under way finish and cuts idle connections."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, model: AnyModel, host: str = "127.0.0.1", port: int = 8080) -> None:
        self.model = model
        self.limits = Limits()
        self.metrics = Metrics()
        self.stopping = False
        self._handlers: set[Handler] = set()
        self._guard = threading.Lock()
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        shown = host.decode() if isinstance(host, (bytes, bytearray)) else str(host)
        return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"

    def server_bind(self) -> None:
        # HTTPServer.server_bind asks the resolver for this machine's name, which can take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def opened(self, handler: Handler) -> None:
        with self._guard:
            self._handlers.add(handler)

    def closed(self, handler: Handler) -> None:
        with self._guard:
            self._handlers.discard(handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; of anything else the base class would write the message as well."""
        err = sys.exc_info()[1]
        if err is not None and not isinstance(err, (ConnectionError, TimeoutError)):
            report(err)

    def stop(self) -> None:
        """Ends `serve_forever`; call it from another thread."""
        self.stopping = True
        self.shutdown()

    def server_close(self) -> None:
        with self._guard:
            for handler in self._handlers:
                if not handler.busy:
                    try:
                        handler.connection.shutdown(socket.SHUT_RD)
                    except OSError:
                        continue  # it went by itself
        super().server_close()


def serve(model: AnyModel, host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT, then finishes the requests under way.

    Raises:
        OSError: the address cannot be taken.
    """
    server = Server(model, host, port)

    def stop(signum: int, frame: Any) -> None:
        # shutdown() waits for the loop that this handler interrupted: it needs a thread of its own.
        threading.Thread(target=server.stop).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    name = f"{model.manifest.name} {model.manifest.version}"
    print(f"{name} at {server.url}/predict, {server.url}/docs", file=sys.stderr, flush=True)  # noqa: T201
    with server:
        server.serve_forever(poll_interval=0.2)
