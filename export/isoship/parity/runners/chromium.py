"""A real browser as a runtime: headless Chromium, a page of ours that fetches requests and posts answers.

A browser costs more processor time to start than most models to ask. While `browsers_kept` is open, a runtime that
ended in good health hands its browser on: the page of the next one replaces its page, from another origin.
"""

from __future__ import annotations

import contextlib
import json
import queue
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isoship.errors import RunnerUnavailable
from isoship.parity.runners.contract import RunnerCrashed, RunnerHung
from isoship.parity.runners.mailbox import Mailbox
from isoship.parity.runners.node import DRIVERS, checked
from isoship.parity.runners.patience import Patience
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
#: WebGPU on the processor: Chromium's own software adapter.
_WEBGPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
#: Nothing is said over the debugging pipe: Chromium ends when it closes, and it closes with us, even if we are killed.
_TETHERED = ("/bin/sh", "-c", 'exec "$@" 3<&0 4>/dev/null', "sh")
_START, _ANSWER = 90.0, 300.0
#: How long a page that was left by another runtime may take to become the next one.
_MOVE = 20.0
#: Whatever reaches the console. Chromium's log gives every message the level INFO, the browser's own complaints about
#: WebGL included; page.mjs silences `console.log` and its kin, so what is left is a warning or an error.
_CONSOLE = re.compile(r":CONSOLE[:(]\d+\)?\] (.*)")
_SOURCE = re.compile(r"source: http://127\.0\.0\.1:(\d+)/")
#: A software GPU is slow and says so whenever a result is read; that is no word about the result.
_ABOUT_SPEED = ("GPU stall due to ReadPixels", "GL Driver Message (OpenGL, Performance")


class ChromiumDriver:
    """One page that answers requests. folders: the first part of a path -> the folder served under it."""

    def __init__(self, name: str, mode: str, backend: str, folders: dict[str, Path]) -> None:
        self._program = _program()
        if self._program is None:
            raise RunnerUnavailable("Chromium is not on PATH: apt-get install chromium")
        self._name = name
        self._folders = {"driver": DRIVERS, **folders}
        self._page = f"driver/page.html?mode={mode}&backend={backend}"
        kept = _KEPT.taken()
        if kept is not None:
            # what one runtime did to its page must not count against the next: only a new browser is believed
            with contextlib.suppress(Exception):
                self._open(kept, _MOVE)
                return
        self._open(None, _START)

    def ask(self, request: Any) -> Any:
        """The answer to one request.

        Raises:
            RunnerCrashed: the browser ended, the page threw, or its console holds a warning. RunnerHung: no answer.
        """
        self._server.requests.put(json.dumps(request, allow_nan=False).encode())
        return self._wait(_ANSWER)

    def close(self) -> None:
        """Ends the browser, or leaves it to the next driver with its page still asking for requests."""
        self._browser.leave(self._server)
        if not (self._healthy and _KEPT.given(self._browser)):
            self._browser.end()

    def _open(self, kept: _Browser | None, patience: float) -> None:
        self._server = Mailbox(self._folders)
        url = f"http://127.0.0.1:{self._server.port}/{self._page}"
        try:
            if kept is not None:
                kept.go(url)
            self._browser = kept or _Browser(str(self._program), url)
        except BaseException:
            self._server.close()
            raise
        self._browser.process.name = f"{self._name} (Chromium)"
        self._healthy = True
        try:
            answer = self._wait(patience)
            if "stamp" not in answer:
                raise RunnerCrashed(f"{self._name} did not start: {answer['error']['message']}")
            self.stamp: dict[str, str] = answer["stamp"]
        except BaseException:
            self._healthy = False
            self.close()
            raise

    def _wait(self, seconds: float) -> Any:
        healthy, self._healthy = self._healthy, False
        patience = Patience(self._browser.process.process.pid, seconds)
        while True:
            try:
                answer = json.loads(self._server.answers.get(timeout=min(0.25, patience.tick)))
                break
            except queue.Empty as err:
                if not self._browser.process.running:
                    raise self._browser.crashed() from err
                if patience.is_over():
                    raise RunnerHung(f"{self._name} gave no answer in {patience}{self._said()}") from err
        checked(answer, self._name)
        said = self._said()
        if said:
            raise RunnerCrashed(f"{self._name} warned where it must be silent{said}")
        self._healthy = healthy
        return answer

    def _said(self) -> str:
        printed = [m.group(1) for m in map(_CONSOLE.search, self._browser.log().splitlines()) if m]
        lines = [s for s in printed if self._ours(s) and not any(word in s for word in _ABOUT_SPEED)]
        lines += [f"{path} was asked for and is not there" for path in self._server.missed]
        return ": " + "; ".join(lines)[:1500] if lines else ""

    def _ours(self, line: str) -> bool:
        """Not the late words of the page that was here before."""
        source = _SOURCE.search(line)
        return source is None or int(source.group(1)) == self._server.port


