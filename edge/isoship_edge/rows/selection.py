"""The largest or smallest elements along an axis."""

from __future__ import annotations

from isoship_edge.errors import BundleError
from isoship_edge.rows.values import around, axis_of, known

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Value


def _top_k(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    """Values and places, the first one first; of equals the earlier."""
    x, most = inputs
    axis, count = axis_of(attrs["axis"], len(x.shape)), known(most, "count")[0]
    before, length, after = around(x.shape, axis)
    if not 0 <= count <= length:
        raise BundleError(f"it takes {count} of {length}")
    shape = [*x.shape]
    shape[axis] = count
    best, places = board.value(x.dtype, shape), board.value("int64", shape)
    p, o, q, largest = x.place, best.place, places.place, bool(attrs["largest"])
    stride = length * after

    def run(v: list[Any]) -> None:
        """Raises: ValueError: NaN has no place among numbers, and ONNX Runtime's depends on where it stands."""
        data = v[p]
        found: list[Any] = [None] * (before * count * after)
        order: list[Any] = found[:]
        for outer in range(before):
            for inner in range(after):
                elements = data[outer * stride + inner : (outer + 1) * stride : after]
                if any(element != element for element in elements):
                    raise ValueError("TopK of NaN")
                ranked = sorted(range(length), key=elements.__getitem__, reverse=largest)[:count]
                start = outer * count * after + inner
                stop = start + count * after
                found[start:stop:after] = [elements[place] for place in ranked]
                order[start:stop:after] = ranked
        v[o], v[q] = found, order

    board.runs.append(run)
    return [best, places]


PREPARE: dict[str, Prepare] = {"TopK": _top_k}
