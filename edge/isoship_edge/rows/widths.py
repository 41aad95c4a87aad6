"""The widths of numbers: float32 by rounding, int64 and int32 by wrapping around, as ONNX Runtime has them."""

from __future__ import annotations

from array import array

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    #: Turns the results of a step into its flat data, in the width of its dtype.
    Finish = Callable[[Iterable[Any]], list[Any]]


def rounded(values: Iterable[float]) -> list[float]:
    """Each number as the nearest float32; beyond the largest it is infinite."""
    return array("f", values).tolist()


def single(x: float) -> float:
    """One number as the nearest float32."""
    return array("f", (x,))[0]


def long(values: Iterable[int]) -> list[int]:
    """int64."""
    return [(x + 0x8000000000000000 & 0xFFFFFFFFFFFFFFFF) - 0x8000000000000000 for x in values]


def short(values: Iterable[int]) -> list[int]:
    """int32."""
    return [(x + 0x80000000 & 0xFFFFFFFF) - 0x80000000 for x in values]


#: What ends a step of each dtype.
FINISH: dict[str, Finish] = {
    "double": list, "float": rounded, "int64": long, "int32": short, "bool": list, "string": list
}  # fmt: skip
REALS = ("double", "float")
