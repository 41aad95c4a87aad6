"""The rows on which a model and its graph are compared, by kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from isoship.sources.contract import Row
from isoship_edge.manifest import Column, Signature

_FLOAT32 = float(np.finfo(np.float32).max)
#: Zeros, denormals of both widths, LightGBM's zero, halves, and magnitudes up to the end of either width.
_SPECIAL = (
    0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1e-310, 1.401298464324817e-45, 1e-40, 1.0000000180025095e-35,
    1e-300, 0.5, 1.0, -1.0, 1e6, -1e6, 16777217.0, 9007199254740993.0, 1e10, 1e16, -1e16, 1e30, 1e38,
    _FLOAT32, -_FLOAT32, 3.4028235677973362e38, 3.4028235677973366e38, 3.402823567797337e38, 1e39, -1e39,
    1e100, 1e154, 1e200, -1e200, 1e300,
    1.7976931348623157e308, -1.7976931348623157e308,
)  # fmt: skip
_WORDS = ("", "unseen", " Oslo", "oslo", "Ærøskøbing ", "東", "🐧🐧", "NA", "nan", "None", "0", "1.0", "é", "é")
#: Midpoints beyond this are thinned evenly.
_MOST_MIDPOINTS = 40
#: Columns changed one by one; the rest of a wider table is left as it is.
_MOST_COLUMNS = 40


def beside(value: float) -> list[float]:
    """A boundary, its float32, and their neighbours."""
    with np.errstate(all="ignore"):
        narrow = np.float32(value)
        wide = float(narrow)
        around = [
            value,
            math.nextafter(value, math.inf),
            math.nextafter(value, -math.inf),
            wide,
            math.nextafter(wide, math.inf),
            math.nextafter(wide, -math.inf),
            float(np.nextafter(narrow, np.float32(np.inf))),
            float(np.nextafter(narrow, np.float32(-np.inf))),
        ]
    return [v for v in dict.fromkeys(around) if math.isfinite(v)]


def threshold_rows(
    signature: Signature, training: list[Row], boundaries: dict[int, set[float]], rng: np.random.Generator
) -> list[Row]:
    """Training rows with one column on or beside a boundary."""
    rows: list[Row] = []
    chosen = {column.name for column in _some(signature.columns)}
    for place, values in sorted(boundaries.items()):
        if place >= len(signature.columns) or signature.columns[place].dtype != "double":
            continue
        if signature.columns[place].name not in chosen:
            continue
        name = signature.columns[place].name
        for value in sorted(values):
            bases = training[int(rng.integers(len(training)))], training[int(rng.integers(len(training)))]
            rows += [{**bases[i % 2], name: each} for i, each in enumerate(beside(value))]
    return rows


def midpoint_rows(signature: Signature, training: list[Row], rng: np.random.Generator) -> list[Row]:
    """Training rows with one column between two neighbouring values of the training table, where splits are put."""
    rows: list[Row] = []
    for column in _some(_numbers(signature)):
        values = np.unique([row[column.name] for row in training if row[column.name] is not None])
        middles = (values[1:] + values[:-1]) / 2
        if len(middles) > _MOST_MIDPOINTS:
            middles = middles[np.linspace(0, len(middles) - 1, _MOST_MIDPOINTS).astype(int)]
        for middle in middles.tolist():
            rows.append({**training[int(rng.integers(len(training)))], column.name: middle})
    return rows


def special_rows(signature: Signature, base: Row) -> list[Row]:
    """One column at an odd value, then every number column at it."""
    rows: list[Row] = []
    numbers = _numbers(signature)
    for column in _some(signature.columns):
        rows += [{**base, column.name: value} for value in _odd(column)]
    rows += [{**base, **{column.name: value for column in numbers}} for value in _SPECIAL if numbers]
    return rows


def missing_rows(signature: Signature, bases: list[Row]) -> list[Row]:
    """Each column missing, each pair of neighbours, and all of them."""
    names = [column.name for column in signature.columns if column.dtype in ("double", "string")]
    rows = [{**base, name: None} for name in names for base in bases[:4]]
    rows += [{**bases[0], a: None, b: None} for a, b in pairwise(names)]
    return [*rows, {**bases[0], **dict.fromkeys(names)}] if names else []


def infinity_rows(signature: Signature, bases: list[Row]) -> list[Row]:
    """Each column at both infinities, and all of them."""
    names = [column.name for column in _numbers(signature)]
    rows: list[Row] = []
    for value in (math.inf, -math.inf):
        rows += [{**base, name: value} for name in names for base in bases[:2]]
        rows += [{**bases[0], **dict.fromkeys(names, value)}] if names else []
    return rows


def _some(columns: Sequence[Column]) -> list[Column]:
    """All columns, or so many spread over a wide table."""
    if len(columns) <= _MOST_COLUMNS:
        return list(columns)
    return [columns[i] for i in np.linspace(0, len(columns) - 1, _MOST_COLUMNS).astype(int).tolist()]


def _numbers(signature: Signature) -> list[Column]:
    return [column for column in signature.columns if column.dtype == "double"]


def _odd(column: Column) -> tuple[Any, ...]:
    if column.dtype == "double":
        return _SPECIAL
    if column.dtype == "string":
        return _WORDS
    return (0, -1, 1, 2**31, 2**53) if column.dtype == "int64" else (False, True)
