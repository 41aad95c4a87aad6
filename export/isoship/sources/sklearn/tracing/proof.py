"""Holds a trace against numpy and pandas: every tensor of a run, in onnxruntime, on the rows of the run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from isoship.sources.sklearn.tracing.run import Ran, call_of_the_users_function
from isoship.sources.sklearn.tracing.stopped import Line, Stopped
from isoship.sources.sklearn.tracing.tensors import Array, plain_values
from isoship.sources.sklearn.walk.frame import Frame

_ONNX = {"double": 11, "float": 1, "int64": 7, "bool": 9, "string": 8}


def refuted(ran: Ran, table: Any, frame: Frame) -> Stopped | None:
    """Where the graph answers otherwise than numpy, and on which line; None where it does not."""
    made = [each for each in ran.trace.made if each.tensor.dtype in _ONNX]
    names = list(dict.fromkeys(each.tensor.name for each in made))
    if not names:
        return None
    found = dict(zip(names, _run(ran, table, frame, names), strict=True))
    modest = _modest(table)
    for each in made:
        wide = np.broadcast_to(found[each.tensor.name], each.expected.shape)
        wrong = ~_same(each.expected, wide, rounded=each.tensor.rounded)
        if each.tensor.rounded:
            wrong &= modest
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            return Stopped(
                f"the graph of this line gives {wide[row, column]!r} where numpy gives {each.expected[row, column]!r}",
                each.line or _NOWHERE,
            )
    return None


_NOWHERE = Line("its function", 0, "")
_HUGE = 1e9
#: The least whole number from which not every one is a float64.
_EXACT = 2.0**53
#: Rows that are asked one by one, too.
_ALONE = (0, 1, 5, 13)


def own_answers(step: Any, table: Any) -> list[tuple[str, slice, Any]]:
    """What the step itself answers: what is asked, which rows of the table they are, and a DataFrame or an array."""
    parts = [("its rows", slice(None)), *(("one row alone", slice(i, i + 1)) for i in _ALONE)]
    copies = [(table.iloc[part] if hasattr(table, "iloc") else table[part]).copy() for _, part in parts]
    answers = [call_of_the_users_function(step, rows) for rows in copies]
    return [(what, part, answer) for (what, part), answer in zip(parts, answers, strict=True)]


def differs_from_itself(ran: Ran, table: Any, answers: Sequence[tuple[str, slice, Any]]) -> str | None:
    """What the step answers otherwise than its own code did while it was traced; None where it does not."""
    rounded = any(tensor.rounded for tensor in ran.tensors)
    expected = np.asarray(plain_values(ran.computed, ""))
    modest = _modest(table)
    for what, part, given in answers:
        answer = np.asarray(given.to_numpy() if hasattr(given, "to_numpy") else given)
        if answer.shape == expected[part].shape and rounded:
            answer = np.where(modest[part], answer, expected[part])
        if answer.shape != expected[part].shape or not _same_values(expected[part], answer, rounded=rounded):
            return what
    return None


def has_integers(ran: Ran, answers: Sequence[tuple[str, slice, Any]]) -> bool:
    """Whether the step answers integers in some batch where its graph has numbers."""
    numbers = [tensor.dtype == "double" for tensor in ran.tensors for _ in range(tensor.width)]
    for _, _, answer in answers:
        dtypes = answer.dtypes if hasattr(answer, "columns") else [np.asarray(answer).dtype] * len(numbers)
        if any(number and dtype.kind == "i" for number, dtype in zip(numbers, dtypes, strict=True)):
            return True
    return False


def integers_differ(step: Any, ran: Ran, table: Any, places: frozenset[int]) -> bool:
    """Whether the step answers rows whose numbers are whole otherwise once they are integers in these columns."""
    if not places:
        return False
    numbers = table.iloc[:, sorted(places)].to_numpy() if hasattr(table, "iloc") else table
    whole = (np.isfinite(numbers) & (np.abs(numbers) < _EXACT) & (np.floor(numbers) == numbers)).all(axis=1)
    whole &= ~(np.signbit(numbers) & (numbers == 0)).any(axis=1)
    if not whole.any():
        return False
    rows = table[whole].copy()
    if hasattr(rows, "iloc"):
        for place in places:
            rows.isetitem(place, rows.iloc[:, place].astype(np.int64))
    else:
        rows = rows.astype(np.int64)
    expected = np.asarray(plain_values(ran.computed, ""))[whole]
    try:
        answer = np.asarray(plain_values(call_of_the_users_function(step, rows), ""))
    except Exception:  # noqa: BLE001 - whatever the user's code raises, it answers the numbers
        return True
    rounded = any(tensor.rounded for tensor in ran.tensors)
    return answer.shape != expected.shape or not _same_values(expected, answer, rounded=rounded)


def _same_values(expected: Array, found: Array, *, rounded: bool) -> bool:
    if "O" in (expected.dtype.kind, found.dtype.kind):
        pairs = zip(expected.ravel().tolist(), found.ravel().tolist(), strict=True)
        return all(a == b or ((a is None or a != a) and (b is None or b != b)) for a, b in pairs)
    return bool(np.all(_same(expected, found, rounded=rounded)))


def _modest(table: Any) -> Array:
    """bool [N, 1]: rows without a huge number. Another order of a sum that cancels is another answer beside one."""
    numbers = table.select_dtypes("number").to_numpy(float) if hasattr(table, "iloc") else table
    if numbers.dtype.kind not in "fiu":
        return np.ones((len(table), 1), bool)
    return np.asarray(~(np.isfinite(numbers) & (np.abs(numbers) > _HUGE)).any(axis=1, keepdims=True))


def _same(expected: Array, found: Array, *, rounded: bool) -> Array:
    if expected.dtype.kind not in "fiub":
        return np.asarray(expected == found, bool)
    if expected.dtype.kind != "f":
        return np.asarray(expected == found, bool)
    equal = (expected == found) | ((expected != expected) & (found != found))
    if not rounded:
        return np.asarray(equal, bool)
    with np.errstate(all="ignore"):
        near = np.abs(expected - found) <= 1e-9 * (1 + np.abs(expected))
    return np.asarray(equal | near, bool)


def _run(ran: Ran, table: Any, frame: Frame, names: list[str]) -> list[Array]:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime as ort
    from onnx import helper

    columns = {block.name: _fed(table, i, block.dtype) for i, block in enumerate(frame)}
    inputs = [helper.make_tensor_value_info(b.name, _ONNX[b.dtype], ["N", b.width]) for b in frame]
    made = {each.tensor.name: each.tensor for each in ran.trace.made}
    outputs = [helper.make_tensor_value_info(name, _ONNX[made[name].dtype], ["N", made[name].width]) for name in names]
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    given = {block.name for block in frame}
    # a column that is handed on is an input and no output
    outputs = [output for output in outputs if output.name not in given]
    if not outputs:
        return [columns[name] for name in names]
    model = ran.trace.g.model(inputs, outputs)
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    results = dict(zip([o.name for o in outputs], session.run(None, columns), strict=True))
    return [results.get(name, columns.get(name)) for name in names]  # type: ignore[misc]


def _fed(table: Any, place: int, dtype: str) -> Array:
    values = table.iloc[:, place] if hasattr(table, "iloc") else table
    array = np.asarray(plain_values(values, dtype))
    return array.reshape(len(table), -1) if dtype == "string" else array.reshape(len(table), -1).astype(_NUMPY[dtype])


_NUMPY: dict[str, Any] = {"double": np.float64, "float": np.float32, "int64": np.int64, "bool": np.bool_}
