"""Category lookup: from values to int64 codes, one table for every column of a block.

    strings [N, F] -> ml.LabelEncoder (the union of all categories) -> Add (F * U offsets) -> Gather (codes) [N, F]
    numbers [N, F] -> Unsqueeze -> Equal (categories [1, F, K]) -> Where (codes, lowest) -> ReduceMax [N, F]
    numbers of many categories [N, 1] -> ml.LabelEncoder -> Cast int64 [N, 1]

A category unknown to its column gets that column's `unknown` code; NaN and the missing string are looked up like any
other category.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import numpy_helper

from isoship.sources.sklearn.converters.impute.simple import is_missing
from isoship.sources.sklearn.truth.last_bits import rounded_by
from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.frame import Block, Frame, cast, join, matrix, split, take
from isoship_edge.manifest import MISSING_STRING

#: A shared table has a cell for every (column, category of any column); past this many, columns get their own.
_SHARED_CELLS = 65536
#: A column of numbers with more categories than this gets a hash table.
_COMPARED = 64


@dataclass(frozen=True)
class Lookup:
    """The codes of one column: `codes[i]` is that of `categories[i]`."""

    categories: tuple[Any, ...]
    codes: tuple[int, ...]
    unknown: int


def write_codes(c: Carrier, estimator: Any, frame: Frame, lookups: Sequence[Lookup]) -> Block:
    """Adds the lookup of every column of the frame: int64 [N, F].

    Raises:
        UnsupportedModelError: a column's categories are not of the column's type.
    """
    dtypes = [block.dtype for block in frame for _ in range(block.width or 0)]
    texts = [_is_text(c, estimator, dtype, lookup) for dtype, lookup in zip(dtypes, lookups, strict=True)]
    if False in texts and (before := rounded_by(c)):
        raise c.unsupported(
            estimator,
            f"its categories are numbers, and {before} before it gives them with other last bits",
            "Encode the columns before that step, and train again",
        )
    coded: list[Block] = []
    order: list[int] = []
    many = [not text and len(t.categories) > _COMPARED for text, t in zip(texts, lookups, strict=True)]
    kinds = list(zip(texts, many, strict=True))
    ways = (((True, False), _string_codes), ((False, False), _number_codes), ((False, True), _many_number_codes))
    for kind, write in ways:
        places = [i for i, each in enumerate(kinds) if each == kind]
        if places:
            coded.append(write(c, take(c.g, frame, places), [lookups[i] for i in places]))
            order += places
    block = join(c.g, coded)
    if order != sorted(order):
        name = c.g.op("Gather", block.name, np.argsort(order).astype(np.int64), axis=1)
        block = Block(name, "int64", block.width)
    return block


def _is_text(c: Carrier, estimator: Any, dtype: str, lookup: Lookup) -> bool:
    kinds = {"string" if isinstance(v, str) else "number" for v in lookup.categories if not is_missing(v)}
    text = dtype == "string"
    if len([v for v in lookup.categories if is_missing(v)]) > 1:
        raise c.unsupported(
            estimator,
            "None and NaN are two categories of one column, and a shipped model knows one missing value",
            "Make them one before training",
        )
    if not kinds <= {"string" if text else "number"}:
        raise c.unsupported(
            estimator,
            f"a column of type {dtype} has the categories {_some(lookup.categories)}",
            "Train with the column in one type, the one it has when the model is asked",
        )
    return text


def _string_codes(c: Carrier, frame: Frame, lookups: list[Lookup]) -> Block:
    keyed = [
        {MISSING_STRING if is_missing(v) else v: code for v, code in zip(t.categories, t.codes, strict=True)}
        for t in lookups
    ]
    union = list(dict.fromkeys(key for table in keyed for key in table))
    size = len(union) + 1
    count = len(lookups)
    if count > 1 and size * count > max(_SHARED_CELLS, 4 * sum(map(len, keyed))):
        half = count // 2
        sides = (range(half), range(half, count))
        return join(c.g, [_string_codes(c, take(c.g, frame, side), [lookups[i] for i in side]) for side in sides])
    block = join(c.g, frame)
    if count == 1:
        table, unknown = keyed[0], lookups[0].unknown
        name = _label_encoder(c, block.name, list(table), list(table.values()), unknown)
        return Block(name, "int64", 1)
    name = _label_encoder(c, block.name, union, list(range(len(union))), len(union))
    if all(table == keyed[0] for table in keyed) and len({t.unknown for t in lookups}) == 1:
        cells = [keyed[0][key] for key in union] + [lookups[0].unknown]
    else:
        offsets = np.arange(count, dtype=np.int64).reshape(1, -1) * size
        name = c.g.op("Add", name, offsets)
        cells = [
            code
            for table, t in zip(keyed, lookups, strict=True)
            for code in [*(table.get(key, t.unknown) for key in union), t.unknown]
        ]
    name = c.g.op("Gather", np.array(cells, np.int64), name, axis=0)
    return Block(name, "int64", count)


def _label_encoder(c: Carrier, x: str, keys: list[str], values: list[int], default: int) -> str:
    return c.g.op(
        "LabelEncoder", x, ml=True, keys_strings=keys, values_int64s=values, default_int64=default, seed="category"
    )


def _number_codes(c: Carrier, frame: Frame, lookups: list[Lookup]) -> Block:
    most = max((len(t.categories) for t in lookups), default=1)
    # a cell beyond a column's own categories holds NaN, which equals nothing
    values = np.full((1, len(lookups), most), np.nan)
    codes = np.full((1, len(lookups), most), np.iinfo(np.int32).min, np.int64)
    missing = np.array([[t.unknown for t in lookups]], np.int64)
    for f, t in enumerate(lookups):
        for k, (value, code) in enumerate(zip(t.categories, t.codes, strict=True)):
            if is_missing(value):
                missing[0, f] = code
            else:
                values[0, f, k], codes[0, f, k] = float(value), code
    floating = any(block.dtype in ("double", "float") for block in frame)
    x = matrix(c.g, frame, "double").name
    known = c.g.op("Equal", c.g.op("Unsqueeze", x, np.array([2])), values)
    lowest = np.array(np.iinfo(np.int32).min, np.int64)
    name = c.g.op("ReduceMax", c.g.op("Where", known, codes, lowest), np.array([2]), keepdims=0)
    unknown = np.array([[t.unknown for t in lookups]], np.int64)
    name = c.g.op("Where", c.g.op("Equal", name, lowest), unknown, name)
    if floating and (missing != unknown).any():
        name = c.g.op("Where", c.g.op("IsNaN", x), missing, name)
    return Block(name, "int64", len(lookups))


def _many_number_codes(c: Carrier, frame: Frame, lookups: list[Lookup]) -> Block:
    """Column by column by a hash table: comparing with every category takes memory and time for each of them."""
    blocks = []
    for block, t in zip(split(c.g, frame), lookups, strict=True):
        known = {float(v): float(code) for v, code in zip(t.categories, t.codes, strict=True) if not is_missing(v)}
        x = cast(c.g, block, "double").name
        name = c.g.op(
            "LabelEncoder",
            x,
            ml=True,
            keys_tensor=numpy_helper.from_array(np.array(list(known), np.float64)),
            values_tensor=numpy_helper.from_array(np.array(list(known.values()), np.float64)),
            default_tensor=numpy_helper.from_array(np.array([t.unknown], np.float64)),
            seed="category",
        )
        missing = next((code for v, code in zip(t.categories, t.codes, strict=True) if is_missing(v)), t.unknown)
        name = c.g.cast(name, np.int64)
        if missing != t.unknown and block.dtype in ("double", "float"):
            name = c.g.op("Where", c.g.op("IsNaN", x), np.array([[missing]], np.int64), name)
        blocks.append(Block(name, "int64", 1))
    return join(c.g, blocks)


def _some(values: tuple[Any, ...]) -> str:
    return ", ".join(repr(v) for v in values[:4]) + (", ..." if len(values) > 4 else "")
