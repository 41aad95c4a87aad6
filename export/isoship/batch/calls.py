"""`isoship predict` of a bundle of tensors: arrays in an .npz file, or calls as lines of JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from isoship.errors import SampleError
from isoship.tensors.samples import fitted, read_samples
from isoship_edge.tensors.lines import answer_lines
from isoship_edge.tensors.model import TensorModel

_LINES, _ARRAYS = (".jsonl", ".ndjson"), (".npz", ".npy")


def predict_calls(model: TensorModel, calls: Path, out: Path | None) -> int:
    """Answers every call of a file ("-": lines on standard input, each as it arrives); returns how many.

    An .npz file is one call, and is answered into another; lines of {"inputs": {...}} become lines of
    {"outputs": {...}}, on stdout without `out`. What could not be written whole is not left behind.

    Raises:
        InputError: a call that the model refuses, named. SampleError: a file cannot be read, or is of another form.
    """
    suffix = calls.suffix.lower()
    if str(calls) != "-" and suffix not in (*_LINES, *_ARRAYS):
        raise SampleError(
            f"{calls}: this model takes tensors, and calls of it are lines of JSON"
            ' (.jsonl, {"inputs": {...}} each) or an .npz file with an array for each input'
        )
    if suffix in _ARRAYS:
        return _arrays(model, calls, out)
    if out is None:
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    elif out.suffix.lower() not in _LINES:
        raise SampleError(f"{out}: lines of calls are answered as .jsonl, an .npz file as .npz")
    with ExitStack() as opened:
        lines: Iterable[str] = sys.stdin
        if str(calls) != "-":
            try:
                lines = opened.enter_context(calls.open(encoding="utf-8"))
            except OSError as err:
                raise SampleError(f"cannot read {calls}: {err.strerror}") from err
        try:
            if out is None:
                return answer_lines(model, lines, sys.stdout, flushed=str(calls) == "-")
            aside = out.with_name(f".{out.name}.part")
            opened.callback(aside.unlink, missing_ok=True)
            with aside.open("w", encoding="utf-8") as target:
                written = answer_lines(model, lines, target, flushed=False)
            aside.replace(out)
        except UnicodeDecodeError as err:
            raise SampleError(f"{calls} is not UTF-8: {err.reason}") from err
    return written


def _arrays(model: TensorModel, calls: Path, out: Path | None) -> int:
    if out is None or out.suffix.lower() != ".npz":
        raise SampleError(f"{calls} is answered with arrays: give -o answers.npz")
    inputs = model.manifest.signature.inputs
    (call,) = fitted(read_samples(calls, [one.name for one in inputs]), inputs)
    made = {
        name: np.array(array, str) if array.dtype == object else array for name, array in model.predict(call).items()
    }
    aside = out.with_name(f".{out.name}.part.npz")
    try:
        np.savez(aside, **made)  # type: ignore[arg-type]
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
    return 1
