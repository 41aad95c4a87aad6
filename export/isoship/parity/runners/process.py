"""Processes that runners start: a group of their own, logs on disk, ended whole at close."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import random
import signal
import socket
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from isoship.parity.runners.contract import RunnerCrashed, RunnerHung
from isoship.parity.runners.patience import Patience


class Process:
    """A started program. Its standard error (and output, unless piped) goes to a file that `log` reads."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        name: str,
        pipes: bool = False,
        tether: bool = False,
    ) -> None:
        """pipes: standard input and output are ours. tether: standard input is, and closes when we end, however.

        Raises:
            RunnerCrashed: everything is being ended (`interruptible`).
        """
        self.name = name
        self._log = tempfile.NamedTemporaryFile(prefix="isoship-runner-", suffix=".log")  # noqa: SIM115 - closed in end
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            [str(a) for a in arguments],
            stdin=subprocess.PIPE if pipes or tether else subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipes else self._log,
            stderr=self._log,
            env=dict(environment),
            start_new_session=True,
        )
        _LIVE.add(self)
        if _ENDING.is_set():  # asked now, and not before: whoever sets it then has us among the living, or is seen
            self.end()
            raise RunnerCrashed(f"{name} was not asked: the check was interrupted")

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def log(self) -> str:
        """What it has written so far."""
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")

    def crashed(self, since: int = 0) -> RunnerCrashed:
        """The error that says how it ended, with the end of its log. since: characters of the log that are others'."""
        tail = "\n".join(self.log()[since:].strip().splitlines()[-12:])
        code = self.process.poll()
        ended = f"ended with exit code {code}" if code is not None else "does not answer any more"
        return RunnerCrashed(f"{self.name} {ended}" + (f":\n{tail}" if tail else ""))

    def end(self) -> None:
        """Ends the whole group: asks first, kills after two seconds."""
        _LIVE.discard(self)
        for sign, patience in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
            if not _group_lives(self.process.pid) and not self.running:
                break
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._log.close()


#: What has been started and not ended, and whether nothing may start any more.
_LIVE: weakref.WeakSet[Process] = weakref.WeakSet()
_ENDING = threading.Event()


@contextlib.contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """Gives a function that kills what runs, so that whoever waits for an answer stops waiting and tidies up.

    Until the end of the block nothing else starts: a runner that tries again would be waited for instead.
    """

    def kill_all() -> None:
        _ENDING.set()
        for started in list(_LIVE):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(started.process.pid, signal.SIGKILL)

    try:
        yield kill_all
    finally:
        _ENDING.clear()


class Lines:
    """Conversation in JSON lines with a process that was started with pipes."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._answers: queue.Queue[bytes | None] = queue.Queue()
        assert process.process.stdin is not None
        assert process.process.stdout is not None
        self._stdin: IO[bytes] = process.process.stdin
        threading.Thread(target=self._read, args=(process.process.stdout,), daemon=True).start()

    def ask(self, message: Any, timeout: float) -> Any:
        """Sends one message and waits for its answer.

        Raises:
            RunnerCrashed: the process ended, or did not answer in JSON.
            RunnerHung: no answer in time (`Patience`).
        """
        try:
            self._stdin.write(json.dumps(message, allow_nan=False).encode() + b"\n")
            self._stdin.flush()
        except OSError as err:
            raise self._process.crashed() from err
        return self.receive(timeout)

    def receive(self, timeout: float) -> Any:
        """Waits for the next answer, under the same terms."""
        patience = Patience(self._process.process.pid, timeout)
        while True:
            try:
                line = self._answers.get(timeout=patience.tick)
                break
            except queue.Empty as err:
                if patience.is_over():
                    raise RunnerHung(f"{self._process.name} gave no answer in {patience}") from err
        if line is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.process.wait(2)
            raise self._process.crashed()
        try:
            return json.loads(line)
        except ValueError as err:
            raise RunnerCrashed(f"{self._process.name} answered {line[:200]!r}, which is not JSON") from err

    def _read(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in stream:
                self._answers.put(line)
        self._answers.put(None)


def plain_environment(**more: str) -> dict[str, str]:
    """What a program needs to start, and nothing of the caller's Python or Node settings."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH")
    return {k: os.environ[k] for k in kept if k in os.environ} | {"ORT_DISABLE_TELEMETRY": "1"} | more


def free_port() -> int:
    """A loopback port that nobody holds, of those that no system gives out by itself (32768 and more).

    One of the system's own choice is often taken by another program's next socket before its server has started.

    Raises:
        OSError: none was found.
    """
    for _ in range(100):
        port = random.SystemRandom().randrange(16_384, 32_768)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no loopback port is free")


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
