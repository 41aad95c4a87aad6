"""One step of RNN, GRU and LSTM, and the activations that they may have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission
from isoship.tfjs.network.reading import Node
from isoship.tfjs.network.registry import CannotLower

Activation = Callable[[Emission, Tensor], Tensor]
State = tuple[Tensor | None, ...]

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
FUNCTIONS = (
    "Sigmoid",
    "Tanh",
    "Relu",
    "LeakyRelu",
    "Elu",
    "Exp",
    "Log",
    "Neg",
    "Abs",
    "Greater",
    "Less",
    "Minimum",
    "RealDiv",
)
_DEFAULTS = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}
#: alpha and beta of those that have them, None where they have to be given.
_NUMBERS: dict[str, tuple[float | None, ...]] = {
    "affine": (None, None),
    "elu": (1.0,),
    "hardsigmoid": (0.2, 0.5),
    "leakyrelu": (0.01,),
    "scaledtanh": (None, None),
    "thresholdedrelu": (1.0,),
}


@dataclass(frozen=True)
class Cell:
    """weights: [hidden, gates * hidden], turned. bias: of both products, but for `later`, which a GRU adds to the
    state's product before it is reset. peepholes: of the input, the output and the forget gate."""

    hidden: int
    weights: Tensor
    bias: Tensor | None
    later: Tensor | None
    peepholes: tuple[Tensor, ...] | None
    activations: tuple[Activation, ...]
    clip: float | None
    linear: bool
    input_forget: bool

    def run(self, e: Emission, which: int, x: Tensor) -> Tensor:
        """An activation of what is clipped. NaN compares false and stays."""
        if self.clip is not None:
            low, high = e.like(x, -self.clip), e.like(x, self.clip)
            x = e.select(e.op("Less", x, low, dtype="bool"), low, x)
            x = e.select(e.op("Greater", x, high, dtype="bool"), high, x)
        return self.activations[which](e, x)

    def part(self, e: Emission, x: Tensor, first: int, count: int = 1) -> Tensor:
        """Of [batch, gates * hidden], or of the weights, the columns of some gates."""
        return e.slice(x, [0, first * self.hidden], [-1, count * self.hidden])


def activations(node: Node, direction: int) -> tuple[Activation, ...]:
    """Of one direction: alpha and beta go to those that take them, in their order."""
    defaults = _DEFAULTS[node.op]
    names = [str(name).lower() for name in node.attrs.get("activations") or []]
    if len(names) < (direction + 1) * len(defaults):
        names = [name.lower() for name in defaults] * (direction + 1)
    alphas, betas = (list(node.attrs.get(f"activation_{x}") or []) for x in ("alpha", "beta"))
    made: list[Activation] = []
    for name in names:
        if name not in _MADE:
            raise CannotLower(f"TF.js has nothing for its activation {name}")
        numbers = list(_NUMBERS.get(name, ()))
        for i, given in enumerate((alphas, betas)[: len(numbers)]):
            if given:
                numbers[i] = given.pop(0)
        if any(number is None for number in numbers):
            raise CannotLower(f"its activation {name} needs an alpha and a beta")
        made.append(_MADE[name](*(float(number) for number in numbers if number is not None)))
    return tuple(made[direction * len(defaults) : (direction + 1) * len(defaults)])


def _plain(op: str) -> Callable[[], Activation]:
    return lambda: lambda e, x: e.op(op, x)


def _scaled(e: Emission, x: Tensor, by: float, plus: float = 0.0) -> Tensor:
    made = e.op("Mul", x, e.like(x, by))
    return e.op("AddV2", made, e.like(x, plus)) if plus else made


def _elu(alpha: float) -> Activation:
    def made(e: Emission, x: Tensor) -> Tensor:
        low = _scaled(e, e.op("Elu", x), alpha)
        return e.select(e.op("Greater", x, e.like(x, 0), dtype="bool"), x, low)

    return made


def _thresholded(alpha: float) -> Activation:
    return lambda e, x: e.select(e.op("Greater", x, e.like(x, alpha), dtype="bool"), x, e.like(x, 0))


def _hard_sigmoid(alpha: float, beta: float) -> Activation:
    return lambda e, x: e.op("Minimum", e.op("Relu", _scaled(e, x, alpha, beta)), e.like(x, 1))


def _softsign(e: Emission, x: Tensor) -> Tensor:
    return e.op("RealDiv", x, e.op("AddV2", e.op("Abs", x), e.like(x, 1)))


