"""Missing values of a column, and its values looked up in a dict or replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from isoship.sources.sklearn.tracing.tensors import HELD, Tensor, Trace
from isoship_edge.manifest import MISSING_STRING

_MISSING = np.array(MISSING_STRING)
#: Numbers are looked up by one comparison each.
_MOST_NUMBERS = 64


def missing(trace: Trace, tensor: Tensor) -> Tensor:
    """Which values are missing, as pandas's isna has it."""
    if tensor.dtype == "other":
        raise trace.stop("it asks a column of one of pandas's own types, which is handed on only")
    if tensor.dtype == "string":
        found = trace.g.op("Equal", tensor.name, _MISSING)
    elif tensor.dtype in ("double", "float"):
        found = trace.g.op("IsNaN", tensor.name)
    else:
        found = trace.g.op("Not", trace.g.op("Equal", tensor.name, tensor.name))
    return Tensor(found, "bool", tensor.width)


def looked_up(trace: Trace, tensor: Tensor, value: Any, table: Any) -> tuple[Tensor, Any]:
    """`Series.map` of a dict or a Series learnt in fit: numbers, or strings; what is not in it is missing."""
    if callable(table) and not isinstance(table, Mapping):
        raise trace.stop("it calls a function for each row (Series.map); a dict can be followed")
    if not (type(table) is dict or (hasattr(table, "to_dict") and hasattr(table, "iloc"))):
        raise trace.stop(f"it looks values up in a {type(table).__name__}; a dict or a Series can be followed")
    pairs = dict(table) if type(table) is dict else table.to_dict()
    keys, values = list(pairs), list(pairs.values())
    if not keys or any(key is None or key != key for key in keys):
        raise trace.stop("it looks up missing values, or in an empty dict; fillna before says the same")
    texts = all(isinstance(each, str) for each in values)
    if not texts and not all(
        isinstance(each, (int, float, np.number)) and not isinstance(each, bool) for each in values
    ):
        raise trace.stop("it looks up values that are neither all numbers nor all strings")
    mapped = value.map(table)
    mapped = mapped if texts else mapped.astype(np.float64)
    if tensor.dtype == "string":
        if not all(isinstance(key, str) for key in keys):
            raise trace.stop("it looks strings up among keys that are no strings")
        return _of_strings(trace, tensor, keys, values, texts=texts), mapped
    return _of_numbers(trace, tensor, pairs, texts=texts), mapped


def _of_numbers(trace: Trace, tensor: Tensor, pairs: dict[Any, Any], *, texts: bool) -> Tensor:
    flags = tensor.dtype == "bool"
    if not all(
        isinstance(k, bool) if flags else isinstance(k, (int, float, np.number)) and k is not True and k is not False
        for k in pairs
    ):
        raise trace.stop("it looks numbers up among keys that are no numbers")
    if len(pairs) > _MOST_NUMBERS:
        raise trace.stop(f"it looks a number up among {len(pairs)}; {_MOST_NUMBERS} can be followed")
    # pandas looks integers up among integers, and all others among numbers
    whole = tensor.dtype == "int64" and all(isinstance(k, (int, np.integer)) for k in pairs)
    if not flags:
        trace.jump("the lookup of a number", tensor)
    dtype = tensor.dtype if flags or whole else "double"
    x, found = trace.cast(tensor, dtype).name, _MISSING if texts else np.float64(np.nan)
    name = trace.g.const(found if not texts else str(found))
    for key, each in pairs.items():
        if flags:
            same = x if key else trace.g.op("Not", x)
        else:
            same = trace.g.op("Equal", x, _exactly(trace, key, np.int64 if whole else np.float64))
        value = np.array(each) if texts else _exactly(trace, each, np.float64)
        name = trace.g.op("Where", same, value, name)
    return Tensor(name, "string" if texts else "double", 1)


