"""Outputs as the columns of a table, under the names that files of predictions have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from isoship.batch.graph import Places
from isoship_edge.encoding.batch import flat_names
from isoship_edge.manifest import MISSING_STRING, Output

Array = np.ndarray[Any, Any]

#: Of an output's dtype: float32 is widened, as in JSON and CSV.
_TYPES = {"double": pa.float64(), "float": pa.float64(), "int64": pa.int64(), "bool": pa.bool_(), "string": pa.string()}


def fields(outputs: Sequence[Output]) -> list[pa.Field]:
    """The columns, all nullable, each with its declared type. Texts may come as a dictionary of that type."""
    return [
        pa.field(name, _TYPES[output.dtype]) for output in outputs for name in flat_names((output,))
    ]  # fmt: skip


def arrays(outputs: Sequence[Output], made: Mapping[str, Array | Places]) -> list[pa.Array]:
    """The same with their values; numbers that are not finite are null, as they are in JSON."""
    found = []
    for output in outputs:
        whole = made[output.name]
        data = whole.data if isinstance(whole, Places) else whole
        each = [data] if data.ndim == 1 else [data[:, k] for k in range(data.shape[1])]
        texts = whole.texts if isinstance(whole, Places) else None
        found += [_column(output.dtype, one, texts) for one in each]
    return found


def empty(outputs: Sequence[Output], count: int = 0) -> list[pa.Array]:
    """Columns of nulls."""
    return [pa.nulls(count, one.type) for one in fields(outputs)]


def _column(dtype: str, values: Array, texts: tuple[str, ...] | None) -> pa.Array:
    if dtype == "string":
        if texts is None:
            return pa.array([None if text == MISSING_STRING else text for text in values.tolist()], pa.string())
        known = [None if text == MISSING_STRING else text for text in texts]
        places = pa.array(np.ascontiguousarray(values).astype(np.int32))
        made = pa.DictionaryArray.from_arrays(places, pa.array([text or "" for text in known], pa.string()))
        return made if None not in known else made.cast(pa.string())
    if dtype == "bool":
        return pa.array(np.ascontiguousarray(values).astype(bool))
    if dtype == "int64":
        return pa.array(np.ascontiguousarray(values).astype(np.int64, copy=False))
    wide = np.ascontiguousarray(values).astype(np.float64, copy=False)
    finite = np.isfinite(wide)
    return pa.array(wide) if finite.all() else pa.array(wide, mask=~finite)
