"""Calls of a file, on a device: one {"inputs": {...}} a line, and one {"outputs": {...}} a line out."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from isoship_edge.encoding.encode import json_bytes
from isoship_edge.errors import InputError
from isoship_edge.http.body import parsed
from isoship_edge.http.response import Refusal
from isoship_edge.tensors.json_inputs import tensors_from_json
from isoship_edge.tensors.predict import lists_of, read_inputs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from isoship_edge.tensors.model import TensorModel

#: Pictures of a caller on this machine are as large as the caller likes.
_NO_LIMIT = 2**62


def answer_lines(model: TensorModel, lines: Iterable[str], target: IO[str], *, flushed: bool) -> int:
    """Answers every line that is not empty; returns how many. flushed: each before the next is waited for.

    Raises:
        InputError: the first line that does not fit; lines are counted from 1.
    """
    total = 0
    for place, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            inputs = read_inputs(parsed(line.encode()))
            tensors = tensors_from_json(inputs, model.manifest.signature.inputs, _NO_LIMIT)
            made = model.infer(tensors)
        except Refusal as refusal:
            raise InputError(f"line {place}: {refusal.detail}") from refusal
        except InputError as err:
            raise InputError(
                f"line {place}: {err}", input=err.input, index=err.index, seen=err.seen, expected=err.expected
            ) from err
        target.write(json_bytes({"outputs": lists_of(made)}).decode() + "\n")
        if flushed:
            target.flush()
        total += 1
    return total


def check_lines(path: Path) -> None:
    """Raises: InputError, where the file's ending is another than .jsonl or .ndjson."""
    if path.suffix.lower() not in (".jsonl", ".ndjson"):
        raise InputError(
            f'{path}: a device reads tensors from .jsonl and .ndjson, one {{"inputs": {{...}}}} a line; .npz needs'
            " numpy, where isoship.load(...).predict(arrays) takes them"
        )
