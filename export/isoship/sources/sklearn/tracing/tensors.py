"""Tensors of a trace: what a function's columns are in the graph, and what numpy holds beside them.

Every traced value is two things: a tensor of the graph under construction, and the value that numpy or pandas computes
of a few rows. numpy and pandas so decide types, shapes and names themselves, and each tensor is held against them
afterwards (`proof`). Tensors are [N, width] always; a one-dimensional array is one of width 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.tracing.stopped import Line, Stopped, users_line
from isoship.sources.sklearn.walk.frame import NUMPY, Block
from isoship_edge.manifest import MISSING_STRING

Array = np.ndarray[Any, Any]

#: The types of numpy that a graph holds, and a block's names of them.
HELD = {np.dtype(np.float64): "double", np.dtype(np.float32): "float", np.dtype(np.int64): "int64",
        np.dtype(np.bool_): "bool"}  # fmt: skip
#: The last node of a number cut to an integer is a Where of this name, by which JavaScript's cast knows that nothing is
#: missing, infinite or beyond the type.
WHOLE = "whole"
_REALS = ("double", "float")


@dataclass(frozen=True)
class Tensor:
    """A tensor of the graph, [N, width]. rounded: its last bits may differ from numpy's.

    block: the columns of the step's input that it is, unchanged. clipped: it is kept from going beyond a constant.
    """

    name: str
    dtype: str
    width: int
    rounded: bool = False
    block: Block | None = None
    clipped: bool = False


@dataclass(frozen=True)
class Made:
    """A tensor, what numpy holds in its place ([N, width]), and the line that made it."""

    tensor: Tensor
    expected: Array
    line: Line | None


@dataclass
class Trace:
    """One run of a function. rows: of how many rows the values beside the tensors are; no other length has this number.
    counted: a tensor of the input, by which a constant for every row knows how many there are.

    jumps: a comparison, a rounding or the like was made: the last bit of a number may change the answer.
    """

    g: GraphBuilder
    rows: int
    counted: Tensor
    made: list[Made] = field(default_factory=list)
    jumps: bool = False
    stopped: Stopped | None = None
    #: How many nodes there were when a line had written its own.
    marks: list[tuple[int, Line | None]] = field(default_factory=list)

    def stop(self, why: str) -> Stopped:
        """The error to raise. The first one counts, whatever the function makes of it."""
        found = Stopped(why, users_line())
        self.stopped = self.stopped or found
        return found

    def jump(self, what: str, *operands: Tensor) -> None:
        """Notes a step from which a last bit makes another answer.

        Raises:
            Stopped: the last bits of an operand may differ from numpy's.
        """
        self.jumps = True
        if any(operand.rounded for operand in operands):
            raise self.stop(
                f"{what} turns on the last bits of numbers that numpy and ONNX Runtime round differently (logarithms,"
                " powers, sines and their like; pandas's sums along rows, whose order + or to_numpy().sum(axis=1) fix),"
                " so rows near its threshold would be answered otherwise"
            )

    def note(self, tensor: Tensor, value: Any) -> Tensor:
        """Remembers what numpy holds in the place of a tensor."""
        expected = np.array(plain_values(value, tensor.dtype)).reshape(self.rows, -1)
        line = users_line()
        self.made.append(Made(tensor, expected, line))
        self.marks.append((len(self.g.nodes), line))
        return tensor

    def constant(self, value: Any, shape: Sequence[int], dtype: str) -> str:
        """The name of a constant, [1, K] or [1, 1], that stands beside results of this shape, [N] or [N, K].

        Raises:
            Stopped: it holds another value for another row.
        """
        wide = np.broadcast_to(np.asarray(value, None if dtype != "string" else object), shape)
        wide = wide.reshape(self.rows, -1)
        if dtype == "string":
            wide = np.array([[_text(each) for each in row] for row in wide.tolist()], object)
        elif wide.dtype.kind not in "fiub":
            raise self.stop(f"it computes with {wide.dtype} beside numbers")
        first = wide[:1]
        if not bool(np.all((wide == first) | ((wide != wide) & (first != first)))):
            raise self.stop(
                "it computes with an array as long as the rows that is not made of their columns, such as a random draw"
                " or a row number"
            )
        if bool(np.all((first == first[:, :1]) | ((first != first) & (first[:, :1] != first[:, :1])))):
            first = first[:, :1]
        return self.g.const(first.astype(str) if dtype == "string" else first.astype(NUMPY[dtype]))

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        """The tensor in another type, as numpy's astype has it.

        Raises:
            Stopped: strings become numbers or the other way about, or the cast turns on rounded last bits.
        """
        if tensor.dtype == dtype:
            return tensor
        if tensor.dtype == "other":
            raise self.stop("it computes with a column of one of pandas's own types, which is handed on only")
        if "string" in (tensor.dtype, dtype):
            raise self.stop(f"it makes {_SAID[dtype]} of {_SAID[tensor.dtype]}, which are written otherwise elsewhere")
        name = tensor.name
        if tensor.dtype in _REALS and dtype in ("int64", "bool"):
            self.jump("the cast to an integer or a boolean", tensor)
            if dtype == "int64":
                name = _whole(self, self.cast(tensor, "double").name)
        return replace(tensor, name=self.g.cast(name, NUMPY[dtype]), dtype=dtype, block=None)

    def side_by_side(self, tensors: Sequence[Tensor], dtype: str) -> Tensor:
        """Tensors of one type and the widths of all."""
        parts = [self.cast(each, dtype) for each in tensors]
        if len(parts) == 1:
            return parts[0]
        name = self.g.op("Concat", *(each.name for each in parts), axis=1)
        return Tensor(name, dtype, sum(each.width for each in parts), any(each.rounded for each in parts))

    def columns(self, tensor: Tensor, places: Sequence[int]) -> Tensor:
        """Columns of a tensor by place."""
        if list(places) == list(range(tensor.width)):
            return tensor
        name = self.g.op("Gather", tensor.name, np.array(places, np.int64), axis=1)
        return replace(tensor, name=name, width=len(places), block=None)

    def choose(self, condition: str, one: str, other: str, dtype: str, seed: str = "") -> str:
        """Where, for booleans too, of which onnxruntime has none."""
        if dtype != "bool":
            return self.g.op("Where", condition, one, other, seed=seed)
        both = self.g.op("And", condition, one)
        return self.g.op("Or", both, self.g.op("And", self.g.op("Not", condition), other))


_SAID = {"double": "numbers", "float": "numbers", "int64": "integers", "bool": "booleans", "string": "strings"}


def _whole(trace: Trace, x: str) -> str:
    """Cut toward zero. What an int64 cannot hold becomes what this machine's processor makes of it, as in numpy.

    Written without a comparison: the ends of int64 are no thresholds of the model (`isoship.rows.structure`).
    """
    g = trace.g
    with np.errstate(invalid="ignore"):
        missing, high, low = np.array([np.nan, 1e300, -1e300]).astype(np.int64).astype(np.float64)
    cut = g.op("Mul", g.op("Sign", x), g.op("Floor", g.op("Abs", x)))
    outside = g.cast(g.op("Floor", g.op("Mul", g.op("Abs", x), np.float64(2.0**-63))), np.bool_)
    other = g.const(np.float64(missing))
    if not missing == high == low:
        above = g.cast(g.op("Max", x, np.float64(0)), np.bool_)
        other = g.op("Where", g.op("IsNaN", x), other, g.op("Where", above, np.float64(high), np.float64(low)))
    return g.op("Where", outside, other, cut, seed=WHOLE)


def held(trace: Trace, dtype: Any, what: str = "numpy computes it") -> str:
    """A block's name of a type of numpy's or pandas's.

    Raises:
        Stopped: a graph holds no such type exactly.
    """
    found = HELD.get(dtype) if isinstance(dtype, np.dtype) else None
    if found is None:
        raise trace.stop(f"{what} in the type {dtype}; float64, float32, int64 and bool can be followed")
    return found


def plain_values(value: Any, dtype: str) -> Any:
    """A value of numpy's or pandas's as an array; missing strings as graphs have them."""
    array = value.to_numpy() if hasattr(value, "to_numpy") else np.asarray(value)
    if dtype != "string":
        return array
    texts = np.array([_text(each) for each in array.ravel().tolist()], object)
    return texts.reshape(array.shape)


def _text(value: Any) -> str:
    missing = value is None or value != value or type(value).__name__ == "NAType"
    return MISSING_STRING if missing else str(value)
