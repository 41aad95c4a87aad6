"""Categories to numbers and back."""

from __future__ import annotations

from isoship_edge.errors import BundleError
from isoship_edge.rows.widths import FINISH, REALS

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from isoship_edge.rows.values import Board, Prepare, Value


def _table(keys: Sequence[Any], values: Sequence[Any]) -> dict[Any, Any]:
    """Key -> value; the first of equal keys wins, and None stands for NaN, which is equal to itself here."""
    pairs = list(zip(keys, values, strict=True))
    return {key if key == key else None: value for key, value in reversed(pairs)}


def _label_encoder(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x = inputs[0]
    values, default = attrs["values"], attrs["default"]
    if values.dtype != default.dtype:
        raise BundleError(f"its values are {values.dtype}, and its default is {default.dtype}")
    table, otherwise = _table(attrs["keys"].data, values.data), default.data[0]
    out = board.value(values.dtype, x.shape)
    p, o, found = x.place, out.place, table.get

    def run(v: list[Any]) -> None:
        v[o] = [found(x if x == x else None, otherwise) for x in v[p]]

    board.runs.append(run)
    return [out]


def _one_hot_encoder(board: Board, inputs: list[Value], attrs: Mapping[str, Any], _count: int) -> list[Value]:
    x, keys = inputs[0], attrs["keys"].data
    width = len(keys)
    zero, one = FINISH[attrs["to"]]((0.0, 1.0) if attrs["to"] in REALS else (0, 1))
    out = board.value(attrs["to"], (*x.shape, width))
    p, o, size, found = x.place, out.place, out.size, _table(keys, range(width)).get

    def run(v: list[Any]) -> None:
        made = [zero] * size
        for i, value in enumerate(v[p]):
            place = found(value if value == value else None)
            if place is not None:
                made[i * width + place] = one
        v[o] = made

    board.runs.append(run)
    return [out]


PREPARE: dict[str, Prepare] = {"ml.LabelEncoder": _label_encoder, "ml.OneHotEncoder": _one_hot_encoder}
