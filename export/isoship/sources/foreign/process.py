"""A library in a process of its own: where it cannot live beside isoship, or must not.

The interpreter may be another environment's, without isoship in it: `in_process.py` is read by path and needs numpy.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from isoship.errors import ConversionError, InputError
from isoship.sources.foreign.in_process import read_message, write_message

#: Seconds for one request of any size.
PATIENCE = 900
_MOST_SAID = 400


class Process:
    """A running program that answers requests, started at the first one.

    program: a Python file with `answer(request, arrays) -> (reply, arrays)`; what it raises is told as text, a
    ValueError as a call that the library refuses.
    python: the interpreter; None is this one. patience: seconds for one request.
    """

    def __init__(self, program: Path, *, library: str, python: str | None = None, patience: float = PATIENCE) -> None:
        self._words = [python or sys.executable, "-P", str(Path(__file__).with_name("in_process.py")), str(program)]
        self._library, self._patience = library, patience
        self._running: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None

    def __call__(
        self, request: dict[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]] | None = None
    ) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
        """One request and its reply.

        Raises:
            InputError: the library refuses the call; the message is its own.
            ConversionError: the program failed, ended, or did not answer in time.
        """
        running = self._started()
        timer = threading.Timer(self._patience, running.kill)
        timer.start()
        try:
            assert running.stdin is not None
            assert running.stdout is not None
            write_message(running.stdin, request, dict(arrays or {}))
            reply, answered = read_message(running.stdout)
        except (OSError, EOFError) as err:
            late = not timer.is_alive()
            happened = f"did not answer within {self._patience:g} s" if late else f"ended: {self._last_words()}"
            self.close()
            raise ConversionError(f"{self._library} in a process of its own {happened}") from err
        finally:
            timer.cancel()
        if "refused" in reply:
            raise InputError(reply["refused"])
        if "failed" in reply:
            raise ConversionError(f"{self._library}: {reply['failed']}")
        return reply, answered

    def close(self) -> None:
        """Ends the process."""
        if self._running is not None:
            self._running.kill()
            self._running.communicate()
        if self._said is not None:
            self._said.close()
        self._running = self._said = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._running is None:
            self._said = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close()
            try:
                self._running = subprocess.Popen(
                    self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said
                )
            except OSError as err:
                self.close()
                raise ConversionError(f"cannot start {self._words[0]}: {err.strerror}") from err
        return self._running

    def _last_words(self) -> str:
        if self._running is not None:
            self._running.kill()
            self._running.wait()
        if self._said is None:
            return "it said nothing"
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "it said nothing")[:_MOST_SAID]