class _Browser:
    """A Chromium with a profile of its own and one page."""

    def __init__(self, program: str, url: str) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="isoship-chromium-", ignore_cleanup_errors=True)
        self._left: Mailbox | None = None
        self._read = 0
        self.process = Process(
            [*_TETHERED, program, *_FLAGS, *_WEBGPU, f"--user-data-dir={self._profile.name}", url],
            environment=plain_environment(HOME=self._profile.name, **_temporary(self._profile.name)),
            name="Chromium",
            tether=True,
        )

    def log(self) -> str:
        """What Chromium has written since this page was sent for."""
        return self.process.log()[self._read :]

    def crashed(self) -> RunnerCrashed:
        return self.process.crashed(self._read)

    def leave(self, server: Mailbox) -> None:
        """The page's own server, which it asks until it is sent on; the server of the page before is closed."""
        if self._left is not None:
            self._left.close()
        self._left = server

    def go(self, url: str) -> None:
        """Sends the page that waits at the server it was left with to another address."""
        assert self._left is not None
        self._read = len(self.process.log())
        self._left.requests.put(json.dumps({"goto": url}).encode())

    def end(self) -> None:
        self.process.end()
        if self._left is not None:
            self._left.close()
        self._profile.cleanup()


def _program() -> str | None:
    return next((path for path in map(shutil.which, PROGRAMS) if path), None)


def _temporary(profile: str) -> dict[str, str]:
    """Chromium leaves its lock behind in the temporary folder when it is ended: into the profile with it.

    The lock is a socket, whose path may take about a hundred characters, half of them its own name.
    """
    return {"TMPDIR": profile} if len(profile) <= 50 else {}


class _Kept:
    """Browsers without work, as long as somebody wants them kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = 0
        self._idle: list[_Browser] = []

    def taken(self) -> _Browser | None:
        with self._lock:
            found = next((b for b in self._idle if b.process.running), None)
            if found is not None:
                self._idle.remove(found)
            return found

    def given(self, browser: _Browser) -> bool:
        with self._lock:
            if self._wanted and browser.process.running:
                self._idle.append(browser)
                return True
            return False

    @contextlib.contextmanager
    def open(self, ahead: int = 0) -> Iterator[None]:
        """ahead: so many browsers start now, beside whatever else there is to do first."""
        with self._lock:
            self._wanted += 1
        try:
            for _ in range(ahead):
                with contextlib.suppress(OSError):  # for a driver to meet again, and to say
                    self._start()
            yield
        finally:
            with self._lock:
                self._wanted -= 1
                ended, self._idle = (self._idle, []) if not self._wanted else ([], self._idle)
            for browser in ended:
                browser.end()

    def _start(self) -> None:
        program = _program()
        if program is None:
            return
        lobby = Mailbox({"driver": DRIVERS})
        try:
            browser = _Browser(program, f"http://127.0.0.1:{lobby.port}/driver/page.html?mode=lobby")
        except BaseException:
            lobby.close()
            raise
        browser.leave(lobby)
        if not self.given(browser):
            browser.end()


_KEPT = _Kept()
#: Within this block, a driver's browser serves the next driver as well; at its end every idle one is ended.
browsers_kept = _KEPT.open