def _softplus(e: Emission, x: Tensor) -> Tensor:
    tail = e.op("Exp", e.op("Neg", e.op("Abs", x)))
    return e.op("AddV2", e.op("Relu", x), e.op("Log", e.op("AddV2", tail, e.like(x, 1))))


_MADE: dict[str, Callable[..., Activation]] = {
    "affine": lambda alpha, beta: lambda e, x: _scaled(e, x, alpha, beta),
    "elu": _elu,
    "hardsigmoid": _hard_sigmoid,
    "leakyrelu": lambda alpha: lambda e, x: e.op("LeakyRelu", x, alpha={"f": float(np.float32(alpha))}),
    "relu": _plain("Relu"),
    "scaledtanh": lambda alpha, beta: lambda e, x: _scaled(e, e.op("Tanh", _scaled(e, x, beta)), alpha),
    "sigmoid": _plain("Sigmoid"),
    "softplus": lambda: _softplus,
    "softsign": lambda: _softsign,
    "tanh": _plain("Tanh"),
    "thresholdedrelu": _thresholded,
}


def _product(e: Emission, x: Tensor, weights: Tensor) -> Tensor:
    return e.op("MatMul", x, weights, transpose_a={"b": False}, transpose_b={"b": False})


def _with_state(e: Emission, cell: Cell, given: Tensor, h: Tensor | None) -> Tensor:
    return given if h is None else e.op("AddV2", given, _product(e, h, cell.weights))


def rnn(e: Emission, cell: Cell, given: Tensor, state: State) -> tuple[Tensor, ...]:
    return (cell.run(e, 0, _with_state(e, cell, given, state[0])),)


def gru(e: Emission, cell: Cell, given: Tensor, state: State) -> tuple[Tensor, ...]:
    """Gates: update, reset, hidden."""
    h = state[0]
    own, hidden = cell.part(e, given, 0, 2), cell.part(e, given, 2)
    if cell.linear:
        product = None if h is None else _product(e, h, cell.weights)
        before = None if product is None else cell.part(e, product, 0, 2)
        past = None if product is None else cell.part(e, product, 2)
        if cell.later is not None:
            past = cell.later if past is None else e.op("AddV2", past, cell.later)
    else:
        before = None if h is None else _product(e, h, cell.part(e, cell.weights, 0, 2))
    gates = cell.run(e, 0, own if before is None else e.op("AddV2", own, before))
    update, reset = cell.part(e, gates, 0), cell.part(e, gates, 1)
    if not cell.linear:
        past = None if h is None else _product(e, e.op("Mul", reset, h), cell.part(e, cell.weights, 2))
    elif past is not None:
        past = e.op("Mul", reset, past)
    made = cell.run(e, 1, hidden if past is None else e.op("AddV2", hidden, past))
    new = e.op("Mul", e.op("Sub", e.like(update, 1), update), made)
    return (new if h is None else e.op("AddV2", new, e.op("Mul", update, h)),)


def lstm(e: Emission, cell: Cell, given: Tensor, state: State) -> tuple[Tensor, ...]:
    """Gates: input, output, forget, cell."""
    h, c = state
    gates = _with_state(e, cell, given, h)
    if cell.peepholes is None:
        open_ = cell.run(e, 0, cell.part(e, gates, 0, 3))
        into, out, forget = (cell.part(e, open_, i) for i in range(3))
    else:
        at = [cell.part(e, gates, i) for i in range(3)]
        if c is not None:
            at = [at[0], at[1], e.op("AddV2", at[2], e.op("Mul", cell.peepholes[2], c))]
            at[0] = e.op("AddV2", at[0], e.op("Mul", cell.peepholes[0], c))
        into, forget = cell.run(e, 0, at[0]), cell.run(e, 0, at[2])
    if cell.input_forget:
        forget = e.op("Sub", e.like(into, 1), into)
    new = e.op("Mul", into, cell.run(e, 1, cell.part(e, gates, 3)))
    if c is not None:
        new = e.op("AddV2", e.op("Mul", forget, c), new)
    if cell.peepholes is not None:
        out = cell.run(e, 0, e.op("AddV2", at[1], e.op("Mul", cell.peepholes[1], new)))
    return e.op("Mul", out, cell.activations[2](e, new)), new


CELLS: dict[str, Callable[[Emission, Cell, Tensor, State], tuple[Tensor, ...]]] = {"RNN": rnn, "GRU": gru, "LSTM": lstm}
