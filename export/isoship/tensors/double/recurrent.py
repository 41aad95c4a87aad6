"""LSTM, GRU and RNN in numpy and doubles, with ONNX's default activations, in both directions.

onnxruntime has them in float32 alone, and onnx's reference in one direction. Shapes are ONNX's: X [T, N, I],
W [directions, gates x H, I], R [directions, gates x H, H], B [directions, 2 x gates x H]; Y [T, directions, N, H].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Attributes = Mapping[str, Any]
#: (x W' of a step, state, R, R's bias) -> the next state, whose first is what the step answers.
_Cell = Callable[[Array, tuple[Array, ...], Array, Array, Attributes], tuple[Array, ...]]

_OWN = ("activations", "activation_alpha", "activation_beta", "clip", "input_forget", "layout")


def lstm(arrays: Sequence[Any], attributes: Attributes) -> list[Array]:
    """Gates in the order i, o, f, c."""
    if len(arrays) > 7 and arrays[7] is not None:
        raise NotImplementedError
    return _run(arrays, attributes, 4, _lstm_cell, [_given(arrays, 5), _given(arrays, 6)])


def gru(arrays: Sequence[Any], attributes: Attributes) -> list[Array]:
    """Gates in the order z, r, h."""
    return _run(arrays, attributes, 3, _gru_cell, [_given(arrays, 5)])


def rnn(arrays: Sequence[Any], attributes: Attributes) -> list[Array]:
    return _run(arrays, attributes, 1, _rnn_cell, [_given(arrays, 5)])


def _lstm_cell(x: Array, state: tuple[Array, ...], r: Array, bias: Array, _attributes: Attributes) -> tuple[Array, ...]:
    h, c = state
    i, o, f, g = np.split(x + h @ r.T + bias, 4, axis=-1)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


def _gru_cell(x: Array, state: tuple[Array, ...], r: Array, bias: Array, attributes: Attributes) -> tuple[Array, ...]:
    (h,) = state
    xz, xr, xh = np.split(x, 3, axis=-1)
    rz, rr, rh = np.split(r, 3)
    bz, br, bh = np.split(bias, 3)
    z, reset = _sigmoid(xz + h @ rz.T + bz), _sigmoid(xr + h @ rr.T + br)
    linear = reset * (h @ rh.T + bh) if attributes.get("linear_before_reset", 0) else (reset * h) @ rh.T + bh
    return ((1 - z) * np.tanh(xh + linear) + z * h,)


def _rnn_cell(x: Array, state: tuple[Array, ...], r: Array, bias: Array, _attributes: Attributes) -> tuple[Array, ...]:
    return (np.tanh(x + state[0] @ r.T + bias),)


def _run(
    arrays: Sequence[Any], attributes: Attributes, gates: int, cell: _Cell, initial: Sequence[Array | None]
) -> list[Array]:
    if any(attributes.get(name) for name in _OWN) or _given(arrays, 4) is not None:
        raise NotImplementedError
    x, w, r = arrays[0], arrays[1], arrays[2]
    hidden, bias = r.shape[-1], _given(arrays, 3)
    directions, backwards = len(w), attributes.get("direction", b"forward") in (b"reverse", "reverse")
    answers, ends = [], []
    for d in range(directions):
        held = np.zeros(2 * gates * hidden) if bias is None else bias[d]
        steps = x @ w[d].T + held[: gates * hidden]
        zeros = np.zeros((x.shape[1], hidden))
        state = tuple(zeros if one is None else one[d] for one in initial)
        order = range(len(x) - 1, -1, -1) if backwards or d == 1 else range(len(x))
        seen = np.zeros((len(x), x.shape[1], hidden))
        for t in order:
            state = cell(steps[t], state, r[d], held[gates * hidden :], attributes)
            seen[t] = state[0]
        answers.append(seen)
        ends.append(state)
    return [np.stack(answers, axis=1), *(np.stack(each) for each in zip(*ends, strict=True))]


def _given(arrays: Sequence[Any], at: int) -> Array | None:
    return arrays[at] if len(arrays) > at else None


def _sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))
