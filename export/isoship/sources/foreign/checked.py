"""A fresh export against its source: inputs against the model's, answers against its own.

Exporters turn parameters into inputs, drop arguments, and put formulas that overflow in the place of stable functions,
all in silence (docs/upstream.md). Operators that nothing runs are `onnx_file/refused.py`'s to find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import ConversionError, InputError, UnsupportedModelError
from isoship.tensors.contract import Arrays, Ask
from isoship.tensors.graph import inputs_of
from isoship.tensors.run import Runs

if TYPE_CHECKING:
    import onnx

Array = np.ndarray[Any, Any]
#: Output name -> by how much rounding may move each element of the source's own answer.
Noise = dict[str, Array]

#: Another order of the same sums moves an answer about as far as the source's own rounding does; ten times as far was
#: seen in convolutions, and what exporters get wrong moves it a thousand times as far.
_TIMES = 16
#: Rounding below this share of every element: the answer is held to a share of each element, not to the largest one.
_RELATIVE = 1e-4


@dataclass(frozen=True)
class Difference:
    """The first element in which two arrays differ by more than rounding explains."""

    name: str
    index: tuple[int, ...]
    expected: Any
    seen: Any

    def __str__(self) -> str:
        at = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        return f"{self.name}{at} is {self.seen!s} there, and {self.expected!s} in the model itself"


def refuse_changed_inputs(model: onnx.ModelProto, names: Sequence[str]) -> None:
    """Raises:
    UnsupportedModelError: the graph asks for other inputs than the model does.
    """
    found = [value.name for value in inputs_of(model)]
    gained, lost = [n for n in found if n not in names], [n for n in names if n not in found]
    if gained or lost:
        raise UnsupportedModelError(
            f"input {(gained or lost)[0]!r}",
            f"the exporter wrote a graph of the inputs {_listed(found)}, and the model has {_listed(names)}",
            "Make constants of the model parameters or buffers (register_buffer in torch, weights in Keras), or leave"
            " unused arguments out",
        )


def refuse_other_answers(
    model: onnx.ModelProto,
    asks: Iterable[Ask],
    truth: Callable[[Arrays], dict[str, Array]],
    noise: Callable[[Arrays, dict[str, Array]], Noise],
    place: Callable[[Arrays, str], str],
    *,
    exporter: str,
) -> int:
    """How many calls the graph answered as the source does.

    truth: the source's answers; it refuses a call by InputError, which is then not compared.
    noise: for a call and its answers; it is asked only where they differ by more than a few last places.
    place: for a call and an output that differ, the first step that does.

    Raises:
        UnsupportedModelError: an answer differs by more than rounding explains, or onnxruntime refuses the call.
    """
    try:
        run, answered = Runs(model), 0
    except ConversionError as err:
        raise UnsupportedModelError(
            f"the graph that {exporter} wrote",
            f"{err}",
            "Give the model in float32 (model.float() in torch), in which every operator computes, or write the step"
            " with other operations",
        ) from err
    for ask in asks:
        try:
            expected = truth(ask.inputs)
        except InputError:
            continue
        try:
            seen = run(ask.inputs)
        except InputError as err:
            raise UnsupportedModelError(
                f"the graph that {exporter} wrote",
                f"the model answers a call that it refuses ({ask.kind}): {err}",
                "Give this dimension one size, or write the step with operations that work on every size",
            ) from err
        if any(first_difference(name, array, seen[name], None) for name, array in expected.items()):
            _refuse_beyond(ask, expected, seen, noise(ask.inputs, expected), place, exporter)
        answered += 1
    return answered


def _refuse_beyond(
    ask: Ask,
    expected: dict[str, Array],
    seen: dict[str, Array],
    allowed: Noise,
    place: Callable[[Arrays, str], str],
    exporter: str,
) -> None:
    for name, array in expected.items():
        difference = first_difference(name, array, seen[name], allowed.get(name))
        if difference is not None:
            raise UnsupportedModelError(
                place(ask.inputs, name),
                f"{exporter} wrote a graph that answers otherwise (inputs: {ask.kind}): {difference}",
                "Write this step with other operations, or train with another one, and export again",
            )


def first_difference(name: str, expected: Array, seen: Array, noise: Array | None) -> Difference | None:
    """noise: how far rounding moves each element; NaN where the source does not settle it. None: it moves none."""
    if expected.shape != seen.shape or expected.dtype != seen.dtype:
        return Difference(name, (), f"{expected.dtype} {list(expected.shape)}", f"{seen.dtype} {list(seen.shape)}")
    if expected.dtype.kind != "f":
        wrong = expected != seen
        if noise is not None:
            wrong &= noise == 0
    else:
        wrong = _beyond(expected.astype(np.float64), seen.astype(np.float64), noise, np.finfo(expected.dtype).eps)
    if not wrong.any():
        return None
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    return Difference(name, index, expected[index], seen[index])


def _beyond(expected: Array, seen: Array, noise: Array | None, eps: float) -> Array:
    """bool: elements that rounding does not explain."""
    settled = np.ones(expected.shape, bool) if noise is None else ~np.isnan(noise)
    finite = np.isfinite(expected) & settled
    moved = np.where(finite, 0.0 if noise is None else noise, 0.0)
    moved = np.where(np.isfinite(moved), moved, 0.0)
    size = np.where(finite, np.abs(expected), 0.0)
    shares = np.divide(moved, size, out=np.where(moved > 0, np.inf, 0.0), where=size > 0)
    share = shares.max(initial=0.0)
    if share <= _RELATIVE:
        allowed = (_TIMES * share + 8 * eps) * size
    else:
        allowed = _TIMES * moved.max(initial=0.0) + 8 * eps * size
    with np.errstate(invalid="ignore"):
        far = ~(np.abs(seen - expected) <= allowed)
    unlike = ~((expected == seen) | (np.isnan(expected) & np.isnan(seen)))
    return np.asarray(np.where(finite, far, unlike & settled))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names)) or "none"
