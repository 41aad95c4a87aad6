"""The signature of a graph: what its inputs are, the ranges that it takes, and what its outputs turn out to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from isoship.errors import InputError, UnsupportedModelError
from isoship.tensors.asks import asks_for, plain_call, sizes_found
from isoship.tensors.contract import Arrays
from isoship.tensors.graph import DTYPES, NUMPY, inputs_of
from isoship.tensors.passed_on import passes_non_finite
from isoship.tensors.ranges import ends_of, uses_of
from isoship.tensors.run import Array, Runs
from isoship.tensors.samples import fitted
from isoship.tensors.sizes import Found, sizes_of
from isoship_edge.manifest import TENSOR, Output, Signature
from isoship_edge.tensors.signature import DATATYPES, FLOATS, Input


@dataclass(frozen=True, eq=False)
class Inferred:
    """What a graph says of its inputs. samples: the calls in its dtypes. sizes: those of its dynamic dimensions that
    are answered, None where none of the ladder's is."""

    signature: Signature
    samples: list[dict[str, Array]]
    notes: list[str]
    sizes: Found | None


def infer_signature(graph: onnx.ModelProto, calls: Sequence[Mapping[str, Array]] = ()) -> Inferred:
    """The signature of a graph whose dimensions are numbers or names.

    Raises:
        SampleError: a call does not fit. UnsupportedModelError: no call is answered at all.
    """
    inputs = tuple(_declared(value) for value in inputs_of(graph))
    samples = fitted(calls, inputs)
    run = Runs(graph)
    found = sizes_found(run, graph, inputs, [sizes_of(inputs, each) for each in samples])
    base = samples[0] if samples else plain_call(run, graph, inputs, found)
    if base is None:
        raise UnsupportedModelError(
            "the model",
            "onnxruntime answers none of the calls that were tried, of any size of its dynamic dimensions",
            "Give a call as it is made: --sample calls.npz, an array for each input",
        )
    passes = passes_non_finite(graph)
    made, notes = [], []
    for one in inputs:
        if one.dtype in FLOATS:
            made.append(one._replace(nan=one.name in passes, infinity=one.name in passes))
        elif one.dtype in ("bool", "string"):
            made.append(one)
        else:
            made.append(_ranged(graph, run, one, base))
            low, high = made[-1].minimum, made[-1].maximum
            if (low, high) != (None, None):
                notes.append(f"{one.name}: the model takes integers from {_end(low)} to {_end(high)}")
    return Inferred(Signature("tensors", (), tuple(made)), samples, notes, found)


def move_together(graph: onnx.ModelProto, names: Sequence[str]) -> bool:
    """Whether the model answers other sizes of these dimensions only where all of them are equal."""
    inputs = tuple(_declared(value) for value in inputs_of(graph))
    found = sizes_found(Runs(graph), graph, inputs)
    if found is None:
        return False
    moved = [found.others.get(name, ()) for name in names]
    return all(each and all(len({sizes[name] for name in names}) == 1 for sizes in each) for each in moved)


def infer_outputs(
    graph: onnx.ModelProto,
    signature: Signature,
    samples: Sequence[Arrays],
    classes: Mapping[str, Any] | None = None,
    found: Found | None = None,
) -> tuple[Output, ...]:
    """Names and dtypes as the graph has them; dimensions as calls of several sizes show them.

    A dimension that is as large as a named one of the inputs in every call, and no number, has that name; what is
    always one number is that number; the rest keeps the file's name or gets one. found: as of `asks_for`.
    """
    run = Runs(graph)
    asks = asks_for(graph, signature, samples=samples, found=found, budget=20, settled=False)
    seen = [(sizes_of(signature.inputs, ask.inputs), run(ask.inputs)) for ask in asks]
    if not seen:
        raise UnsupportedModelError(
            "the model", "it answers none of the calls that were made with finite numbers", "Give --sample calls.npz"
        )
    outputs = []
    for value in graph.graph.output:
        array = np.asarray(seen[0][1][value.name])
        declared = [dim.dim_param for dim in value.type.tensor_type.shape.dim]
        ranks = {np.ndim(made[value.name]) for _, made in seen}
        if len(ranks) > 1:
            raise UnsupportedModelError(
                f"the output {value.name!r}", f"it has {sorted(ranks)} dimensions by turns", "Reshape it to one of them"
            )
        shape = tuple(
            _dimension(value.name, axis, [(sizes, np.shape(made[value.name])[axis]) for sizes, made in seen],
                       declared[axis] if axis < len(declared) else "")
            for axis in range(array.ndim)
        )  # fmt: skip
        named = (classes or {}).get(value.name) or None
        outputs.append(Output(value.name, TENSOR, _dtype(array), shape, named))
    return tuple(outputs)


def _dimension(output: str, axis: int, seen: Sequence[tuple[Mapping[str, int], int]], declared: str) -> str | int:
    found = {size for _, size in seen}
    names = [name for name in seen[0][0] if all(sizes[name] == size for sizes, size in seen)]
    varied = [name for name in names if len({sizes[name] for sizes, _ in seen}) > 1]
    if declared in varied or (declared in names and len(found) == 1):
        return declared
    if varied:
        return varied[0]
    anything_varied = any(len({sizes[name] for sizes, _ in seen}) > 1 for name in seen[0][0])
    if len(found) == 1 and (not declared or anything_varied or not seen[0][0]):
        return found.pop()
    return declared if declared and declared not in seen[0][0] else f"{output}_{axis}"


def _declared(value: onnx.ValueInfoProto) -> Input:
    tensor = value.type.tensor_type
    shape = tuple(dim.dim_param or dim.dim_value for dim in tensor.shape.dim)
    return Input(value.name, DTYPES[tensor.elem_type], shape)


def _dtype(array: Array) -> str:
    kind = (
        "string"
        if array.dtype.kind in "OU"
        else {"float64": "double", "float32": "float"}.get(array.dtype.name, array.dtype.name)
    )
    assert kind in DATATYPES, kind
    return kind


def _ranged(graph: onnx.ModelProto, run: Runs, one: Input, base: Arrays) -> Input:
    use = uses_of(graph, one.name)
    info = np.iinfo(NUMPY[one.dtype])

    def answered(number: int) -> bool:
        try:
            run({**base, one.name: np.full_like(base[one.name], number)})
        except InputError:
            return False
        return True

    if not base[one.name].size:
        return one
    low, high = ends_of(use, answered, int(info.min), int(info.max))
    return one._replace(minimum=low, maximum=high)


def _end(number: float | None) -> str:
    return "the dtype's end" if number is None else str(number)
