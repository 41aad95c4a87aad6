"""A loopback server between a runner and its page: files, requests to fetch, answers to post."""

from __future__ import annotations

import http.server
import mimetypes
import queue
import sys
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Any

_POLL = 10.0


class Mailbox:
    """A loopback server: files under named folders, `GET /driver/next` for the first request, `POST /driver/answer` for
    the others."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self.folders = {name: folder.resolve() for name, folder in folders.items()}
        self.requests: queue.Queue[bytes] = queue.Queue()
        self.answers: queue.Queue[bytes] = queue.Queue()
        self.missed: list[str] = []
        self.closing = threading.Event()
        mailbox = self

        class Handler(_Handler):
            box = mailbox

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that was ended leaves its last request open, which is no news; anything else is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    #: Head and body are two packets, and the second would wait 40 ms for the first to be acknowledged.
    disable_nagle_algorithm = True
    box: Mailbox

    def do_GET(self) -> None:
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        if path == "/driver/next":
            self._send(*self._next(), "application/json")
            return
        head, _, rest = path.lstrip("/").partition("/")
        folder = self.box.folders.get(head)
        file = None if folder is None else (folder / rest).resolve()
        if folder is None or file is None or not file.is_relative_to(folder) or not file.is_file():
            self.box.missed.append(path)
            self._send(404, b"not here\n", "text/plain")
            return
        self._send(200, file.read_bytes(), _media_type(file))

    def do_POST(self) -> None:
        self.box.answers.put(self.rfile.read(int(self.headers.get("content-length", 0))))
        self._send(*self._next(), "application/json")  # one exchange a request: a browser takes a millisecond for each

    def _next(self) -> tuple[int, bytes]:
        """The next request, waited for a while: the page asks again after a 204."""
        deadline = time.monotonic() + _POLL
        while time.monotonic() < deadline and not self.box.closing.is_set():
            try:
                return 200, self.box.requests.get(timeout=0.25)
            except queue.Empty:
                continue
        return 204, b""

    def _send(self, status: int, body: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("content-type", media_type)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


def _media_type(file: Path) -> str:
    known = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}
    return known.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
