"""What a function looks at beside its rows: clocks, the environment, files, other processes, chance.

Their answers would become constants of the graph. Python tells which functions are called (`sys.setprofile`) and what
the operating system is asked for (audit events, PEP 578). The clocks of numpy and pandas say nothing of themselves, so
code that was run and names one of them is refused as it is written.
"""

from __future__ import annotations

import dis
import gc
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from isoship.sources.sklearn.tracing.stopped import Stopped, asked_by_the_user, is_the_users, line_in
from isoship.sources.sklearn.tracing.tensors import Trace

_CLOCK = "it asks the clock, whose answer would be that of the export for ever"
_ENVIRONMENT = "it reads the environment of the machine that exports"
_FILE = "it reads or writes a file, which a bundle does not hold"
_ELSEWHERE = "it asks another process, a network or a C library, which a bundle does not hold"
_CHANCE = "it draws at random, and a graph answers a row in one way"

#: Functions in C that the user's own code calls: a logger's or a library's look at the clock changes no answer.
_IN_C = {
    **{getattr(time, name): _CLOCK for name in
       ("time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "localtime", "gmtime",
        "ctime", "strftime")},
    hash: "it asks for a hash, which is another one in another process",
    id: "it asks where Python keeps a thing, which is another place in another process",
}  # fmt: skip
#: The same wherever they are called in its name.
_IN_C_BELOW = {os.urandom: _CHANCE, os.stat: _FILE}
#: The user's own look; pandas has settings there, too.
_IN_PYTHON = {
    function.__code__: _ENVIRONMENT
    for function in (type(os.environ).__getitem__, type(os.environ).__iter__, type(os.environ).__len__)
}
_EVENTS = {
    "open": _FILE,
    "os.listdir": _FILE,
    "os.scandir": _FILE,
    "builtins.input": "it asks who runs it",
    **dict.fromkeys(
        ("ctypes.dlopen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "socket.__new__", "socket.gethostname",
         "sqlite3.connect", "subprocess.Popen"),
        _ELSEWHERE,
    ),
}  # fmt: skip

_NOW = frozenset({"now", "today", "utcnow"})
#: What makes a date of the strings "now" and "today".
_DATES = frozenset({"datetime64", "Timestamp", "to_datetime", "Period", "DatetimeIndex"})

#: The traces that run, by thread. An audit hook stays for ever, so there is one for all.
_WATCHED: dict[int, Trace] = {}
_HOOKED: list[bool] = []


@contextmanager
def watching(trace: Trace) -> Iterator[None]:
    """Stops the trace where the function looks at something else than its rows.

    Raises:
        Stopped: at the end, where code that was run names a clock.
    """
    if not _HOOKED:
        sys.addaudithook(_heard)
        _HOOKED.append(True)
    run: dict[CodeType, str] = {}
    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()  # what others have called at a collection would seem to be called by the function
    _WATCHED[threading.get_ident()] = trace
    sys.setprofile(_listener(trace, run))
    try:
        yield
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()
        del _WATCHED[threading.get_ident()]
    for code, file in run.items():
        at = _names_a_clock(code)
        if at is not None and trace.stopped is None:
            trace.stopped = Stopped(_CLOCK, line_in(file, at))


def _heard(event: str, _: Any) -> None:
    if not _WATCHED or event not in _EVENTS:
        return
    trace = _WATCHED.get(threading.get_ident())
    if trace is not None and trace.stopped is None and asked_by_the_user():
        raise trace.stop(_EVENTS[event])


def _listener(trace: Trace, run: dict[CodeType, str]) -> Any:
    """For `sys.setprofile`. run: is filled with the user's code that was run."""

    def listen(frame: FrameType, event: str, called: Any) -> None:
        why = None
        if event == "call":
            if is_the_users(frame):
                run[frame.f_code] = frame.f_code.co_filename
            elif frame.f_code in _IN_PYTHON and asked_by_the_user(through_libraries=False):
                why = _IN_PYTHON[frame.f_code]
        elif event == "c_call":
            why = _of_c(frame, called)
        if why is not None and trace.stopped is None:
            raise trace.stop(why)

    return listen


def _of_c(frame: FrameType, called: Any) -> str | None:
    try:
        why, below = _IN_C.get(called), _IN_C_BELOW.get(called)
    except TypeError:  # what has no hash is none of them
        return None
    if why is not None and is_the_users(frame):
        return why
    if below is not None and asked_by_the_user():
        return below
    name, of = getattr(called, "__name__", ""), getattr(called, "__self__", None)
    clock = name in _NOW and isinstance(of, type) and of.__module__ == "datetime"
    return _CLOCK if clock and is_the_users(frame) else None


def _names_a_clock(code: CodeType) -> int | None:
    """The line on which code asks something for `now` or `today`."""
    dates = not _DATES.isdisjoint(code.co_names)
    line = code.co_firstlineno
    for step in dis.get_instructions(code):
        line = step.positions.lineno if step.positions and step.positions.lineno else line
        if step.opname in ("LOAD_ATTR", "LOAD_METHOD") and step.argval in _NOW:
            return line
        if dates and step.opname == "LOAD_CONST" and step.argval in ("now", "today"):
            return line
    return None
