"""What forms of a model of tensors are asked: its smallest golden calls, and these joined to a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isoship.benching.asks import said
from isoship.benching.contract import Answer, Ask, Asks, Form
from isoship.errors import BundleError, IsoshipError
from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.lambda_events import MAX_TENSORS
from isoship.parity.tensors.batching import batch_name
from isoship.parity.tensors.call import Call
from isoship.parity.tensors.compare import compare_calls, tolerances_of
from isoship.parity.tensors.evidence import graph_answers, read_golden
from isoship.tensors.contract import Arrays

#: How long the first dimension of a batch is, where Lambda takes so many bytes in one request.
BATCH = 32


def asks_of_calls(shipped: Shipped) -> Asks:
    """The reference of the batch is model.onnx on the batch: a model may answer it otherwise than its parts.

    Raises:
        BundleError: there are no golden calls, they are damaged, or model.onnx does not answer the batch.
    """
    golden = read_golden(shipped)
    if golden.damaged or not golden.calls:
        raise BundleError(golden.damaged or f"{shipped.folder / 'golden.json'} holds no calls")
    places = _smallest(golden.calls)
    ones = tuple(_ask(shipped, golden.calls[i], [i], "golden call") for i in places)
    batch, note = _batch(shipped, [golden.calls[i] for i in places])
    return Asks(ones, None if batch is None else _ask(shipped, batch, [0], "batch"), "call", note)


def _smallest(calls: Sequence[Call]) -> list[int]:
    """Those of one size. Calls of zeros alone are passed over: some kernels take less time for them."""
    ordinary = [i for i, call in enumerate(calls) if call.kind != "zeros"] or list(range(len(calls)))
    least = min(ordinary, key=lambda i: (_length(calls[i].inputs), _bytes(calls[i].inputs)))
    return [i for i in ordinary if _shapes(calls[i].inputs) == _shapes(calls[least].inputs)]


def _batch(shipped: Shipped, calls: Sequence[Call]) -> tuple[Call | None, str]:
    """The calls one after another to a batch, and a note on why it is none or a short one."""
    signature, length = shipped.manifest.signature, _length(calls[0].inputs)
    name = batch_name(signature)
    if name is None or length == 0 or any(name in one.shape[1:] for one in signature.inputs):
        return None, "no batch is asked: the inputs share no first dimension of any size"
    each = max(_bytes(calls[0].inputs), _bytes(calls[0].want))
    count = min(BATCH // length, MAX_TENSORS // max(1, each))
    if count < 2:
        return None, f"no batch is asked: a second call of {each:,} bytes does not fit in a request of Lambda's"
    parts = [calls[i % len(calls)].inputs for i in range(count)]
    joined = {one: np.concatenate([part[one] for part in parts]) for one in parts[0]}
    try:
        want = graph_answers(shipped)(joined)
    except IsoshipError as err:
        raise BundleError(f"model.onnx does not answer {count} golden calls in one batch: {err}") from err
    fewer = count < BATCH // length
    note = f"a batch is {count * length} here: more does not fit in a request of Lambda's" if fewer else ""
    return Call("batch", joined, want), note


def _ask(shipped: Shipped, call: Call, places: Sequence[int], what: str) -> Ask:
    manifest = shipped.manifest

    def fault(answer: Answer, form: Form) -> str:
        precision = "float32" if form.name == "web" else ""
        found = compare_calls([call], [answer], manifest.outputs, tolerances_of(manifest, precision=precision))
        wrong = found.problems or found.flips or found.over
        return said(found, what, places) if wrong else ""

    return Ask(call.inputs, _length(call.inputs), fault)


def _length(arrays: Arrays) -> int:
    """Of the first dimension; 1 of a scalar."""
    shape = next(iter(arrays.values())).shape
    return int(shape[0]) if shape else 1


def _shapes(arrays: Arrays) -> list[tuple[int, ...]]:
    return [array.shape for array in arrays.values()]


def _bytes(arrays: Mapping[str, np.ndarray[Any, Any]]) -> int:
    """As V2's binary tensors have them, about."""
    return sum(
        sum(len(str(word)) + 4 for word in a.ravel().tolist()) if a.dtype.kind in "OU" else a.nbytes
        for a in arrays.values()
    )
