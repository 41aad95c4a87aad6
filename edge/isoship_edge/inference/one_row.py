"""One row at a time, which is what a function mostly gets: the checks of `decode` in one pass over a row at its best.

What is certain to fit is answered here. For all else (a fault, a value that has to be looked at twice) the answer is
None, and `decode` says what is wrong in the words of the contract.
"""

from __future__ import annotations

import math

from isoship_edge.encoding.decode import LARGEST_INTEGER, MATRIX_INPUT
from isoship_edge.inference.tensor import Tensor
from isoship_edge.manifest import MISSING_STRING, Column, Signature

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

    from isoship_edge.inference.session import Kept, Session

_LARGEST = 1.7976931348623157e308
_ORDER = {"double": 0, "int64": 1, "bool": 2, "string": 3}
_MISSING = MISSING_STRING.encode()


class OneRow:
    """Answers a row with every output. Threads may share it: each row under way has tensors of its own."""

    def __init__(self, signature: Signature, outputs: tuple[str, ...], session: Session) -> None:
        self._session, self._outputs = session, outputs
        columns = signature.columns
        if signature.layout == "matrix":
            self._inputs = [(MATRIX_INPUT, "double", len(columns))]
        else:
            columns = tuple(sorted(columns, key=lambda column: _ORDER[column.dtype]))
            self._inputs = [(column.tensor, column.dtype, 1) for column in columns]
        self._columns = [_prepared(column) for column in columns]
        self._spare: list[Kept] = []

    def __call__(self, row: Any) -> dict[str, Tensor] | None:
        """Raises: InferenceError: ONNX Runtime failed on the row."""
        read = self._read(row)
        if read is None:
            return None
        try:
            kept = self._spare.pop()
        except IndexError:
            made = self._session.keep(self._inputs, self._outputs)
            if made is None:
                return None
            kept = made
        tensors = kept.run(*read)
        self._spare.append(kept)
        return tensors

    def close(self) -> None:
        self._spare.clear()

    def _read(self, row: Any) -> tuple[list[Any], list[bytes]] | None:
        if type(row) is not dict or len(row) != len(self._columns):
            return None
        numbers: list[Any] = []
        texts: list[bytes] = []
        for name, dtype, lowest, highest, missing, categories in self._columns:
            value = row.get(name, row)  # the row itself is no value of a row
            kind = type(value)
            if kind is float or kind is int:
                if dtype == "int64" and kind is float:
                    if not value.is_integer():
                        return None
                    value = int(value)
                if dtype not in ("double", "int64") or not lowest <= value <= highest:
                    return None
                if categories is not None and value not in categories:
                    return None
                numbers.append(value)
            elif kind is str:
                if dtype != "string" or (categories is not None and value not in categories):
                    return None
                try:
                    text = value.encode()
                except UnicodeEncodeError:
                    return None
                if b"\0" in text or _MISSING in text:
                    return None
                texts.append(text)
            elif kind is bool:
                if dtype != "bool" or (categories is not None and value not in categories):
                    return None
                numbers.append(value)
            elif value is None and missing and dtype == "double":
                numbers.append(math.nan)
            elif value is None and missing and dtype == "string":
                texts.append(_MISSING)
            else:
                return None
        return numbers, texts


def _prepared(column: Column) -> tuple[str, str, float, float, bool, frozenset[Any] | None]:
    """What `_read` needs of a column. Its ends leave out the infinities, which are `decode`'s to decide."""
    largest = LARGEST_INTEGER if column.dtype == "int64" else _LARGEST
    lowest, highest = max(-largest, column.lowest), min(largest, column.highest)
    categories = None if column.categories is None else frozenset(column.categories)
    return column.name, column.dtype, lowest, highest, column.missing, categories
