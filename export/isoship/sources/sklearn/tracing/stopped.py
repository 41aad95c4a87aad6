"""Where tracing stops: why, and the line of the user's own code."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Collection
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

#: Roots of modules whose lines say nothing to the user: the line that called into them does.
LIBRARIES = sys.stdlib_module_names | {"isoship", "numpy", "pandas", "sklearn", "scipy", "joblib", "threadpoolctl"}
_NOT_OF_PYTHON = LIBRARIES - sys.stdlib_module_names - {"isoship"}
#: The function that calls the user's: what lies above it is whoever exports.
BOUNDARY = "call_of_the_users_function"


class Line(NamedTuple):
    """A line of the user's code."""

    file: str
    number: int
    text: str

    def __str__(self) -> str:
        said = f" ({self.text!r})" if self.text else ""
        here = Path(self.file).is_relative_to(Path.cwd())
        return f"{os.path.relpath(self.file) if here else self.file}, line {self.number}{said}"


class Stopped(BaseException):
    """Tracing stops here. why: what was asked for, and why a graph cannot hold it.

    No Exception: a function that tries one thing and, on an error, another must not take the other way because of this.
    """

    def __init__(self, why: str, line: Line | None) -> None:
        super().__init__(why)
        self.why = why
        self.line = line


def users_line() -> Line | None:
    """The innermost line that is none of a library's, on the way here from the call of the user's function."""
    frame = _users_frame()
    return None if frame is None else line_in(frame.f_code.co_filename, frame.f_lineno)


def is_the_users(frame: FrameType) -> bool:
    """Whether a frame runs code that is none of a library's."""
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] not in LIBRARIES


def asked_by_the_user(*, through_libraries: bool = True) -> bool:
    """Whether what happens now was asked for by the user's function, itself, through Python's own library or another.

    Python's own reading of modules and of lines of code was not.
    """
    not_through = _OF_PYTHON_ITSELF if through_libraries else _OF_PYTHON_ITSELF | _NOT_OF_PYTHON
    return _users_frame(not_through) is not None


def _users_frame(not_through: Collection[str] = ()) -> FrameType | None:
    """The innermost of the user's; None where the user's function is not running, whoever exports."""
    found: FrameType | None = None
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_name != BOUNDARY:
        if found is None:
            if is_the_users(frame):
                found = frame
            name = str(frame.f_globals.get("__name__"))
            if found is None and (name in not_through or name.partition(".")[0] in not_through):
                return None
        frame = frame.f_back
    return None if frame is None else found


_OF_PYTHON_ITSELF = frozenset({"importlib._bootstrap", "importlib._bootstrap_external", "linecache"})


def line_of_error(err: BaseException) -> Line | None:
    """The innermost such line in an error's traceback."""
    found = None
    step = err.__traceback__
    while step is not None:
        if is_the_users(step.tb_frame):
            found = line_in(step.tb_frame.f_code.co_filename, step.tb_lineno)
        step = step.tb_next
    return found


def first_line(function: Any) -> Line | None:
    """Where a function begins; None for one that is not written in Python."""
    code = getattr(function, "__code__", None)
    return None if code is None else line_in(code.co_filename, code.co_firstlineno)


def line_in(file: str, number: int) -> Line:
    """A line with its text, where the file can be read."""
    return Line(file, number, linecache.getline(file, number).strip())
