"""Matrix products. Sums run in order of the inner index; float products and sums are rounded at each step.

`sum` and `math.sumprod` are not used anywhere in the row program: since Python 3.12 they compensate for rounding, and
the answer would hang on Python's version.
"""

from __future__ import annotations

from operator import add

from isoship_edge.errors import BundleError
from isoship_edge.rows.elementwise import each, spread_to, zipped
from isoship_edge.rows.values import broadcast, size_of, spread
from isoship_edge.rows.widths import single

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Value

    Lines = list[list[float]]


def _dot(xs: Sequence[float], ys: Sequence[float]) -> float:
    total = 0.0
    for x, y in zip(xs, ys, strict=True):
        total += x * y
    return total


def _dot_single(xs: Sequence[float], ys: Sequence[float]) -> float:
    total = 0.0
    for x, y in zip(xs, ys, strict=True):
        total = single(total + single(x * y))
    return total


def _rows(shape: Sequence[int]) -> list[slice]:
    """Where the rows of a matrix lie in its flat data."""
    m, n = shape
    return [slice(i * n, (i + 1) * n) for i in range(m)]


def _columns(shape: Sequence[int]) -> list[slice]:
    m, n = shape
    return [slice(j, m * n, n) for j in range(n)]


def _lines(x: Value, places: list[slice]) -> Callable[[list[Any]], Lines]:
    """What gives the rows or columns of a matrix; made once where they are constants."""
    p = x.place
    if x.data is not None:
        kept = [list(x.data[place]) for place in places]
        return lambda _v: kept

    def lines(v: list[Any]) -> Lines:
        data = v[p]
        return [data[place] for place in places]

    return lines


def _product(
    board: Board, a: Value, b: Value, rows: list[slice], columns: list[slice], inner: int, shape: Sequence[int]
) -> Value:
    """Every row of a with every column of b."""
    board.multiplied(len(rows) * len(columns) * inner)
    out = board.value(a.dtype, shape)
    left, right, o = _lines(a, rows), _lines(b, columns), out.place
    dot = _dot_single if a.dtype == "float" else _dot

    def run(v: list[Any]) -> None:
        ys = right(v)
        v[o] = [dot(x, y) for x in left(v) for y in ys]

    board.runs.append(run)
    return out


def _mat_mul(board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
    a, b = inputs
    wide_a = (1, *a.shape) if len(a.shape) == 1 else a.shape
    wide_b = (*b.shape, 1) if len(b.shape) == 1 else b.shape
    inner = wide_a[-1]
    if inner != wide_b[-2]:
        raise BundleError(f"MatMul of {list(a.shape)} and {list(b.shape)}")
    batch = broadcast(wide_a[:-2], wide_b[:-2])
    shape = [*batch, *a.shape[-2:-1], *(b.shape[-1:] if len(b.shape) > 1 else ())]
    if size_of(wide_b[:-2]) == 1:  # every row of a with the one matrix b
        rows = _rows((size_of(wide_a[:-1]), inner))
        return [_product(board, a, b, rows, _columns(wide_b[-2:]), inner, shape)]
    return [_batched(board, (a, wide_a), (b, wide_b), batch, shape)]


def _batched(
    board: Board,
    a: tuple[Value, Sequence[int]],
    b: tuple[Value, Sequence[int]],
    batch: Sequence[int],
    shape: Sequence[int],
) -> Value:
    """Matrix by matrix. a, b: each with its shape, which has both axes of a matrix."""
    parts = []
    for _, wide in (a, b):
        size = wide[-2] * wide[-1]
        places = spread(wide[:-2], batch) or range(size_of(batch))
        parts.append([slice(place * size, (place + 1) * size) for place in places])
    rows, columns = _rows(a[1][-2:]), _columns(b[1][-2:])
    board.multiplied(size_of(batch) * len(rows) * len(columns) * a[1][-1])
    out = board.value(a[0].dtype, shape)
    p, q, o = a[0].place, b[0].place, out.place
    dot = _dot_single if a[0].dtype == "float" else _dot

    def run(v: list[Any]) -> None:
        left, right, made = v[p], v[q], []
        for of_left, of_right in zip(*parts, strict=True):
            xs, ys = left[of_left], right[of_right]
            lines = [ys[column] for column in columns]
            made += [dot(xs[row], line) for row in rows for line in lines]
        v[o] = made

    board.runs.append(run)
    return out


def _gemm(board: Board, inputs: list[Any], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    a, b, c = [*inputs, None][:3]
    alpha, beta = attrs["alpha"], attrs["beta"]
    rows, inner = (_columns(a.shape), a.shape[0]) if attrs["transA"] else (_rows(a.shape), a.shape[1])
    columns, other = (_rows(b.shape), b.shape[1]) if attrs["transB"] else (_columns(b.shape), b.shape[0])
    if inner != other:
        raise BundleError(f"Gemm of {list(a.shape)} and {list(b.shape)}")
    shape = (len(rows), len(columns))
    made = _product(board, a, b, rows, columns, inner, shape)
    if alpha != 1:
        made = each(board, made, lambda x: alpha * x, a.dtype)
    if c is None:
        return [made]
    if beta != 1:
        c = each(board, c, lambda x: beta * x, a.dtype)
    return [zipped(board, made, spread_to(board, c, shape), add, a.dtype)]


PREPARE: dict[str, Prepare] = {"MatMul": _mat_mul, "Gemm": _gemm}
