"""A real browser as a runtime: headless Chromium, a fresh profile, a page of ours that fetches and posts."""

from __future__ import annotations

import http.server
import json
import mimetypes
import queue
import re
import shutil
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Any

from isoship.errors import RunnerUnavailable
from isoship.parity.contract import RunnerCrashed, RunnerHung
from isoship.parity.runners.node import DRIVERS, checked
from isoship.parity.runners.process import Process, plain_environment

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--enable-unsafe-swiftshader",
    "--enable-logging=stderr",
    "--remote-debugging-pipe",
)
#: Nothing is said over the debugging pipe: Chromium ends when it closes, and it closes with us, even if we are killed.
_TETHERED = ("/bin/sh", "-c", 'exec "$@" 3<&0 4>/dev/null', "sh")
#: WebGPU on the processor: Chromium's own software adapter.
_WEBGPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
_START, _ANSWER, _POLL = 90.0, 300.0, 10.0
#: Whatever reaches the console. Chromium's log gives every message the level INFO, the browser's own complaints about
#: WebGL included; page.mjs silences `console.log` and its kin, so what is left is a warning or an error.
_CONSOLE = re.compile(r":CONSOLE[:(]\d+\)?\] (.*)")
#: A software GPU is slow and says so whenever a result is read; that is no word about the result.
_ABOUT_SPEED = ("GPU stall due to ReadPixels", "GL Driver Message (OpenGL, Performance")


class ChromiumDriver:
    """One browser that answers requests. folders: the first part of a path -> the folder served under it."""

    def __init__(self, name: str, mode: str, backend: str, folders: dict[str, Path]) -> None:
        program = next((p for p in PROGRAMS if shutil.which(p)), None)
        if program is None:
            raise RunnerUnavailable("Chromium is not on PATH: apt-get install chromium")
        self._name = name
        self._server = Mailbox({"driver": DRIVERS, **folders})
        self._profile = tempfile.TemporaryDirectory(prefix="isoship-chromium-", ignore_cleanup_errors=True)
        url = f"http://127.0.0.1:{self._server.port}/driver/page.html?mode={mode}&backend={backend}"
        self._process = Process(
            [
                *_TETHERED,
                str(shutil.which(program)),
                *_FLAGS,
                *(_WEBGPU if backend == "webgpu" else ()),
                f"--user-data-dir={self._profile.name}",
                url,
            ],
            environment=plain_environment(HOME=self._profile.name),
            name=f"{name} ({program})",
            tether=True,
        )
        try:
            self.stamp: dict[str, str] = self._wait(_START)["stamp"]
        except BaseException:
            self.close()
            raise

    def ask(self, request: Any) -> Any:
        """The answer to one request.

        Raises:
            RunnerCrashed: the browser ended, the page threw, or its console holds a warning. RunnerHung: no answer.
        """
        self._server.requests.put(json.dumps(request, allow_nan=False).encode())
        return self._wait(_ANSWER)

    def close(self) -> None:
        self._process.end()
        self._server.close()
        self._profile.cleanup()

    def _wait(self, seconds: float) -> Any:
        deadline = time.monotonic() + seconds
        while True:
            try:
                answer = json.loads(self._server.answers.get(timeout=0.25))
                break
            except queue.Empty as err:
                if not self._process.running:
                    raise self._process.crashed() from err
                if time.monotonic() > deadline:
                    raise RunnerHung(f"{self._name} gave no answer in {seconds:.0f} s{self._said()}") from err
        checked(answer, self._name)
        said = self._said()
        if said:
            raise RunnerCrashed(f"{self._name} warned where it must be silent{said}")
        return answer

    def _said(self) -> str:
        lines = [m.group(1) for m in map(_CONSOLE.search, self._process.log().splitlines()) if m]
        lines = [line for line in lines if not any(word in line for word in _ABOUT_SPEED)]
        lines += [f"{path} was asked for and is not there" for path in self._server.missed]
        return ": " + "; ".join(lines)[:1500] if lines else ""


class Mailbox:
    """A loopback server: files under named folders, `GET /driver/next` for requests, `POST /driver/answer`."""

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
        self._send(204, b"", "text/plain")

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
