"""Sums of products that lose no digits in float32: z = t @ W, whatever the columns hold.

A float32 product has an error of 2**-24 of its largest partial sum. Raw columns (years, prices, seconds since 1970)
make that sum many times larger than z, and nothing in a fitted model tells by how much. So both factors are cut into
pieces of a few bits, whole numbers whose products and sums float32 holds exactly, in any order, on every backend:

    JavaScript, in doubles                     TF.js
    t * row scales, over the largest of a row  [q1 q2 q3 r] @ [[v1 v2 v3 p3]   -> sums s1, s2, s3 and the rest
    = q1 + q2 e + q3 e^2 + r e^2, e = 2**-d                   [ 0 v1 v2 p2]       carried into one another, each below
                                                              [ 0  0 v1 p1]       half of the next, then added, smallest
                                                              [ 0  0  0 w ]]      first, and scaled

The weights' pieces v and what is left of them (p1, p2, p3 after the first, second and third) are made here. What is
lost is 2**-46 of the largest partial sum and 2**-24 of z itself; terms and weights that are a millionth of others in
their row or column are numbers of 24 bits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.tfjs.canonical import Array, Value
from isoship.tfjs.emitter import Tensor

if TYPE_CHECKING:
    from isoship.tfjs.affine import Form
    from isoship.tfjs.lowering import Emission
    from isoship.tfjs.program import Program

#: Whole numbers up to here are float32s, the carries from below included.
_EXACT_BITS = 23
_MOST_BITS = 9
#: Four pieces each, in float32: 8 KB a row.
_MOST_TERMS = 512
#: A row of zeros is divided by this.
_TINY = 1e-290


def bits_for(terms: int) -> int:
    """How many bits a piece has beside its sign, so that three products of so many terms are exact."""
    return min(_MOST_BITS, int((_EXACT_BITS - math.log2(3 * terms)) // 2))


def is_possible(form: Form) -> bool:
    """Whether the weights are finite, and the terms few enough for a row's pieces to be handed over."""
    parts = (*form.terms.values(), form.constant)
    return all(np.isfinite(p).all() for p in parts) and sum(map(len, form.terms.values())) <= _MOST_TERMS


def wide_sum(name: str, form: Form, emission: Emission, program: Program) -> Tensor:
    """The tensor of a form, float32 [N, K]. name: under which the values of the program's steps are known."""
    weights = np.concatenate([*form.terms.values(), form.constant[None]])
    bits = bits_for(len(weights))
    rows = _powers(np.abs(weights).max(axis=1))
    weights = weights / np.where(rows, rows, 1.0)[:, None]
    columns = _powers(np.abs(weights).max(axis=0))
    feeds = _pieces_of_rows(name, form, rows, bits, program)
    emission.prefix[feeds[0]] = Value("double", ("N", 4 * len(weights)))
    emission.prefix[feeds[1]] = Value("double", ("N", 1))
    table = _pieces_of_weights(weights / np.where(columns, columns, 1.0), bits)
    flags: dict[str, Any] = {"transpose_a": {"b": False}, "transpose_b": {"b": False}}
    sums = emission.op("MatMul", emission.feed(feeds[0]), emission.const(table.astype(np.float32)), **flags)
    total = _added(sums, form.columns, bits, emission)
    scaled = emission.op("Mul", total, emission.const(columns[None].astype(np.float32)))
    return emission.op("Mul", scaled, emission.feed(feeds[1]))


def _powers(sizes: Array) -> Array:
    """The power of two above each size, by which numbers are divided without an error; 0 for 0."""
    return np.where(sizes > 0, np.ldexp(1.0, np.frexp(sizes)[1]), 0.0)


def _pieces_of_rows(name: str, form: Form, rows: Array, bits: int, program: Program) -> tuple[str, str]:
    """Steps of the prefix; the names of the pieces [N, 4 F] and of each row's scale [N, 1]."""

    def step(op: str, arguments: list[str], what: str, **attrs: object) -> str:
        made = f"{name}/{what}"
        program.append(program.prefix, op, arguments, [made], dict(attrs))
        return program.names[made]

    def number(value: float) -> str:
        return program.constant(np.array([[value]], np.float64))

    terms = [program.name(term) for term in form.terms]
    joined = terms[0] if len(terms) == 1 else step("Concat", terms, "terms", axis=1)
    t = step("Mul", [joined, program.constant(rows[None, :-1])], "scaled")
    axes = program.constant(np.array([1], np.int64))
    largest = step("ReduceMax", [step("Abs", [t], "sizes"), axes], "largest", keepdims=1, noop_with_empty_axes=0)
    constant = float(rows[-1])
    scale = step("Max", [largest, number(max(constant, _TINY))], "scale")
    share = step("Div", [number(constant), scale], "constant")
    rest = step("Concat", [step("Div", [t, scale], "shares"), share], "with constant", axis=1)
    pieces = []
    for place, factor in enumerate((2.0**bits, 2.0 ** (bits + 1), 2.0 ** (bits + 1)), start=1):
        larger = step("Mul", [rest, number(factor)], f"times {place}")
        pieces.append(step("Round", [larger], f"piece {place}"))
        rest = step("Sub", [larger, pieces[-1]], f"rest {place}")
    step("Concat", [*pieces, rest], "pieces", axis=1)
    step("Mul", [scale, number(2.0 ** (-2 * bits))], "unit")
    return f"{name}/pieces", f"{name}/unit"


def _pieces_of_weights(weights: Array, bits: int) -> Array:
    """[4 F, 4 K], as drawn above. weights: at most 1 in size."""
    whole = weights * 2.0**bits
    rest, pieces, rests = whole, [], []
    for factor in (1.0, 2.0 ** (bits + 1), 2.0 ** (bits + 1)):
        larger = rest * factor
        pieces.append(np.round(larger))
        rest = larger - pieces[-1]
        rests.append(rest)
    none = np.zeros_like(weights)
    v1, v2, v3 = pieces
    p1, p2, p3 = rests
    return np.block([[v1, v2, v3, p3], [none, v1, v2, p2], [none, none, v1, p1], [none, none, none, whole]])


def _added(sums: Tensor, width: int, bits: int, e: Emission) -> Tensor:
    """s1 + s2 e + (s3 + rest) e^2 without a rounding error but the last ones."""
    base = 2.0 ** (bits + 1)
    parts = [
        e.op("Slice", sums, e.control([0, i * width]), e.control([-1, width]), Index={"type": "DT_INT32"})
        for i in range(4)
    ]
    down, up = e.const(np.float32(1 / base)), e.const(np.float32(base))
    carry = e.op("Round", parts[3])
    below = e.op("Sub", parts[3], carry)
    for part in (parts[2], parts[1]):
        whole = e.op("AddV2", part, carry)
        carry = e.op("Round", e.op("Mul", whole, down))
        left = e.op("Sub", whole, e.op("Mul", carry, up))
        below = e.op("Mul", e.op("AddV2", left, below), down)
    return e.op("AddV2", e.op("AddV2", parts[0], carry), below)
