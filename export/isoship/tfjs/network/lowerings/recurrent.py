"""RNN, GRU and LSTM, written out step by step over a sequence whose length is known.

The product of all steps with the input's weights is one. A state that begins at 0 is left out of the first step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission
from isoship.tfjs.network.lowerings.elementwise import FUNCTION
from isoship.tfjs.network.lowerings.recurrent_cells import CELLS, FUNCTIONS, GATES, Cell, activations
from isoship.tfjs.network.reading import Array, Node
from isoship.tfjs.network.registry import CannotLower, lowering

#: Steps of all directions together: each is some twenty nodes.
MOST_STEPS = 1024


@dataclass(frozen=True)
class Sequences:
    """steps: how many; hidden: the size of the state; lengths: of each sequence, None where all are whole."""

    steps: int
    hidden: int
    lengths: Array | None

    def sources(self) -> Array:
        """Where the rows of [steps, batch] come from if each sequence is turned around."""
        assert self.lengths is not None
        at, row = np.indices((self.steps, len(self.lengths)))
        turned = np.where(at < self.lengths, self.lengths - 1 - at, at)
        made: Array = (turned * len(self.lengths) + row).ravel()
        return made


@lowering("RNN", "GRU", "LSTM", since=7, exactness=FUNCTION,
          emits=["MatMul", "AddV2", "Sub", "Mul", "Slice", "PadV2", "Pack", "Unpack", "GatherV2", "SelectV2",
                 *FUNCTIONS])  # fmt: skip
def recurrent(e: Emission, node: Node) -> tuple[Tensor, ...]:
    """Y [steps, directions, batch, hidden], last states [directions, batch, hidden]; of layout 1 the batch first."""
    x, turned = e.data(node.inputs[0]), bool(node.attrs.get("layout", 0))
    if turned:
        x = e.transpose(x, [1, 0, 2])
    steps = e.size(node.inputs[0], 1 if turned else 0)
    directions, hidden = e.size(node.inputs[2], 0), e.size(node.inputs[2], 2)
    if steps * directions > MOST_STEPS:
        raise CannotLower(f"its {steps} steps are too many to be written out; {MOST_STEPS // directions} are the most")
    if steps == 0:
        raise CannotLower("its sequences have no steps")
    sequences = Sequences(steps, hidden, _lengths(e, node, steps))
    every: list[list[Tensor]] = []
    ends: list[tuple[Tensor, ...]] = []
    for i in range(directions):
        reverse = str(node.attrs["direction"]) == "reverse" or i == 1
        rows, states = _direction(e, node, x, i, reverse, sequences)
        every.append(rows)
        ends.append(states)
    whole = [_pack(e, rows, 0) for rows in every]
    if sequences.lengths is not None:
        whole = [_turned(e, y, sequences, hidden) if _reverse(node, i) else y for i, y in enumerate(whole)]
    y = _pack(e, whole, 1)
    last = [_pack(e, [states[k] for states in ends], 1 if turned else 0) for k in range(len(ends[0]))]
    return (e.transpose(y, [2, 0, 1, 3]) if turned else y, *last)


def _reverse(node: Node, direction: int) -> bool:
    return str(node.attrs["direction"]) == "reverse" or direction == 1


def _lengths(e: Emission, node: Node, steps: int) -> Array | None:
    lengths = e.given(node, 4, "sequence_lens")
    if lengths is None or (lengths == steps).all():
        return None
    if (lengths < 1).any() or (lengths > steps).any():
        raise CannotLower(f"a length of its sequences is not among 1 to {steps}")
    return lengths


def _pack(e: Emission, parts: Sequence[Tensor], axis: int) -> Tensor:
    return e.op("Pack", *parts, N={"i": str(len(parts))}, axis={"i": str(axis)})


def _turned(e: Emission, x: Tensor, sequences: Sequences, width: int) -> Tensor:
    """[steps, batch, width] with each sequence the other way round, what lies behind it where it was."""
    assert sequences.lengths is not None
    flat = e.gather(e.reshape(x, [None, width]), e.control(sequences.sources()))
    return e.reshape(flat, [sequences.steps, len(sequences.lengths), width])


def _direction(
    e: Emission, node: Node, x: Tensor, i: int, reverse: bool, sequences: Sequences
) -> tuple[list[Tensor], tuple[Tensor, ...]]:
    """The states after each step, in the order of the steps of Y, and the last ones."""
    steps, hidden, lengths = sequences.steps, sequences.hidden, sequences.lengths
    width, gates = e.size(node.inputs[1], 2), GATES[node.op]
    if reverse and lengths is not None:
        x = _turned(e, x, sequences, width)
    cell = _cell(e, node, i, hidden)
    product = e.op(
        "MatMul", e.reshape(x, [None, width]), _of_direction(e, node, 1, i, [gates * hidden, width], turned=True),
        transpose_a={"b": False}, transpose_b={"b": False},
    )  # fmt: skip
    if cell.bias is not None:
        product = e.op("AddV2", product, cell.bias)
    split = e.op("Unpack", e.reshape(product, [steps, None, gates * hidden]), num={"i": str(steps)}, axis={"i": "0"})
    each = [Tensor(f"{split.name}:{k}" if k else split.name, split.dtype) for k in range(steps)]
    if reverse and lengths is None:
        each = each[::-1]
    state: tuple[Tensor | None, ...] = tuple(
        _initial(e, node, place, i, hidden) for place in ((5, 6) if node.op == "LSTM" else (5,))
    )
    rows = []
    for k, given in enumerate(each):
        after = CELLS[node.op](e, cell, given, state)
        row = after[0]
        if lengths is not None and (lengths <= k).any():
            runs = e.const((lengths > k)[:, None])
            row = e.select(runs, row, e.like(row, 0))
            after = tuple(
                e.select(runs, new, e.like(new, 0) if old is None else old)
                for new, old in zip(after, state, strict=True)
            )
        rows.append(row)
        state = after
    if reverse and lengths is None:
        rows = rows[::-1]
    return rows, tuple(each for each in state if each is not None)


def _initial(e: Emission, node: Node, place: int, i: int, hidden: int) -> Tensor | None:
    if not e.has(node, place):
        return None
    known = e.graph.constants.get(node.inputs[place])
    if known is not None and not known.any():
        return None
    x = e.data(node.inputs[place])
    begin, size = ([0, i, 0], [-1, 1, -1]) if node.attrs.get("layout", 0) else ([i, 0, 0], [1, -1, -1])
    return e.reshape(e.slice(x, begin, size), [None, hidden])


def _cell(e: Emission, node: Node, i: int, hidden: int) -> Cell:
    gates, linear = GATES[node.op], bool(node.attrs.get("linear_before_reset", 0))
    both = gates * hidden
    weights = _of_direction(e, node, 2, i, [both, hidden], turned=True)
    bias = later = peepholes = None
    if e.has(node, 3):
        halves = _of_direction(e, node, 3, i, [2, both])
        parts = [e.reshape(e.slice(halves, [k, 0], [1, -1]), [both]) for k in range(2)]
        if linear:  # what the reset gate scales is added to the state's product, before
            later = e.slice(parts[1], [2 * hidden], [hidden])
            parts[1] = e.pad(e.slice(parts[1], [0], [2 * hidden]), [(0, hidden)])
        bias = e.op("AddV2", *parts)
    if node.op == "LSTM" and e.has(node, 7):
        whole = _of_direction(e, node, 7, i, [3 * hidden])
        peepholes = tuple(e.slice(whole, [k * hidden], [hidden]) for k in range(3))
    clip = node.attrs.get("clip")
    return Cell(
        hidden, weights, bias, later, peepholes, activations(node, i), None if clip is None else float(clip),
        linear, bool(node.attrs.get("input_forget", 0)),
    )  # fmt: skip


def _of_direction(e: Emission, node: Node, place: int, i: int, shape: list[int], *, turned: bool = False) -> Tensor:
    """One direction's weights, turned ahead where they are known: a product with turned weights is slow on wasm."""
    known = e.graph.constants.get(node.inputs[place])
    if known is not None:
        own = e.narrow(known[i].reshape(shape))
        return e.const(own.T if turned else own)
    begin = [i if axis == 0 else 0 for axis in range(e.rank(node.inputs[place]))]
    own_tensor = e.reshape(e.slice(e.data(node.inputs[place]), begin, [1, *[-1] * (len(begin) - 1)]), shape)
    return e.transpose(own_tensor, [1, 0]) if turned else own_tensor
