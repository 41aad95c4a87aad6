"""Categorical encoders: OneHotEncoder and OrdinalEncoder.

    OneHotEncoder   codes [N, F] -> Gather (the column of each output) [N, K] -> Equal (its code) -> Cast
    OrdinalEncoder  codes [N, F] -> Gather (values) or Cast

The codes come from `categories.write_codes`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic.categories import Lookup, write_codes
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, cast
from isoship.sources.sklearn.walk.registry import Record, carries

_NO_OUTPUT = -1


@carries("OneHotEncoder", record=Record(same_bits=True, jumps=False))
def one_hot_encoder(c: Carrier, encoder: Any, frame: Frame) -> Parts:
    """One column of 0 and 1 a category that is neither dropped nor infrequent, and one for the infrequent together."""
    lookups, columns, codes = [], [], []
    for i, categories in enumerate(encoder.categories_):
        groups = _groups(encoder, i)
        dropped = None if encoder._drop_idx_after_grouping is None else encoder._drop_idx_after_grouping[i]
        kept = [g for g in range(max(groups, default=-1) + 1) if g != dropped]
        place = {group: k for k, group in enumerate(kept)}
        unknown = _NO_OUTPUT
        if encoder.handle_unknown in ("infrequent_if_exist", "warn") and _has_infrequent(encoder, i):
            unknown = place.get(max(groups), _NO_OUTPUT)
        lookups.append(Lookup(plain_categories(categories), tuple(place.get(g, _NO_OUTPUT) for g in groups), unknown))
        columns += [i] * len(kept)
        codes += list(range(len(kept)))
    found = write_codes(c, encoder, frame, lookups)
    spread = c.g.op("Gather", found.name, np.array(columns, np.int64), axis=1)
    hot = Block(c.g.op("Equal", spread, np.array([codes], np.int64)), "bool", len(columns))
    return {"transform": (cast(c.g, hot, _dtype(c, encoder)),)}


@carries("OrdinalEncoder", record=Record(same_bits=True, jumps=False, dense=True))
def ordinal_encoder(c: Carrier, encoder: Any, frame: Frame) -> Parts:
    """Each category's number in its column; unknown_value and encoded_missing_value where they apply."""
    values: list[float] = []
    lookups = []
    dtype = _dtype(c, encoder)
    for i, categories in enumerate(encoder.categories_):
        first = len(values)
        groups = _groups(encoder, i)
        for category, group in zip(categories, groups, strict=True):
            # to scikit-learn NaN is the missing category, and None one like any other
            nan = isinstance(category, float) and category != category
            values.append(encoder.encoded_missing_value if nan else group)
        # without one the encoder refuses unknown values, and so does the input contract
        unknown = encoder.unknown_value if encoder.unknown_value is not None else -1 if dtype == "int64" else np.nan
        values.append(unknown)
        lookups.append(Lookup(plain_categories(categories), tuple(range(first, first + len(groups))), len(values) - 1))
    found = write_codes(c, encoder, frame, lookups)
    table = np.array(values, {"double": np.float64, "float": np.float32, "int64": np.int64}[dtype])
    return {"transform": (Block(c.g.op("Gather", table, found.name, axis=0), dtype, len(lookups)),)}


def _groups(encoder: Any, column: int) -> list[int]:
    """The output group of each category: its own index, or that of all infrequent ones together."""
    count = len(encoder.categories_[column])
    mapping = encoder._default_to_infrequent_mappings[column] if encoder._infrequent_enabled else None
    if mapping is None:
        return list(range(count))
    # OrdinalEncoder leaves the missing category, the last one, out of the mapping and encodes it by itself
    return [int(group) for group in mapping] + [_NO_OUTPUT] * (count - len(mapping))


def _has_infrequent(encoder: Any, column: int) -> bool:
    return bool(encoder._infrequent_enabled and encoder._infrequent_indices[column] is not None)


def plain_categories(categories: Any) -> tuple[Any, ...]:
    """numpy scalars as Python's own; booleans count as the numbers 0 and 1."""
    return tuple(v.item() if hasattr(v, "item") else v for v in categories)


def _dtype(c: Carrier, encoder: Any) -> str:
    kind = np.dtype(encoder.dtype)
    for name, candidate in (("double", np.float64), ("float", np.float32)):
        if kind == candidate:
            return name
    if kind.kind in "iu":
        return "int64"
    raise c.unsupported(encoder, f"its output has dtype {kind}", "Use dtype=numpy.float64 and train again")