def _exactly(trace: Trace, value: Any, dtype: Any) -> Any:
    """A number of a dict in the graph's type.

    Raises:
        Stopped: the type does not hold it.
    """
    held = dtype(value)
    exact = int(held) == value if isinstance(value, (int, np.integer)) else held == value or value != value
    if not exact:
        raise trace.stop(f"it looks up {value}, which no {np.dtype(dtype)} is")
    return held


def _of_strings(trace: Trace, tensor: Tensor, keys: list[str], values: list[Any], *, texts: bool) -> Tensor:
    if texts:
        name = trace.g.op(
            "LabelEncoder", tensor.name, ml=True, keys_strings=keys, values_strings=[str(each) for each in values],
            default_string=MISSING_STRING, seed="lookup",
        )  # fmt: skip
        return Tensor(name, "string", 1)
    # by place first: a LabelEncoder's numbers for strings are float32
    places = list(range(len(keys)))
    place = trace.g.op(
        "LabelEncoder",
        tensor.name,
        ml=True,
        keys_strings=keys,
        values_int64s=places,
        default_int64=len(keys),
        seed="lookup",
    )
    table = np.array([*(_exactly(trace, each, np.float64) for each in values), np.nan])
    return Tensor(trace.g.op("Gather", table, place, axis=0), "double", 1)


def replaced(trace: Trace, tensor: Tensor, value: Any, old: Any, new: Any) -> tuple[Tensor, Any]:
    """`Series.replace` of values by values: a dict, one by one, or a list by one."""
    if isinstance(old, Mapping) and new is None:
        pairs = list(old.items())
    elif isinstance(old, list) and np.isscalar(new):
        pairs = [(each, new) for each in old]
    elif np.isscalar(old) and np.isscalar(new):
        pairs = [(old, new)]
    else:
        raise trace.stop("Series.replace of this form is not followed")
    text = tensor.dtype == "string"
    pairs = [pair for pair in pairs if not _never(tensor, pair[0])]
    if not pairs:
        return tensor, value
    if not all(isinstance(each, str) == text and np.isscalar(each) for pair in pairs for each in pair):
        raise trace.stop("it replaces strings by what is none, or the other way about")
    if text:
        dtype, after = "string", value.replace(old, new) if new is not None else value.replace(old)
    else:
        wide = np.result_type(value.dtype, *(new for _, new in pairs))
        dtype = HELD.get(wide, "")
        if not dtype or any(isinstance(each, (bool, np.bool_)) or each is None for pair in pairs for each in pair):
            raise trace.stop(f"it replaces numbers in a way that makes them {wide}")
        after = value.astype(wide)
        after = (after.replace(old, new) if new is not None else after.replace(old)).astype(wide)
    x = trace.cast(tensor, dtype)
    name = x.name
    for before, instead in pairs:
        name = trace.choose(_same(trace, x, before), trace.constant(instead, (trace.rows, 1), dtype), name, dtype)
    return Tensor(name, dtype, 1, tensor.rounded), after


def _never(tensor: Tensor, value: Any) -> bool:
    """Whether no value of this type is this one."""
    if isinstance(value, (bool, np.bool_)) or value is None:
        return False
    if isinstance(value, str):
        return tensor.dtype in ("double", "float", "int64", "bool")
    if tensor.dtype == "int64":
        return not float(value).is_integer()
    return tensor.dtype == "bool" or (tensor.dtype == "string" and value == value)


def _same(trace: Trace, x: Tensor, value: Any) -> str:
    if x.dtype == "string":
        return trace.g.op("Equal", x.name, np.array(value))
    if value != value:
        return missing(trace, x).name
    if np.isinf(value):
        return trace.g.op("IsInf", x.name, detect_negative=int(value < 0), detect_positive=int(value > 0))
    trace.jump("the replacement of a number", x)
    return trace.g.op("Equal", x.name, trace.constant(value, (trace.rows, 1), x.dtype))
