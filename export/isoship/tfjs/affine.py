"""Values that are sums of products by constants, read out of a graph: z = a @ M + b @ L + c.

a, b are values that JavaScript has at hand, [N, F] each; M, L and c are constants. Where a model ends so (linear
models, projections, kernel machines, distances by products) the browser computes z with `wide_sums.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from isoship.tfjs.canonical import Array, Graph, Node
from isoship.tfjs.magnitude import MOST_WEIGHTS_IN_JAVASCRIPT

PRODUCTS = frozenset({"MatMul", "Gemm"})


@dataclass(frozen=True, eq=False)
class Form:
    """terms: value -> its matrix [F, K]. constant: [K]."""

    terms: Mapping[str, Array]
    constant: Array

    def mapped(self, change: Callable[[Array], Array]) -> Form:
        """With every matrix, and the constant as a matrix of one row, changed alike."""
        terms = {name: change(matrix) for name, matrix in self.terms.items()}
        return Form(terms, change(self.constant[None])[0])

    def plus(self, other: Form) -> Form:
        one, other = (_widened(form, max(self.columns, other.columns)) for form in (self, other))
        terms = dict(one.terms)
        for name, matrix in other.terms.items():
            terms[name] = terms[name] + matrix if name in terms else matrix
        return Form(terms, one.constant + other.constant)

    def minus(self, other: Form) -> Form:
        return self.plus(other.mapped(np.negative))

    @property
    def columns(self) -> int:
        return len(self.constant)

    @property
    def size(self) -> int:
        """Weights, the constant's among them."""
        return sum(matrix.size for matrix in self.terms.values()) + self.constant.size


def affine_forms(graph: Graph) -> dict[str, Form]:
    """The form of every double [N, K] that is such a sum with a product in it, and has not too many weights."""
    forms: dict[str, Form] = {}
    for node in graph.nodes:
        out = node.outputs[0]
        if _width(graph, out) is None or not (node.op in PRODUCTS or forms.keys() & set(node.inputs)):
            continue
        form = _Reader(graph, forms, out).form_of(node)
        if form is not None and form.size <= MOST_WEIGHTS_IN_JAVASCRIPT:
            forms[out] = form
    return forms


def form_of(name: str, graph: Graph, forms: Mapping[str, Form]) -> Form | None:
    """The form of a value among `forms`, of a constant, or of a double [N, 1] as it is."""
    array = graph.constant(name)
    if array is not None:
        row = array.size == 1 or (array.ndim > 0 and array.shape[-1] == array.size)
        return Form({}, array.reshape(-1)) if row and array.dtype.kind == "f" else None
    if name in forms:
        return forms[name]
    return Form({name: np.eye(1)}, np.zeros(1)) if _width(graph, name) == 1 else None


def _width(graph: Graph, name: str) -> int | None:
    value = graph.values[name]
    if value.dtype != "double" or value.rank != 2 or value.shape[0] != "N":
        return None
    return value.shape[1] if isinstance(value.shape[1], int) else None


@dataclass(frozen=True)
class _Reader:
    """Reads one node; the results of those before it are in `forms`."""

    graph: Graph
    forms: Mapping[str, Form]
    out: str

    def form_of(self, node: Node) -> Form | None:
        if node.op in PRODUCTS:
            return self._product(node)
        parts = [form_of(name, self.graph, self.forms) for name in node.inputs]
        if node.op == "Gather":
            places = self.graph.constant(node.inputs[1])
            if parts[0] is None or places is None or places.ndim != 1 or int(node.attrs["axis"]) % 2 != 1:
                return None
            return parts[0].mapped(lambda m: m[:, places])
        known = [part for part in parts if part is not None]
        if len(known) != len(parts):
            return None
        if node.op == "Concat":
            terms = {name: len(matrix) for part in known for name, matrix in part.terms.items()}
            size = sum(part.columns for part in known) * sum(terms.values())
            # a missing value of one part may not reach another's columns, by a weight of 0
            alike = all(part.terms.keys() == terms.keys() for part in known)
            if not alike or size > MOST_WEIGHTS_IN_JAVASCRIPT or int(node.attrs["axis"]) % 2 != 1:
                return None
            return _side_by_side(known)
        if node.op in ("Identity", "Neg"):
            return known[0] if node.op == "Identity" else known[0].mapped(np.negative)
        if node.op not in ("Add", "Sub", "Mul", "Div"):
            return None
        first, second = known
        if node.op in ("Add", "Sub"):
            return first.plus(second) if node.op == "Add" else first.minus(second)
        first, second = (_widened(part, max(first.columns, second.columns)) for part in known)
        if not second.terms:
            return first.mapped(lambda m: m * second.constant if node.op == "Mul" else m / second.constant)
        return second.mapped(lambda m: m * first.constant) if node.op == "Mul" and not first.terms else None

    def _product(self, node: Node) -> Form | None:
        weights, source = self.graph.constant(node.inputs[1]), node.inputs[0]
        if weights is None or weights.ndim != 2 or node.attrs.get("transA") or _width(self.graph, source) is None:
            return None
        weights = weights.astype(np.float64)
        if node.op == "Gemm":
            weights = float(node.attrs["alpha"]) * (weights.T if node.attrs["transB"] else weights)
        if source in self.forms:
            form = self.forms[source].mapped(lambda m: m @ weights)
        else:
            form = Form({source: weights}, np.zeros(weights.shape[1]))
        if node.op == "Gemm" and len(node.inputs) > 2 and node.inputs[2]:
            bias = form_of(node.inputs[2], self.graph, self.forms)
            if bias is None:
                return None
            form = form.plus(bias.mapped(lambda m: float(node.attrs["beta"]) * m))
        return form


def _side_by_side(parts: list[Form]) -> Form:
    total, start = sum(part.columns for part in parts), 0
    joined = Form({}, np.zeros(total))
    for part in parts:
        around = ((0, 0), (start, total - start - part.columns))
        joined = joined.plus(part.mapped(partial(np.pad, pad_width=around)))
        start += part.columns
    return joined


def _widened(form: Form, width: int) -> Form:
    return form if form.columns == width else form.mapped(lambda m: np.repeat(m, width, axis=1))
