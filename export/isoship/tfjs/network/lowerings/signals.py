"""Discrete Fourier transforms, as products with their matrices: sizes are known ahead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission
from isoship.tfjs.network.lowerings.products import product
from isoship.tfjs.network.reading import Dim, Node
from isoship.tfjs.network.registry import ROUNDED, CannotLower, lowering

#: A matrix of a transform holds at most so many numbers.
_MOST = 2**22


@lowering("DFT", emits=["BatchMatMulV2", "MatMul", "PadV2", "Slice", "ConcatV2"], exactness=ROUNDED)
def dft(e: Emission, node: Node) -> Tensor:
    """Of real or complex numbers (pairs along the last axis), one-sided or not, forth or back."""
    name = node.inputs[0]
    shape = list(e.shape(name))
    if node.version >= 20:
        given = e.given(node, 2, "axis")
        axis = -2 if given is None else int(given.ravel()[0])
    else:
        axis = int(node.attrs["axis"])
    axis %= len(shape)
    size, parts = e.size(name, axis), e.size(name, len(shape) - 1)
    length = e.given(node, 1, "length")
    backward, one_sided = bool(node.attrs["inverse"]), bool(node.attrs["onesided"])
    to_reals = backward and one_sided
    count = size if length is None else int(length.ravel()[0])
    if to_reals:  # half of a spectrum comes in
        whole = 2 * (size - 1) if length is None else count
        count = whole // 2 + 1
    x = e.data(name)
    if count < size:
        x = e.slice(x, [0] * len(shape), [count if i == axis else -1 for i in range(len(shape))])
    elif count > size:
        x = e.pad(x, [(0, count - size) if i == axis else (0, 0) for i in range(len(shape))])
    made = (
        to_real_numbers(whole)
        if to_reals
        else matrix(count, count // 2 + 1 if one_sided else count, parts, backward=backward)
    )
    if made.size > _MOST:
        raise CannotLower(f"a transform of {count} numbers takes a matrix of {made.size}")
    # [..., axis, parts] -> rows of count * parts numbers, times the matrix, and back.
    order = [i for i in range(len(shape)) if i not in (axis, len(shape) - 1)] + [axis, len(shape) - 1]
    lead = [shape[i] for i in order[:-2]]
    rows = e.reshape(e.transpose(x, order), [1, _times(lead), made.shape[0]])
    results = e.shape(node.outputs[0])
    answer = product(e, rows, e.const(made.astype(np.float32)[None]))
    out = e.reshape(answer, [*lead, results[axis], results[-1]])
    return e.transpose(out, [order.index(i) for i in range(len(shape))])


def _times(sizes: Sequence[Dim]) -> int | None:
    whole = [size for size in sizes if isinstance(size, int)]
    return int(np.prod(whole)) if len(whole) == len(sizes) else None


def matrix(count: int, kept: int, parts: int, *, backward: bool) -> np.ndarray:
    """[count * parts, kept * 2]: what each number adds to each real and imaginary part."""
    turns = np.outer(np.arange(count), np.arange(kept)) * (2 * np.pi / count) * (1 if backward else -1)
    scale = 1 / count if backward else 1.0
    cosine, sine = np.cos(turns) * scale, np.sin(turns) * scale
    made = np.zeros((count, parts, kept, 2))
    made[:, 0, :, 0], made[:, 0, :, 1] = cosine, sine
    if parts == 2:
        made[:, 1, :, 0], made[:, 1, :, 1] = -sine, cosine
    return made.reshape(count * parts, kept * 2)


def to_real_numbers(whole: int) -> np.ndarray:
    """[(whole // 2 + 1) * 2, whole]: what each part of half a spectrum adds to each number."""
    half = whole // 2 + 1
    turns = np.outer(np.arange(half), np.arange(whole)) * (2 * np.pi / whole)
    twice = np.full((half, 1), 2.0)
    twice[0] = 1
    if whole % 2 == 0:
        twice[-1] = 1
    made = np.stack([np.cos(turns) * twice, -np.sin(turns) * twice], 1) / whole
    return made.reshape(half * 2, whole)


@lowering("STFT", emits=["BatchMatMulV2", "GatherV2", "Mul"], exactness=ROUNDED)
def stft(e: Emission, node: Node) -> Tensor:
    """Frames by their places, times the window, and their transforms."""
    name = node.inputs[0]
    shape = e.shape(name)
    step = e.constant(node.inputs[1], "frame step")
    window = e.data(node.inputs[2]) if e.has(node, 2) else None
    told = e.given(node, 3, "frame length")
    length = int(told.ravel()[0]) if told is not None else e.size(node.inputs[2], 0)
    total, parts = e.size(name, 1), 1 if len(shape) < 3 else e.size(name, 2)
    starts = np.arange(0, total - length + 1, int(step.ravel()[0]))
    places = (starts[:, None] + np.arange(length)[None]).ravel()
    frames = e.gather(e.reshape(e.data(name), [shape[0], total, parts]), e.control(places), 1)
    frames = e.reshape(frames, [shape[0], len(starts), length, parts])
    if window is not None:
        frames = e.op("Mul", frames, e.reshape(window, [1, 1, length, 1]))
    made = matrix(length, length // 2 + 1 if node.attrs["onesided"] else length, parts, backward=False)
    rows = e.reshape(frames, [shape[0], len(starts), length * parts])
    answer = product(e, rows, e.const(made.astype(np.float32)[None]))
    return e.reshape(answer, [shape[0], len(starts), made.shape[1] // 2, 2])
