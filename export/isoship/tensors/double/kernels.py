"""Operators that onnxruntime has in float32 alone, in numpy and doubles: convolutions, recurrence and their kin.

Each takes the arrays of a node and its attributes, and raises NotImplementedError for what onnx's reference is asked.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from isoship.tensors.double.recurrent import gru, lstm, rnn

Array = np.ndarray[Any, Any]
Attributes = Mapping[str, Any]
Kernel = Callable[[Sequence[Any], Attributes], list[Array]]


def conv(arrays: Sequence[Any], attributes: Attributes) -> list[Array]:
    """Sums of a matrix product for every place of the kernel."""
    x, w = arrays[0], arrays[1]
    spatial = w.shape[2:]
    rank, groups = len(spatial), int(attributes.get("group", 1))
    strides = list(attributes.get("strides", [1] * rank))
    dilations = list(attributes.get("dilations", [1] * rank))
    pads = _pads(attributes, x.shape[2:], spatial, strides, dilations)
    padded = np.pad(x, [(0, 0), (0, 0), *pads])
    sizes = [
        (n - (k - 1) * d - 1) // s + 1 for n, k, d, s in zip(padded.shape[2:], spatial, dilations, strides, strict=True)
    ]
    out = np.zeros((x.shape[0], w.shape[0], math.prod(sizes)))
    per_group, wide = x.shape[1] // groups, w.shape[0] // groups
    for place in itertools.product(*map(range, spatial)):
        windows = tuple(
            slice(at * d, at * d + (n - 1) * s + 1, s)
            for at, d, n, s in zip(place, dilations, sizes, strides, strict=True)
        )
        seen = padded[(slice(None), slice(None), *windows)].reshape(x.shape[0], groups, per_group, -1)
        weights = w[(slice(None), slice(None), *place)].reshape(groups, wide, per_group)
        out += (weights @ seen).reshape(out.shape)
    out = out.reshape(x.shape[0], w.shape[0], *sizes)
    if len(arrays) > 2 and arrays[2] is not None:
        out += arrays[2].reshape(1, -1, *[1] * rank)
    return [out]


def average_pool(arrays: Sequence[Any], attributes: Attributes) -> list[Array]:
    """The mean of each window; with `count_include_pad` its padding counts."""
    x, kernel = arrays[0], list(attributes["kernel_shape"])
    rank = len(kernel)
    strides, dilations = list(attributes.get("strides", [1] * rank)), list(attributes.get("dilations", [1] * rank))
    if attributes.get("ceil_mode", 0):
        raise NotImplementedError
    pads = _pads(attributes, x.shape[2:], kernel, strides, dilations)
    counted = np.ones(x.shape[2:])[None, None]
    value = 1.0 if attributes.get("count_include_pad", 0) else 0.0
    sums = [
        _window_sums(np.pad(each, [(0, 0), (0, 0), *pads], constant_values=fill), kernel, strides, dilations)
        for each, fill in ((x, 0.0), (counted, value))
    ]
    return [sums[0] / sums[1]]


def _window_sums(x: Array, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> Array:
    sizes = [(n - (k - 1) * d - 1) // s + 1 for n, k, d, s in zip(x.shape[2:], kernel, dilations, strides, strict=True)]
    out = np.zeros((*x.shape[:2], *sizes))
    for place in itertools.product(*map(range, kernel)):
        windows = tuple(
            slice(at * d, at * d + (n - 1) * s + 1, s)
            for at, d, n, s in zip(place, dilations, sizes, strides, strict=True)
        )
        out += x[(slice(None), slice(None), *windows)]
    return out


def _pads(
    attributes: Attributes,
    sizes: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> list[tuple[int, int]]:
    auto = attributes.get("auto_pad", b"NOTSET")
    auto = auto.decode() if isinstance(auto, bytes) else auto
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        pads = []
        for n, k, s, d in zip(sizes, kernel, strides, dilations, strict=True):
            total = max(0, (-(-n // s) - 1) * s + (k - 1) * d + 1 - n)
            less, more = total // 2, total - total // 2
            pads.append((less, more) if auto == "SAME_UPPER" else (more, less))
        return pads
    given = list(attributes.get("pads", [0] * (2 * len(kernel))))
    return (
        [(0, 0)] * len(kernel)
        if auto == "VALID"
        else list(zip(given[: len(kernel)], given[len(kernel) :], strict=True))
    )


def _each(function: Callable[..., Array]) -> Kernel:
    return lambda arrays, attributes: [np.asarray(function(arrays[0], attributes))]


def _gelu(x: Array, attributes: Attributes) -> Array:
    if attributes.get("approximate", b"none") not in (b"none", "none"):
        return np.asarray(0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))))
    return np.asarray(0.5 * x * (1 + _erf(x / math.sqrt(2))))


_erf = np.vectorize(math.erf, otypes=[np.float64])

KERNELS: dict[str, Kernel] = {
    "Conv": conv,
    "LSTM": lstm,
    "GRU": gru,
    "RNN": rnn,
    "AveragePool": average_pool,
    "Erf": _each(lambda x, _: _erf(x)),
    "Gelu": _each(_gelu),
    "GlobalAveragePool": _each(lambda x, _: x.mean(axis=tuple(range(2, x.ndim)), keepdims=True)),
    "LeakyRelu": _each(lambda x, a: np.where(x >= 0, x, a.get("alpha", np.float32(0.01)) * x)),
    "Elu": _each(lambda x, a: np.where(x > 0, x, a.get("alpha", 1.0) * np.expm1(np.minimum(x, 0)))),
}
