"""Faults around the trees of model.onnx: imputers, scalers, encoders, linear parts, outputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from onnx import helper

from benchmarks.mutants.graph import Array, Canonical
from benchmarks.mutants.tree_faults import Plant
from benchmarks.mutants.trees import Ensemble

Rng = np.random.Generator


def constant(op: str, edit: Callable[[Array], Array | None], text: str, *, which: int = 0, operand: int = 1) -> Plant:
    """A constant operand, edited."""

    def plant(folder: Path, _rng: Rng) -> str:
        canonical = Canonical(folder)
        canonical.change(op, edit, which=which, operand=operand)
        canonical.save()
        return text

    return plant


def attribute(op: str, text: str, edit: Callable[[dict[str, Any]], dict[str, Any]], *, which: int = 0) -> Plant:
    """Attributes of a node, edited: `edit` takes all of them and returns those that change."""

    def plant(folder: Path, _rng: Rng) -> str:
        canonical = Canonical(folder)
        node = canonical.node(op, which)
        for name, value in edit(canonical.attributes(node)).items():
            canonical.set_attribute(node, name, value)
        canonical.save()
        return text

    return plant


def mean_last_bit(array: Array) -> None:
    """The mean of the first column one ulp up.

    x - mean is exact for x between half and twice the mean, where this column lies, and there both have one ulp: the
    place where each threshold is crossed moves by exactly one double.
    """
    array.flat[0] = np.nextafter(array.flat[0], np.inf)


def middle_edge_up(array: Array) -> None:
    """A bin edge that is a value of the sample one ulp up; neither end, where values are held to the range."""
    edges = array.reshape(-1, array.shape[-1])
    edges[0, edges.shape[1] // 2] = np.nextafter(edges[0, edges.shape[1] // 2], np.inf)


def scale_last_bit(folder: Path, _rng: Rng) -> str:
    """The scale of one column one ulp up: the first column in which that moves the crossing of a twig's threshold."""
    canonical = Canonical(folder)
    mean, scale = (canonical.constant(canonical.node(op).input[1]).ravel() for op in ("Sub", "Div"))
    ensemble = Ensemble(canonical)
    for column in range(len(mean)):
        other = np.nextafter(scale[column], np.inf)
        thresholds = ensemble.split[[b.index for b in ensemble.twigs(numbers=[column])]]
        if any(_crossing(t, mean[column], scale[column]) != _crossing(t, mean[column], other) for t in thresholds):
            scale[column] = other
            canonical.set_constant(canonical.node("Div").input[1], scale.reshape(1, -1))
            canonical.save()
            return f"column {column}: {other!r}"
    raise LookupError("no column's scale decides a row by its last bit")


def imputed_value_last_bit(folder: Path, _rng: Rng) -> str:
    """An imputed value that lies on a bin's lower edge, one ulp down: missing values fall into the bin below."""
    canonical = Canonical(folder)
    name = canonical.node("Where").input[1]
    values = canonical.constant(name)
    edges = canonical.constant(canonical.node("GreaterOrEqual").input[1])
    column = next(j for j in range(values.size) if values.flat[j] in edges.reshape(values.size, -1)[j])
    values.flat[column] = np.nextafter(values.flat[column], -np.inf)
    canonical.set_constant(name, values)
    canonical.save()
    return f"column {column}: {values.flat[column]!r}"


def output_renamed(folder: Path, _rng: Rng) -> str:
    canonical = Canonical(folder)
    for node in canonical.graph.node:
        node.output[:] = ["probability" if o == "probabilities" else o for o in node.output]
        node.input[:] = ["probability" if i == "probabilities" else i for i in node.input]
    canonical.output("probabilities").name = "probability"
    canonical.save()
    return "probabilities -> probability"


def output_in_float(folder: Path, _rng: Rng) -> str:
    canonical = Canonical(folder)
    canonical.after("probabilities", lambda inner: helper.make_node("Cast", [inner], [], to=1))
    canonical.output("probabilities").type.tensor_type.elem_type = 1
    canonical.save()
    return "probabilities as float"


def output_wider(folder: Path, _rng: Rng) -> str:
    """Probabilities get a column of zeros."""
    canonical = Canonical(folder)
    pads = canonical.add_constant("planted pads", np.array([0, 0, 0, 1]))
    canonical.after("probabilities", lambda inner: helper.make_node("Pad", [inner, pads], []))
    shape = canonical.output("probabilities").type.tensor_type.shape
    shape.dim[1].Clear()
    canonical.save()
    return "one column more"


def swapped(array: Array) -> None:
    """The first two elements change places."""
    array.flat[0], array.flat[1] = array.flat[1], array.flat[0]


def first_off(relative: float) -> Callable[[Array], None]:
    def edit(array: Array) -> None:
        array.flat[0] *= 1 + relative

    return edit


def softmax_unguarded(folder: Path, _rng: Rng) -> str:
    """Softmax as its formula has it: exp of a large score is infinite."""
    canonical = Canonical(folder)
    node = canonical.node("Softmax")
    axis = canonical.add_constant("last axis", np.array([-1], np.int64))
    canonical.instead(
        node,
        helper.make_node("Exp", [node.input[0]], ["powers"]),
        helper.make_node("ReduceSum", ["powers", axis], ["sum of powers"]),
        helper.make_node("Div", ["powers", "sum of powers"], list(node.output)),
    )
    canonical.save()
    return "exp(x) / sum(exp(x))"


def scaled_cut_off(folder: Path, _rng: Rng) -> str:
    """Scaled values held below 8, which no row inside the fitted range reaches."""
    canonical = Canonical(folder)
    node = canonical.node("Div")
    most = canonical.add_constant("most", np.array(8.0))
    canonical.instead(
        node,
        helper.make_node("Div", list(node.input), ["scaled"]),
        helper.make_node("Min", ["scaled", most], list(node.output)),
    )
    canonical.save()
    return "min(x, 8)"


def sine_of_the_runtime(folder: Path, _rng: Rng) -> str:
    """onnxruntime's own Sin, which has Sin(pi) = -0.0 in a batch."""
    canonical = Canonical(folder)
    node = next(n for n in canonical.graph.node if n.name == "Where_sine")
    canonical.instead(node, helper.make_node("Sin", [node.input[2]], list(node.output)))
    canonical.save()
    return "Sin(x)"


def first_to(value: Any) -> Callable[[Array], None]:
    def edit(array: Array) -> None:
        array.flat[0] = value

    return edit


def key_dropped(category: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def edit(attributes: dict[str, Any]) -> dict[str, Any]:
        keys = _words(attributes["keys_strings"])
        kept = [i for i, key in enumerate(keys) if key != category]
        values = list(attributes["values_int64s"])
        return {"keys_strings": [keys[i] for i in kept], "values_int64s": [values[i] for i in kept]}

    return edit


def keys_swapped(attributes: dict[str, Any]) -> dict[str, Any]:
    first, second, *rest = _words(attributes["keys_strings"])
    return {"keys_strings": [second, first, *rest]}


def _words(values: Any) -> list[str]:
    return [v.decode() if isinstance(v, bytes) else str(v) for v in values]


def _crossing(threshold: Any, mean: float, scale: float) -> float:
    """The largest double whose scaled value, as a float32, is at most the threshold."""
    low, high = mean - 1e6 * scale, mean + 1e6 * scale
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return float(low)
        if np.float32((middle - mean) / scale) <= threshold:
            low = middle
        else:
            high = middle
