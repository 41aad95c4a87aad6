"""Errors of the runtime that travels. `isoship.errors` continues this tree for the export tool.

IsoshipError
├── BundleError        a bundle is missing, damaged, of a newer format, or not ours
│   └── DamagedFile    one of its files is not the one that was exported
├── InputError         a row or a tensor that the model's input contract refuses
├── InferenceError     ONNX Runtime failed on inputs that the contract accepts
└── RuntimeMissing     ONNX Runtime (or its C library) is not there or does not load
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any


class IsoshipError(Exception):
    """Base of every error that isoship raises on purpose."""


class BundleError(IsoshipError):
    """A bundle is missing, damaged, of a newer format, or not ours."""


class DamagedFile(BundleError):
    """A file of a bundle is not the one that was exported."""


class InputError(IsoshipError):
    """What the input contract refuses: which row and column, or which input and where in it, what was seen, what was
    expected.
    """

    def __init__(
        self,
        message: str,
        *,
        row: int | None = None,
        column: str | None = None,
        input: str | None = None,
        index: list[int] | None = None,
        seen: Any = None,
        expected: str | None = None,
    ) -> None:
        super().__init__(message)
        self.row = row
        self.column = column
        self.input = input
        self.index = index
        self.seen = seen
        self.expected = expected


class InferenceError(IsoshipError):
    """ONNX Runtime failed on inputs that the contract accepts: a fault of the bundle or of the machine."""


class RuntimeMissing(IsoshipError):
    """ONNX Runtime, or its C library, is not there or does not load."""
