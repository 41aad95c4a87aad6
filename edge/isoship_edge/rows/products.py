"""Matrix products. Sums run in order of the inner index; float products and sums are rounded at each step.

`sum` and `math.sumprod` are not used anywhere in the row program: since Python 3.12 they compensate for rounding, and
the answer would hang on Python's version.
"""

from __future__ import annotations

from isoship_edge.errors import BundleError
from isoship_edge.rows.values import broadcast, size_of, spread, strides_of, walked
from isoship_edge.rows.widths import rounded, single

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Value

    Dot = Callable[[Sequence[float], Sequence[float]], float]


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


def _lines(x: Value, places: list[list[int]]) -> Callable[[list[Any]], list[list[float]]]:
    """What gives the rows or columns of a matrix; made once where they are constants."""
    p = x.place
    if x.data is not None:
        kept = [[x.data[i] for i in line] for line in places]
        return lambda _v: kept

    def lines(v: list[Any]) -> list[list[float]]:
        data = v[p]
        return [[data[i] for i in line] for line in places]

    return lines


def _product(
    board: Board, a: Value, b: Value, rows: list[list[int]], columns: list[list[int]], shape: Sequence[int]
) -> Value:
    """Every row of a with every column of b; both by the places of their elements."""
    out = board.value(a.dtype, shape)
    left, right, o = _lines(a, rows), _lines(b, columns), out.place
    dot: Dot = _dot_single if a.dtype == "float" else _dot

    def run(v: list[Any]) -> None:
        ys = right(v)
        v[o] = [dot(x, y) for x in left(v) for y in ys]

    board.runs.append(run)
    return out


def _matrix(x: Value, transposed: bool = False) -> tuple[int, int, list[list[int]], list[list[int]]]:
    """Rows, columns, and the places of each row's and of each column's elements, of a matrix or its transpose."""
    m, n = x.shape
    rows = [list(range(i * n, (i + 1) * n)) for i in range(m)]
    columns = [list(range(j, m * n, n)) for j in range(n)]
    return (n, m, columns, rows) if transposed else (m, n, rows, columns)


def _mat_mul(board: Board, inputs: list[Value], _attrs: Mapping[str, Any], _count: int) -> list[Value]:
    a, b = inputs
    wide_a = a.as_shape((1, *a.shape)) if len(a.shape) == 1 else a
    wide_b = b.as_shape((*b.shape, 1)) if len(b.shape) == 1 else b
    if wide_a.shape[-1] != wide_b.shape[-2]:
        raise BundleError(f"MatMul of {list(a.shape)} and {list(b.shape)}")
    batch = broadcast(wide_a.shape[:-2], wide_b.shape[:-2])
    shape = [*batch, *a.shape[-2:-1], *(b.shape[-1:] if len(b.shape) > 1 else ())]
    if size_of(wide_b.shape[:-2]) == 1:  # every row of a with the one matrix b
        k = wide_a.shape[-1]
        rows = [list(range(i * k, (i + 1) * k)) for i in range(size_of(wide_a.shape[:-1]))]
        _, _, _, columns = _matrix(wide_b.as_shape(wide_b.shape[-2:]))
        return [_product(board, a, b, rows, columns, shape)]
    return [_batched(board, wide_a, wide_b, batch, shape)]


def _batched(board: Board, a: Value, b: Value, batch: Sequence[int], shape: Sequence[int]) -> Value:
    starts = []
    for x in (a, b):
        heads = x.shape[:-2]
        places = spread(heads, batch) or list(range(size_of(batch)))
        starts.append([place * x.shape[-2] * x.shape[-1] for place in places])
    _, _, rows, _ = _matrix(a.as_shape(a.shape[-2:]))
    _, _, _, columns = _matrix(b.as_shape(b.shape[-2:]))
    out = board.value(a.dtype, shape)
    p, q, o = a.place, b.place, out.place
    dot: Dot = _dot_single if a.dtype == "float" else _dot

    def run(v: list[Any]) -> None:
        left, right, made = v[p], v[q], []
        for s, t in zip(*starts, strict=True):
            xs = [[left[s + i] for i in row] for row in rows]
            ys = [[right[t + i] for i in column] for column in columns]
            made += [dot(x, y) for x in xs for y in ys]
        v[o] = made

    board.runs.append(run)
    return out


def _gemm(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    a, b, c = [*inputs, None][:3]
    assert a is not None
    assert b is not None
    m, k, rows, _ = _matrix(a, bool(attrs["transA"]))
    other, n, _, columns = _matrix(b, bool(attrs["transB"]))
    if k != other:
        raise BundleError(f"Gemm of {list(a.shape)} and {list(b.shape)}")
    made = _product(board, a, b, rows, columns, (m, n))
    alpha, beta = attrs["alpha"], attrs["beta"]
    if c is None and alpha == 1:
        return [made]
    out = board.value(a.dtype, (m, n))
    finish: Callable[[Any], list[float]] = rounded if a.dtype == "float" else list
    p, o = made.place, out.place
    q = None if c is None else c.place
    order = [] if c is None else walked((m, n), _steps(c.shape, (m, n)))

    def run(v: list[Any]) -> None:
        scaled = v[p] if alpha == 1 else finish(alpha * x for x in v[p])
        if q is None:
            v[o] = scaled
            return
        terms = [v[q][i] for i in order]
        terms = terms if beta == 1 else finish(beta * x for x in terms)
        v[o] = finish(x + y for x, y in zip(scaled, terms, strict=True))

    board.runs.append(run)
    return [out]


def _steps(shape: Sequence[int], wider: Sequence[int]) -> list[int]:
    steps = [0 if length == 1 else stride for length, stride in zip(shape, strides_of(shape), strict=True)]
    return [0] * (len(wider) - len(shape)) + steps


PREPARE: dict[str, Prepare] = {"MatMul": _mat_mul, "Gemm": _gemm}
