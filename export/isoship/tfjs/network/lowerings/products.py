"""Products of matrices."""

from __future__ import annotations

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission
from isoship.tfjs.network.reading import Dim, Node
from isoship.tfjs.network.registry import ROUNDED, CannotLower, lowering
from isoship.tfjs.network.writing import kind


def product(e: Emission, a: Tensor, b: Tensor, *, adj_x: bool = False, adj_y: bool = False) -> Tensor:
    """Of matrices, or of batches of them."""
    return e.op("BatchMatMulV2", a, b, adj_x={"b": adj_x}, adj_y={"b": adj_y})


@lowering("MatMul", emits=["MatMul", "BatchMatMulV2", "Tile"], exactness=ROUNDED)
def matmul(e: Emission, node: Node) -> Tensor:
    a, b = (e.data(name) for name in node.inputs)
    if a.dtype != "float32":
        raise CannotLower("it multiplies integers")
    x, y = (list(e.shape(name)) for name in node.inputs)
    if len(x) == 1:
        a = e.reshape(a, [1, *x])
    if len(y) == 1:
        b = e.reshape(b, [*y, 1])
    if len(x) <= 2 and len(y) <= 2:
        made = e.op("MatMul", a, b, transpose_a={"b": False}, transpose_b={"b": False})
    else:
        made = product(e, *_of_one_batch(e, a, b, x, y))
    if len(x) > 1 and len(y) > 1:
        return made
    before = max((x[:-2], y[:-2]), key=len)
    return e.reshape(made, [*before, *(x[-2:-1] if len(x) > 1 else []), *(y[-1:] if len(y) > 1 else [])])


def _of_one_batch(e: Emission, a: Tensor, b: Tensor, x: list[Dim], y: list[Dim]) -> tuple[Tensor, Tensor]:
    """Both with the same batch: TF.js takes the matrices of the smaller one in turn, whatever axis it lacks."""
    left, right = x[:-2], y[:-2]
    same = left == right and None not in left
    if same or not left or not right or all(n == 1 for n in left) or all(n == 1 for n in right):
        return a, b
    rank = max(len(left), len(right))
    left, right = [*[1] * (rank - len(left)), *left], [*[1] * (rank - len(right)), *right]
    if any(not isinstance(n, int) for n in left + right):
        raise CannotLower("its batches broadcast, and their sizes are not known")
    whole = [max(int(m or 0), int(n or 0)) for m, n in zip(left, right, strict=True)]

    def tiled(t: Tensor, batch: list[Dim], matrix: list[Dim]) -> Tensor:
        repeats = [n // int(m or 1) for n, m in zip(whole, batch, strict=True)]
        return e.op("Tile", e.reshape(t, [*batch, *matrix]), e.control([*repeats, 1, 1]), Tmultiples=kind("int32"))

    return tiled(a, left, (x if len(x) > 1 else [1, *x])[-2:]), tiled(b, right, (y if len(y) > 1 else [*y, 1])[-2:])


@lowering("Gemm", since=6, emits=["MatMul", "Mul", "AddV2"], exactness=ROUNDED)
def gemm(e: Emission, node: Node) -> Tensor:
    a, b = (e.data(name) for name in node.inputs[:2])
    if a.dtype != "float32":
        raise CannotLower("it multiplies integers")
    weights = e.graph.constants.get(node.inputs[1])
    back = bool(node.attrs["transB"])
    if weights is not None and back:
        b, back = e.const(e.narrow(weights.T)), False
    made = e.op("MatMul", a, b, transpose_a={"b": bool(node.attrs["transA"])}, transpose_b={"b": back})
    if float(node.attrs["alpha"]) != 1.0:
        made = e.op("Mul", made, e.like(made, float(node.attrs["alpha"])))
    if not e.has(node, 2):
        return made
    c = e.data(node.inputs[2])
    if float(node.attrs["beta"]) != 1.0:
        c = e.op("Mul", c, e.like(c, float(node.attrs["beta"])))
    return e.op("AddV2", made, c)


@lowering("Einsum", emits=["BatchMatMulV2", "Mul", "Sum"], exactness=ROUNDED)
def einsum(e: Emission, node: Node) -> Tensor:
    """By one product over all letters and a sum over those that go: wasm has no Einsum."""
    left, _, right = str(node.attrs["equation"]).replace(" ", "").partition("->")
    terms = left.split(",")
    if "..." in left:
        raise CannotLower("its equation has an ellipsis")
    if "->" not in str(node.attrs["equation"]):
        right = "".join(sorted(c for c in set(left) - {","} if left.count(c) == 1))
    if any(len(set(term)) < len(term) for term in terms):
        raise CannotLower("a letter stands twice in a term of its equation")
    if len(terms) == 2:
        made = _of_two(e, node, terms, right)
        if made is not None:
            return made
    letters = right + "".join(sorted(set(left) - {","} - set(right)))
    whole = None
    for name, term in zip(node.inputs, terms, strict=True):
        order = sorted(range(len(term)), key=lambda i, term=term: letters.index(term[i]))  # type: ignore[misc]
        x = e.transpose(e.data(name), order)
        shape = e.shape(name)
        wide = [shape[term.index(c)] if c in term else 1 for c in letters]
        x = e.reshape(x, wide)
        whole = x if whole is None else e.op("Mul", whole, x)
    assert whole is not None
    gone = range(len(right), len(letters))
    return e.reduce("Sum", whole, gone) if len(gone) else whole


def _of_two(e: Emission, node: Node, terms: list[str], right: str) -> Tensor | None:
    """As one product of batches of matrices, where each letter is of a batch, of one side, or of both and goes."""
    a, b = terms
    batch = [c for c in a if c in b and c in right]
    inner = [c for c in a if c in b and c not in right]
    rows, columns = [c for c in a if c not in b], [c for c in b if c not in a]
    if not inner or any(c not in right for c in rows + columns):
        return None
    sizes = {c: e.sizes(name)[i] for name, term in zip(node.inputs, terms, strict=True) for i, c in enumerate(term)}

    def count(letters: list[str]) -> int:
        return int(np.prod([sizes[c] for c in letters])) if letters else 1

    left = e.transpose(e.data(node.inputs[0]), [a.index(c) for c in batch + rows + inner])
    other = e.transpose(e.data(node.inputs[1]), [b.index(c) for c in batch + inner + columns])
    left = e.reshape(left, [count(batch), count(rows), count(inner)])
    other = e.reshape(other, [count(batch), count(inner), count(columns)])
    made = e.reshape(product(e, left, other), [sizes[c] for c in batch + rows + columns])
    order = batch + rows + columns
    return e.transpose(made, [order.index(c) for c in right])
