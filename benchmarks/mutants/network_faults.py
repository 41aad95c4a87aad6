"""Faults in the graphs of networks: what exporters, converters and hands get wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from benchmarks.mutants.graph import Array, Canonical
from benchmarks.mutants.tree_faults import Plant

Rng = np.random.Generator
Edit = Callable[[Canonical], None]


def graph(text: str, edit: Edit) -> Plant:
    """model.onnx, edited in place."""

    def plant(folder: Path, _rng: Rng) -> str:
        canonical = Canonical(folder)
        edit(canonical)
        canonical.save()
        return text

    return plant


def weight(name: str, text: str, edit: Callable[[Array], Array]) -> Plant:
    """A weight of this name, replaced by what `edit` makes of it; the shape stays."""

    def changed(canonical: Canonical) -> None:
        before = canonical.constant(name)
        after = edit(before.copy()).astype(before.dtype)
        if after.shape != before.shape or np.array_equal(after, before):
            raise LookupError(f"{name}: nothing was planted")
        canonical.set_constant(name, np.ascontiguousarray(after))

    return graph(f"{name}: {text}", changed)


def attributes(node: str, **values: Any) -> Plant:
    """Attributes of the node of this name."""

    def changed(canonical: Canonical) -> None:
        for name, value in values.items():
            canonical.set_attribute(named(canonical, node), name, value)

    return graph(f"{node}: {', '.join(f'{k}={v}' for k, v in values.items())}", changed)


def dropped(node: str) -> Plant:
    """A node of one input and one output is not there: who used its output uses its input."""

    def changed(canonical: Canonical) -> None:
        gone = named(canonical, node)
        for other in canonical.graph.node:
            other.input[:] = [gone.input[0] if name == gone.output[0] else name for name in other.input]
        canonical.graph.node.remove(gone)

    return graph(f"{node} dropped", changed)


def without_input(node: str, place: int) -> Plant:
    """An optional input, such as a bias, is not given."""

    def changed(canonical: Canonical) -> None:
        given = named(canonical, node)
        kept = list(given.input)
        kept[place] = ""
        given.input[:] = kept

    return graph(f"{node}: input {place} dropped", changed)


def through(tensor: str, text: str, *steps: tuple[str, dict[str, Any]]) -> Plant:
    """Operators between a tensor and all who use it."""
    return graph(text, lambda canonical: canonical.before(tensor, *steps))


def pad_into_pool(canonical: Canonical) -> None:
    """What onnxruntime's BASIC level does: a Pad of zeros becomes MaxPool's own padding, which is -inf."""
    pool, pad = named(canonical, "pool1"), named(canonical, "pad1")
    canonical.set_attribute(pool, "pads", [1, 1, 1, 1])
    pool.input[0] = pad.input[0]
    canonical.graph.node.remove(pad)


def average_for_maximum(canonical: Canonical) -> None:
    named(canonical, "pool1").op_type = "AveragePool"


def half_precision(array: Array) -> Array:
    return array.astype(np.float16)


def last_bit(array: Array) -> Array:
    """The first weight, one ulp up."""
    array.flat[0] = np.nextafter(array.flat[0], array.dtype.type(np.inf))
    return array


def last_bit_at(row: int) -> Callable[[Array], Array]:
    """The first weight of one row, one ulp up."""

    def edit(array: Array) -> Array:
        array[row].flat[0] = np.nextafter(array[row].flat[0], array.dtype.type(np.inf))
        return array

    return edit


def swapped(axis: int, one: int = 0, other: int = 1) -> Callable[[Array], Array]:
    """Two channels in each other's place."""

    def edit(array: Array) -> Array:
        order = list(range(array.shape[axis]))
        order[one], order[other] = order[other], order[one]
        return array.take(order, axis)

    return edit


def gates_reordered(array: Array) -> Array:
    """LSTM gates in the order of PyTorch and Keras (i, f, g, o), where ONNX has i, o, f, c."""
    i, o, f, c = np.split(array, 4, axis=1)
    return np.concatenate([i, f, c, o], axis=1)


def named(canonical: Canonical, name: str) -> Any:
    return next(node for node in canonical.graph.node if node.name == name)


def transposed_before_flatten(canonical: Canonical) -> None:
    """Channels last, where the dense layer's weights were learnt on channels first."""
    canonical.before("t2", ("Transpose", {"perm": [0, 2, 3, 1]}))


def truncated(canonical: Canonical) -> None:
    """The cast to bytes cuts off what Round would have rounded."""
    named(canonical, "to_bytes").input[0] = "held"
    canonical.graph.node.remove(named(canonical, "whole"))


HALF = (("Cast", {"to": TensorProto.FLOAT16}), ("Cast", {"to": TensorProto.FLOAT}))


def scaled_output(canonical: Canonical) -> None:
    """The logits are a millionth too large."""
    name = canonical.add_constant("planted", np.array(1 + 1e-6, dtype=np.float32))
    canonical.after("logits", lambda inner: helper.make_node("Mul", [inner, name], [], "planted"))
