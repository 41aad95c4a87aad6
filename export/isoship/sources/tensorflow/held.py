"""A graph that tf2onnx wrote, held against the function that it came from, and the signature that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import InputError
from isoship.sources.foreign.asks import asks_of
from isoship.sources.foreign.checked import first_difference, refuse_changed_inputs, refuse_other_answers
from isoship.sources.onnx_file.metadata import strip_metadata
from isoship.sources.tensorflow.names import rename
from isoship.sources.tensorflow.operators import refuse_unknown
from isoship.tensors.contract import Arrays
from isoship.tensors.longest import said_of, with_largest
from isoship.tensors.ranges import proven_ends, uses_of
from isoship.tensors.rounding import Rounding
from isoship.tensors.run import Runs
from isoship.tensors.signatures import Inferred, infer_outputs, infer_signature
from isoship_edge.manifest import Output, Signature
from isoship_edge.tensors.signature import FLOATS, Input

if TYPE_CHECKING:
    import onnx

Array = np.ndarray[Any, Any]
Answers = Callable[[Arrays], dict[str, Array]]
EXPORTER = "tf2onnx"
#: Sizes of the dynamic dimensions, the first one for every kind of ask.
_BATCHES = (2, 1, 3)
#: Another size of every dynamic dimension that is not the batch.
_LENGTHS = (6, 5, 9)


def hold(
    graph: onnx.ModelProto,
    names: Sequence[str],
    answers: Answers,
    place_of_node: Callable[[str], str],
    path_of_node: Callable[[str], str],
    place_of_answer: Callable[[], str],
    samples: Sequence[Arrays],
) -> tuple[Inferred, tuple[Output, ...]]:
    """What the graph's inputs and outputs are, once the graph has shown itself the same.

    place_of_node: a node's name in words. path_of_node: where it is, for its new name (`names.py`). place_of_answer:
    the first step whose graph answers otherwise.

    Raises:
        UnsupportedModelError: the graph has operators that ONNX lacks, other inputs, or other answers.
    """
    refuse_unknown(graph, place_of_node)
    rename(graph, path_of_node)
    refuse_changed_inputs(graph, names)
    strip_metadata(graph)
    inferred = infer_signature(graph, samples)
    signature, calls = inferred.signature, inferred.samples
    signature = signature._replace(inputs=tuple(_as_source(graph, one, signature, answers) for one in signature.inputs))
    refuse_differences(graph, signature, answers, lambda _inputs, _name: place_of_answer(), calls)
    signature = signature._replace(inputs=_settled_nan(graph, signature, answers))
    run = Runs(graph)

    def both(call: Arrays) -> dict[str, Array]:
        answers(call)
        return run(call)

    if inferred.sizes is not None:
        signature = with_largest(graph, signature, inferred.sizes.base, both)
        inferred.notes.extend(said_of(signature))
    return replace(inferred, signature=signature), infer_outputs(graph, signature, calls, found=inferred.sizes)


def refuse_differences(
    graph: onnx.ModelProto,
    signature: Signature,
    answers: Answers,
    place: Callable[[Arrays, str], str],
    calls: Sequence[Arrays] = (),
) -> None:
    """Raises:
    UnsupportedModelError: the graph answers otherwise than the source.
    """
    sample = calls[0] if calls else answered_call(signature.inputs, answers)
    asks = asks_of(signature.inputs, sample, sizes_to_ask(signature.inputs, sample))
    refuse_other_answers(graph, asks, answers, Rounding(graph).noise, place, exporter=EXPORTER)


def sizes_to_ask(inputs: Sequence[Input], sample: Arrays) -> list[dict[str, int]]:
    """Three sizes of each dynamic dimension; the lengths that are no batch begin with the sample's."""
    named: dict[str, int] = {}
    for one in inputs:
        for axis, size in enumerate(one.shape):
            if isinstance(size, str):
                named.setdefault(size, -1 if axis == 0 else int(sample[one.name].shape[axis]))
    return [
        {n: batch if size == -1 else (size if i == 0 else length) for n, size in named.items()}
        for i, (batch, length) in enumerate(zip(_BATCHES, _LENGTHS, strict=True))
    ]


def answered_call(inputs: Sequence[Input], answers: Answers) -> dict[str, Array]:
    """A plain call with integers from the largest range that the source answers, of 256, 10, 2 and 1 values.

    Raises:
        InputError: it answers none.
    """
    for most in (255, 9, 1, 0):
        call = plain_call(inputs, most=most)
        try:
            answers(call)
        except InputError:
            if most == 0:
                raise
        else:
            break
    return call


def plain_call(inputs: Sequence[Input], batch: int = 2, length: int = 6, most: int = 255) -> dict[str, Array]:
    """A call in the middle of what the contract takes. most: of integers that have no end."""
    draw = np.random.default_rng(0)
    call: dict[str, Array] = {}
    for one in inputs:
        sizes = [(batch if a == 0 else length) if isinstance(s, str) else s for a, s in enumerate(one.shape)]
        if one.dtype in FLOATS:
            kind = {"double": "float64", "float": "float32"}.get(one.dtype, one.dtype)
            call[one.name] = draw.standard_normal(sizes).astype(kind)
        elif one.dtype == "string":
            call[one.name] = np.full(sizes, "a", object)
        else:
            low = int(one.minimum) if one.minimum is not None else 0
            high = int(one.maximum) if one.maximum is not None else (1 if one.dtype == "bool" else most)
            call[one.name] = draw.integers(low, min(high, low + most), sizes, endpoint=True).astype(one.dtype)
    return call


def _as_source(graph: onnx.ModelProto, one: Input, signature: Signature, answers: Answers) -> Input:
    """The range of integers that the source itself takes: its graph counts from the end wherever ONNX's Gather does."""
    use = uses_of(graph, one.name)
    if one.dtype in (*FLOATS, "bool", "string") or use.size:
        return one
    call, info = plain_call(signature.inputs, most=0), np.iinfo(one.dtype)

    def answered(number: int) -> bool:
        try:
            answers({**call, one.name: np.full_like(call[one.name], number)})
        except InputError:
            return False
        return True

    call[one.name][...] = 0
    if not answered(0):
        return one
    low, high = proven_ends(answered, use.lookups, int(info.min), int(info.max))
    return one._replace(minimum=low, maximum=high)


def _settled_nan(graph: onnx.ModelProto, signature: Signature, answers: Answers) -> tuple[Input, ...]:
    """Inputs whose NaN and infinities the graph passes on, where the source answers as the graph does."""
    run, inputs = Runs(graph), []
    for one in signature.inputs:
        nan = one.nan and _agree(run, answers, signature, one.name, np.nan)
        infinity = one.infinity and all(_agree(run, answers, signature, one.name, end) for end in (np.inf, -np.inf))
        inputs.append(one._replace(nan=nan, infinity=infinity))
    return tuple(inputs)


def _agree(run: Runs, answers: Answers, signature: Signature, name: str, value: float) -> bool:
    call = answered_call(signature.inputs, answers)
    flat = call[name].reshape(-1)
    flat[:: max(1, flat.size // 3)] = value
    try:
        expected, seen = answers(call), run(call)
    except InputError:
        return False
    loose: Mapping[str, Array] = {
        n: 1e-6 * np.abs(np.nan_to_num(a)) for n, a in expected.items() if a.dtype.kind == "f"
    }
    return all(first_difference(n, a, seen[n], loose.get(n)) is None for n, a in expected.items())
