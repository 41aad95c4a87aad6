"""Calls of the user's own: a dict of arrays, one array, an .npz file, or lines of JSON."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isoship.errors import SampleError
from isoship.tensors.graph import NUMPY
from isoship.tensors.run import Array
from isoship_edge.tensors.signature import Input

#: Endings of files of calls.
FORMATS = (".npz", ".npy", ".jsonl", ".ndjson", ".json")
_FORMS = 'an .npz file with an array for each input, or .json/.jsonl with lines of {"inputs": {name: nested lists}}'


def read_samples(sample: Any, names: Sequence[str]) -> list[dict[str, Array]]:
    """Each call as it came, input name -> array.

    sample: a dict of arrays; one array where there is one input; a list of dicts; the path of a file.

    Raises:
        SampleError: it cannot be read, or has other inputs than the model.
    """
    if isinstance(sample, (str, Path)):
        calls = calls_in_file(Path(sample))
    elif isinstance(sample, (list, tuple)) and sample and all(isinstance(one, Mapping) for one in sample):
        calls = list(sample)
    else:
        calls = [sample]
    if not calls:
        raise SampleError("the sample holds no call")
    return [_named(call, names, i) for i, call in enumerate(calls)]


def fitted(calls: Sequence[Mapping[str, Array]], inputs: Sequence[Input]) -> list[dict[str, Array]]:
    """The calls in the dtypes of the signature.

    Raises:
        SampleError: an array is of another shape, or of a dtype that would lose digits.
    """
    return [{one.name: _fitted(call[one.name], one, i) for one in inputs} for i, call in enumerate(calls)]


def _fitted(array: Array, one: Input, call: int) -> Array:
    what = f"call {call} of the sample, input {one.name!r}"
    if array.ndim != len(one.shape) or any(
        isinstance(size, int) and size != found for size, found in zip(one.shape, array.shape, strict=True)
    ):
        raise SampleError(f"{what} has shape {list(array.shape)}; the model takes {_shown(one)}")
    dtype = np.dtype(NUMPY[one.dtype])
    if one.dtype == "string":
        if not all(isinstance(value, str) for value in array.ravel().tolist()):
            raise SampleError(f"{what} holds other values than strings")
        return np.asarray(array, object)
    if array.dtype.kind not in "fiub" or (array.dtype.kind == "f" and dtype.kind != "f"):
        raise SampleError(f"{what} is {array.dtype}; the model takes {one.dtype}")
    with np.errstate(over="ignore", invalid="ignore"):
        made = array.astype(dtype)
    if dtype.kind in "iub" and not np.array_equal(made, array):
        raise SampleError(f"{what} holds values that {one.dtype} does not: the array is {array.dtype}")
    return np.asarray(made)


def _shown(one: Input) -> str:
    return f"{one.dtype} [{', '.join(map(str, one.shape))}]"


def _named(call: Any, names: Sequence[str], number: int) -> dict[str, Array]:
    if not isinstance(call, Mapping):
        if len(names) != 1:
            raise SampleError(f"the model has the inputs {', '.join(names)}: give a dict with an array for each")
        call = {names[0]: call}
    if set(call) != set(names):
        raise SampleError(
            f"call {number} of the sample has {', '.join(map(str, call)) or 'no inputs'}; the model takes"
            f" {', '.join(names)}"
        )
    try:
        return {name: _array(call[name]) for name in names}
    except ValueError as err:
        raise SampleError(f"call {number} of the sample is no array: {err}") from err


def _array(value: Any) -> Array:
    if hasattr(value, "detach"):  # a torch tensor
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    return array.astype(object) if array.dtype.kind == "U" else array


def calls_in_file(path: Path) -> list[Any]:
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise SampleError(f"{path}: the sample of a model of tensors is {_FORMS}")
    try:
        if suffix in (".npz", ".npy"):
            with np.load(path, allow_pickle=False) as file:
                return [{name: file[name] for name in file.files}] if suffix == ".npz" else [file]
        text = path.read_text(encoding="utf-8")
        documents = json.loads(text) if suffix == ".json" else [json.loads(line) for line in text.splitlines() if line]
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as err:
        raise SampleError(f"cannot read {path}: {err}. It is to be {_FORMS}") from err
    documents = documents if isinstance(documents, list) else [documents]
    if not all(isinstance(one, dict) and isinstance(one.get("inputs"), dict) for one in documents):
        raise SampleError(f'{path}: each call is {{"inputs": {{name: nested lists}}}}')
    return [one["inputs"] for one in documents]
