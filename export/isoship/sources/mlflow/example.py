"""The input example of an MLflow folder as a sample, and the types that its signature gives to columns.

MLflow writes a DataFrame as {"columns": [...], "data": [[...], ...]} and arrays as nested lists, or an object of them
by name; parameters stand beside it as {"inputs": ..., "params": ...}. The types are the signature's: long, double, ...
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.data.files import Raw
from isoship.data.remembered import Remembered
from isoship.data.sample import sample_of
from isoship.errors import SampleError
from isoship.sources.mlflow.folder import Folder, inside

if TYPE_CHECKING:
    import pandas as pd

#: MLflow's names of column types -> pandas', and ours.
_PANDAS = {
    "boolean": "bool", "integer": "int32", "long": "int64", "float": "float32", "double": "float64", "string": "str",
}  # fmt: skip
_OURS = {
    "boolean": "bool", "integer": "int64", "long": "int64", "float": "double", "double": "double", "string": "string",
}  # fmt: skip


def dtypes_of(folder: Folder) -> dict[str, str]:
    """Column -> double, int64, bool or string, for each column that the signature names and types."""
    named = {one.get("name"): one.get("type") for one in folder.document.inputs or ()}
    return {n: _OURS[kind] for n, kind in named.items() if isinstance(n, str) and kind in _OURS}


def calls_in(folder: Folder, notes: list[str]) -> Any:
    """The input example of a network: an array, or arrays by name; None where it is none of these."""
    said = folder.document.example
    if said is None or said.get("type") != "ndarray":
        return None
    return sample_in(folder, {}, lambda _header: Remembered(), notes)


def sample_in(
    folder: Folder,
    dtypes: Mapping[str, str],
    remembered: Callable[[Sequence[str]], Remembered],
    notes: list[str],
) -> Any:
    """The input example: a DataFrame, an array, or arrays by name; None where there is none that can be read.

    dtypes, remembered: as `isoship.data.read_sample`. notes: are told what is used, or why not.

    Raises:
        SampleError: it is damaged, or does not fit the signature.
    """
    said = folder.document.example
    if said is None:
        return None
    path = inside(folder.path, str(said.get("artifact_path", "input_example.json")))
    kind = said.get("type")
    if kind not in ("dataframe", "ndarray") or said.get("pandas_orient", "split") != "split":
        notes.append(f"{path.name} is an example of the kind {kind}, which is no sample: give one with --sample")
        return None
    document = _read(path)
    if isinstance(document, dict) and said.get("params"):
        document = document.get("inputs")
    try:
        if kind == "ndarray":
            found = _arrays(folder, document)
        else:
            found = _frame(folder, path, document, dtypes, remembered, notes)
    except (LookupError, TypeError, ValueError, OverflowError) as err:
        raise SampleError(f"{path} is no input example that can be read: {err}. Give a sample with --sample") from err
    notes.append(f"the sample is the folder's own {path.name}; 100 or more typical rows are better: --sample FILE")
    return found


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as err:
        raise SampleError(f"{path} is no input example that can be read: {err}. Give a sample with --sample") from err


def _arrays(folder: Folder, document: Any) -> Any:
    """Nested lists as arrays of the signature's dtypes, by name where they have names."""
    specs = folder.document.inputs or ()
    dtypes = {one.get("name"): one["tensor-spec"]["dtype"] for one in specs if one.get("type") == "tensor"}
    if isinstance(document, dict):
        return {str(name): np.asarray(held, dtypes.get(name)) for name, held in document.items()}
    return np.asarray(document, dtypes.get(None, next(iter(dtypes.values()), None)))


def _frame(
    folder: Folder,
    path: Path,
    document: Any,
    dtypes: Mapping[str, str],
    remembered: Callable[[Sequence[str]], Remembered],
    notes: list[str],
) -> pd.DataFrame:
    import pandas as pd

    rows = document["data"]
    names = [str(name) for name in document.get("columns", range(len(rows[0])))]
    if not all(len(row) == len(names) for row in rows):
        raise ValueError("its rows have other lengths than its columns")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    kinds = {one.get("name"): _PANDAS.get(str(one.get("type"))) for one in folder.document.inputs or ()}
    frame = None
    if all(kinds.get(name) for name in names):
        frame = pd.DataFrame({name: _typed(held, str(kinds[name])) for name, held in columns.items()}, columns=names)
    raw = Raw(path, len(rows), columns, frame=frame)
    return sample_of(raw, dtypes, remembered, notes)


def _typed(held: list[Any], kind: str) -> pd.Series[Any]:
    """A column in the signature's type; integers and booleans with gaps as pandas has them."""
    import pandas as pd

    if None in held and kind in ("bool", "int32", "int64"):
        kind = "object" if kind == "bool" else "float64"
    return pd.Series(held, dtype="object").astype(kind)  # type: ignore[call-overload,no-any-return]
