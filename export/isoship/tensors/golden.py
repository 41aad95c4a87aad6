"""golden.json and golden.bin: calls with the source's own answers, arrays as bytes.

    {"format": 2, "digest": "sha256:...",
     "asks": [{"kind": "zeros", "inputs": {"x": T}, "outputs": {"y": T}}, ...],
     "refused": [{"why": "nan", "input": "x", "inputs": {"x": T}}, ...]}

T is `{"dtype": "float", "shape": [1, 3], "at": [offset, bytes]}` into golden.bin, little-endian and row by row, float16
as its bits and bool one byte each; strings are `{"dtype": "string", "shape": [2], "strings": [...]}`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.tensors.contract import Arrays, Ask, TensorSource
from isoship.tensors.refusals import Refused
from isoship.tensors.run import Array

GOLDEN, GOLDEN_BYTES = "golden.json", "golden.bin"


@dataclass(frozen=True, eq=False)
class Golden:
    """A call and the source's answers to it."""

    ask: Ask
    answers: Arrays

    @property
    def size(self) -> int:
        return sum(
            a.size * 16 if a.dtype == object else a.nbytes for a in (*self.ask.inputs.values(), *self.answers.values())
        )


def golden_files(
    digest: str, source: TensorSource, asks: Sequence[Golden], refused: Sequence[Refused]
) -> dict[str, bytes]:
    """File name -> its bytes."""
    data = bytearray()
    known: dict[tuple[str, bytes], list[int]] = {}
    inputs = {one.name: one.dtype for one in source.signature.inputs}
    outputs = {one.name: one.dtype for one in source.outputs}

    def written(arrays: Arrays, dtypes: dict[str, str]) -> dict[str, Any]:
        return {name: _written(arrays[name], dtype, data, known) for name, dtype in dtypes.items()}

    document = {
        "format": 2,
        "digest": digest,
        "asks": [
            {"kind": one.ask.kind, "inputs": written(one.ask.inputs, inputs), "outputs": written(one.answers, outputs)}
            for one in asks
        ],
        "refused": [{"why": one.why, "input": one.input, "inputs": written(one.inputs, inputs)} for one in refused],
    }
    text = json.dumps(document, ensure_ascii=False, allow_nan=False)
    return {GOLDEN: text.encode(), GOLDEN_BYTES: bytes(data)}


def _written(array: Array, dtype: str, data: bytearray, known: dict[tuple[str, bytes], list[int]]) -> dict[str, Any]:
    if dtype == "string":
        return {"dtype": dtype, "shape": list(array.shape), "strings": [str(each) for each in array.ravel().tolist()]}
    kept = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    at = known.setdefault((dtype, kept), [len(data), len(kept)])
    if at[0] == len(data):
        data += kept
    return {"dtype": dtype, "shape": list(array.shape), "at": at}
