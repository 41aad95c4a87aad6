"""Sizes that a graph computes with: what is known of an integer tensor that came from a `Shape`.

A batch of any size is a name; `Shape` of [N, 3, 8, 8] is known but for its first element, and a `Reshape` to a shape
made of it needs no run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Sizes:
    """An int64 tensor of at most one axis. flat: its elements, each a number, a size's name, or None."""

    flat: tuple[int | str | None, ...]
    scalar: bool = False

    def array(self) -> Array:
        """The tensor, where all of it is numbers."""
        made = np.array(self.flat, np.int64)
        return made.reshape(()) if self.scalar else made


Known = Callable[[str], Array | None]
_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
    "Div": lambda a, b: int(a / b) if b else 0,
    "Max": max,
    "Min": min,
}


def known_sizes(
    node: onnx.NodeProto,
    attrs: Mapping[str, Any],
    values: Mapping[str, Any],
    sizes: Mapping[str, Sizes],
    constant: Known,
) -> Sizes | None:
    """What is known of a node's result, None where it is nothing like sizes.

    values: dtype and shape by name; sizes: what is known so far; constant: the array of a name, None where it is none.
    """

    def given(i: int) -> Sizes | None:
        name = node.input[i] if i < len(node.input) else ""
        if name in sizes:
            return sizes[name]
        array = constant(name) if name else None
        if array is None or array.ndim > 1 or array.dtype.kind not in "iu" or array.size > 64:
            return None
        return Sizes(tuple(int(x) for x in array.ravel()), array.ndim == 0)

    op = node.op_type if node.domain == "" else ""
    if op in ("Shape", "Size"):
        value = values.get(node.input[0])
        if value is None or value.shape is None:
            return None
        if op == "Size":
            whole = all(isinstance(size, int) for size in value.shape)
            return Sizes((int(np.prod([int(s) for s in value.shape])) if whole else None,), scalar=True)
        return Sizes(value.shape[attrs.get("start", 0) : attrs.get("end", len(value.shape))])
    if op not in _RULES and op not in _ARITHMETIC:
        return None
    if not any(name in sizes for name in node.input):
        return None
    first = given(0)
    if first is None:
        return None
    if op in _ARITHMETIC:
        return _combined(_ARITHMETIC[op], op, first, given(1)) if len(node.input) == 2 else None
    return _RULES[op](node, attrs, first, given)


def _combined(f: Callable[[int, int], int], op: str, a: Sizes, b: Sizes | None) -> Sizes | None:
    if b is None:
        return None
    length = max(len(a.flat), len(b.flat))
    if any(len(x.flat) not in (1, length) for x in (a, b)):
        return None
    left, right = (x.flat * length if len(x.flat) == 1 else x.flat for x in (a, b))

    def one(x: Any, y: Any) -> Any:
        if isinstance(x, int) and isinstance(y, int):
            return f(x, y)
        if op == "Mul" and 1 in (x, y):
            return x if y == 1 else y
        return x if (op, y) in (("Add", 0), ("Sub", 0), ("Div", 1)) else None

    return Sizes(tuple(one(x, y) for x, y in zip(left, right, strict=True)), a.scalar and b.scalar)


def _same(_node: Any, attrs: Any, x: Sizes, _given: Any) -> Sizes | None:
    return x if attrs.get("to", 7) in (6, 7) else None  # int32, int64


def _gather(_node: Any, attrs: Any, x: Sizes, given: Any) -> Sizes | None:
    at = given(1)
    if at is None or attrs.get("axis", 0) != 0 or x.scalar or not all(isinstance(i, int) for i in at.flat):
        return None
    if any(not -len(x.flat) <= i < len(x.flat) for i in at.flat):
        return None
    return Sizes(tuple(x.flat[i] for i in at.flat), at.scalar)


def _slice(node: Any, _attrs: Any, x: Sizes, given: Any) -> Sizes | None:
    start, end = given(1), given(2)
    step = given(4) if len(node.input) > 4 and node.input[4] else Sizes((1,))
    if x.scalar or start is None or end is None or step is None or len(start.flat) != 1:
        return None
    first, last, by = start.flat[0], end.flat[0], step.flat[0]
    if not (isinstance(first, int) and isinstance(last, int) and isinstance(by, int)) or by < 1:
        return None
    return Sizes(x.flat[first:last:by])


def _concat(node: Any, _attrs: Any, _x: Sizes, given: Any) -> Sizes | None:
    parts = [given(i) for i in range(len(node.input))]
    if any(part is None or part.scalar for part in parts):
        return None
    return Sizes(tuple(size for part in parts for size in part.flat))


def _unsqueeze(_node: Any, _attrs: Any, x: Sizes, _given: Any) -> Sizes | None:
    return Sizes(x.flat) if x.scalar else None


def _squeeze(_node: Any, _attrs: Any, x: Sizes, _given: Any) -> Sizes | None:
    return Sizes(x.flat, scalar=True) if len(x.flat) == 1 else None


def _reshape(_node: Any, _attrs: Any, x: Sizes, given: Any) -> Sizes | None:
    to = given(1)
    if to is None or len(to.flat) > 1:
        return None
    return Sizes(x.flat, scalar=len(to.flat) == 0) if len(x.flat) == 1 or len(to.flat) == 1 else None


_RULES: dict[str, Callable[..., Sizes | None]] = {
    "Cast": _same,
    "Concat": _concat,
    "Gather": _gather,
    "Identity": _same,
    "Reshape": _reshape,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
}
