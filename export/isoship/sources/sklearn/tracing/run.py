"""One run of a step's own code over traced columns."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.tracing.arrays import TracedArray
from isoship.sources.sklearn.tracing.doors import doors
from isoship.sources.sklearn.tracing.stopped import Line, Stopped, first_line, line_of_error
from isoship.sources.sklearn.tracing.tables import TracedTable
from isoship.sources.sklearn.tracing.tensors import HELD, Tensor, Trace
from isoship.sources.sklearn.tracing.watching import watching
from isoship.sources.sklearn.walk.frame import Block, Frame, cast, matrix, split, width_of


class Failed(Exception):
    """The user's code raised an error on these rows. The cause is the error."""

    def __init__(self, line: Line | None, err: Exception) -> None:
        super().__init__(str(err))
        self.line = line


@dataclass(frozen=True)
class Ran:
    """What a run wrote: the step's output as blocks, their tensors, and what numpy or pandas has there."""

    trace: Trace
    frame: Frame
    tensors: tuple[Tensor, ...]
    computed: Any


def blocks_of(table: Any) -> Frame:
    """The blocks that a step's input would be in a graph of its own."""
    if not hasattr(table, "iloc"):
        return (Block("x", _type_of(table.dtype, table.ravel().tolist()), table.shape[1]),)
    columns = (table.iloc[:, i] for i in range(table.shape[1]))
    return tuple(Block(f"x{i}", _type_of(column.dtype, column.tolist()), 1) for i, column in enumerate(columns))


def where_numbers_are_integers(table: Any, frame: Frame) -> frozenset[int]:
    """The columns of integers, by place, that the graph has as numbers."""
    held = [block.dtype for block in frame for _ in range(block.width or 0)]
    dtypes = table.dtypes if hasattr(table, "iloc") else [table.dtype] * table.shape[1]
    if len(held) != table.shape[1]:
        return frozenset()
    return frozenset(i for i, dtype in enumerate(dtypes) if getattr(dtype, "kind", "") == "i" and held[i] == "double")


def _type_of(dtype: Any, values: list[Any]) -> str:
    if isinstance(dtype, np.dtype) and dtype in HELD:
        return HELD[dtype]
    texts = [isinstance(each, str) for each in values]
    return "string" if any(texts) or str(dtype) == "str" else "double"


def run(step: Any, table: Any, g: GraphBuilder, frame: Frame) -> Ran:
    """Runs the step's code on a table of traced columns.

    table: what the step is given, as numpy and pandas hold it. frame: the same columns in the graph.

    Raises:
        Stopped: the code asks for what cannot be followed.
        Failed: it raises an error of its own on these rows.
    """
    counted = next((block for block in split(g, frame) if block.name), None)
    if counted is None or width_of(frame) != table.shape[1]:
        raise Stopped("it is given no columns, or others than the graph has", None)
    trace = Trace(g, len(table), Tensor(counted.name, counted.dtype, 1))
    x = _entered(trace, table, frame)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"), doors(trace, code_of(step)), watching(trace):
            warnings.simplefilter("ignore")
            found = call_of_the_users_function(step, x)
    except Stopped as stopped:
        raise trace.stopped or stopped from None
    except Exception as err:
        if trace.stopped is not None:
            raise trace.stopped from err
        raise Failed(line_of_error(err), err) from err
    if trace.stopped is not None:  # swallowed on the way
        raise trace.stopped
    line = first_line(code_of(step))
    try:
        left = _left(found, line)
    except Stopped as stopped:  # what it returned was written over since
        raise Stopped(stopped.why, stopped.line or line) from None
    return Ran(trace, *left, found.computed)


def call_of_the_users_function(step: Any, x: Any) -> Any:
    """`stopped.BOUNDARY`: what lies above in the stack is whoever exports."""
    if type(step).__name__ == "FunctionTransformer":
        if step.validate:
            from sklearn.utils.validation import validate_data

            x = validate_data(step, x, reset=False, accept_sparse=step.accept_sparse)
        return step.func(x, **(step.kw_args or {}))
    return code_of(step)(step, x)


def code_of(step: Any) -> Any:
    """The function of the user's, without scikit-learn's wrapper that names output columns."""
    if type(step).__name__ == "FunctionTransformer":
        return step.func
    method = type(step).transform
    while getattr(method, "__globals__", {}).get("__name__", "").startswith("sklearn.") and hasattr(
        method, "__wrapped__"
    ):
        method = method.__wrapped__
    return method


def _entered(trace: Trace, table: Any, frame: Frame) -> Any:
    """The step's input as the user's code sees it."""
    if hasattr(table, "iloc"):
        tensors = [_column(trace, block, table.dtypes.iloc[i]) for i, block in enumerate(split(trace.g, frame))]
        return TracedTable(trace, tensors, table, owned=False)
    strings = {block.dtype == "string" for block in frame}
    if len(strings) > 1:
        raise Stopped("it is given an array of strings beside numbers; a DataFrame keeps them apart", None)
    # of Python's own objects, nothing is computed before they are cast
    block = matrix(trace.g, frame, None if True in strings else HELD.get(table.dtype, "double"))
    return TracedArray(trace, Tensor(block.name, block.dtype, table.shape[1]), table, owned=False)


def _column(trace: Trace, block: Block, dtype: Any) -> Tensor:
    kind = HELD.get(dtype) if isinstance(dtype, np.dtype) else None
    if kind is not None and block.name and block.dtype != kind:
        return Tensor(cast(trace.g, block, kind).name, kind, 1)
    plain = kind is not None or str(dtype) in ("str", "object", "category")
    return Tensor(block.name, block.dtype if plain else "other", 1, block=block)


def _left(found: Any, line: Line | None) -> tuple[Frame, tuple[Tensor, ...]]:
    """What the code returned, as blocks."""
    if isinstance(found, TracedTable) and found.tensors:
        return tuple(t.block or Block(t.name, t.dtype, 1) for t in found.tensors), tuple(found.tensors)
    if isinstance(found, TracedArray) and found.ndim == 2:
        t = found.tensor
        return (Block(t.name, t.dtype, t.width),), (t,)
    raise Stopped("what it returns is no table of two dimensions, made of its columns, with a row for each row", line)
