"""Steps of a random network that move, pick and add up: what they take, and their attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from drawn_graphs import Drawn


def shape_of(d: Drawn, name: str) -> list[int]:
    """With -1 for what hangs on the batch."""
    a, b = d.samples[name]
    return [s if s == t else -1 for s, t in zip(a.shape, b.shape, strict=True)]


def axis_of(d: Drawn, name: str) -> int:
    rank = d.samples[name][0].ndim
    return int(d.rng.integers(-rank, rank))


def transpose(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    return "Transpose", [name], {"perm": [int(x) for x in d.rng.permutation(d.samples[name][0].ndim)]}, 1


def reshape(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    shape = shape_of(d, name)
    if d.rng.random() < 0.3:
        return "Flatten", [name], {"axis": axis_of(d, name)}, 1
    if d.rng.random() < 0.3 and len(shape) > 2:
        return "Reshape", [name, d.constant(np.array([0, -1, shape[-1]]))], {}, 1
    if d.rng.random() < 0.5:
        return "Unsqueeze", [name, d.constant(np.array([axis_of(d, name)]))], {}, 1
    return "Squeeze", [name], {}, 1


def concat(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    mine = d.samples[name][0]
    same = [n for n, x in d.samples.items() if x[0].dtype == mine.dtype and x[0].ndim == mine.ndim]
    return "Concat", [name, d.one(same)], {"axis": axis_of(d, name)}, 1


def split(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    axis = axis_of(d, name)
    size = d.samples[name][0].shape[axis]
    cut = int(d.rng.integers(1, max(2, size)))
    return "Split", [name, d.constant(np.array([cut, size - cut]))], {"axis": axis}, 2


def slice_(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    ends = [
        d.constant(np.array([int(x)]))
        for x in (d.rng.integers(-6, 6), d.one([-7, -2, -1, 1, 2, 3, 2**31 - 1, -(2**31)]))
    ]
    return (
        "Slice",
        [name, *ends, d.constant(np.array([axis_of(d, name)])), d.constant(np.array([d.one([1, 1, 2, -1, -2])]))],
        {},
        1,
    )


def reduce(d: Drawn) -> Any:
    name = d.some("f", "i")
    op = d.one(["ReduceMax", "ReduceMin", "ReduceSum", "ReduceMean"])
    keep = {"keepdims": int(d.rng.integers(2))}
    axis = axis_of(d, name)
    if op == "ReduceSum" or d.opset >= 18:
        return op, [name, d.constant(np.array([axis]))], keep, 1
    return op, [name], {"axes": [axis], **keep}, 1


def arg(d: Drawn) -> Any:
    name = d.some("f", "i", exact=True)
    flags = {"keepdims": int(d.rng.integers(2)), "select_last_index": int(d.rng.integers(2))}
    return d.one(["ArgMax", "ArgMin"]), [name], {"axis": axis_of(d, name), **flags}, 1


def top_k(d: Drawn) -> Any:
    name = d.some("f", "i", exact=True)
    return (
        "TopK",
        [name, d.constant(np.array([int(d.rng.integers(1, 4))]))],
        {"axis": axis_of(d, name), "largest": int(d.rng.integers(2))},
        2,
    )


def cum_sum(d: Drawn) -> Any:
    name = d.some("f", "i")
    flags = {"exclusive": int(d.rng.integers(2)), "reverse": int(d.rng.integers(2))}
    return "CumSum", [name, d.constant(np.array(axis_of(d, name)))], flags, 1


def softmax(d: Drawn) -> Any:
    name = d.some("f")
    return d.one(["Softmax", "LogSoftmax"]), [name], {"axis": axis_of(d, name)}, 1


def gather(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    axis = axis_of(d, name)
    size = d.samples[name][0].shape[axis]
    places = d.constant(d.rng.integers(-size, size, [(), (3,), (2, 1)][int(d.rng.integers(3))]))
    return "Gather", [name, places], {"axis": axis}, 1


def pad(d: Drawn) -> Any:
    name = d.some("f", "i")
    rank = d.samples[name][0].ndim
    widths = d.rng.integers(-1, 3, 2 * rank)
    widths[[0, rank]] = 0
    mode = d.one(["constant", "reflect", "edge"])
    inputs = [name, d.constant(widths)]
    if mode == "constant" and d.rng.random() < 0.5:
        inputs.append(d.numbers((), d.samples[name][0].dtype))
    return "Pad", inputs, {"mode": mode}, 1


def repeat(d: Drawn) -> Any:
    name = d.some("f", "i", "b")
    rank = d.samples[name][0].ndim
    if d.rng.random() < 0.5:
        return "Tile", [name, d.constant(d.rng.integers(1, 3, rank))], {}, 1
    return "Expand", [name, d.constant(np.array([2, *[1] * rank]))], {}, 1


STEPS = [transpose, reshape, concat, split, slice_, reduce, arg, top_k, cum_sum, softmax, gather, pad, repeat]
