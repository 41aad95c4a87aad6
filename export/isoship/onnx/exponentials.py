"""Outputs that are an exponential of what a model adds up: log targets, and the log links of Poisson and Gamma.

    sums or trees -> Exp -> (Mul, Cast, Sub 1, ...) -> output

Such answers span decades. An error of the exponent is a relative error of the answer, whatever the answer's size. So
their tolerances are relative (`isoship.bundle.tolerances`), and the browser computes the exponential in doubles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import onnx

_HEARTS = frozenset({"MatMul", "Gemm", "TreeEnsemble", "ReduceSum", "CumSum"})


class Step(NamedTuple):
    """One node: op, inputs, outputs."""

    op: str
    inputs: Sequence[str]
    outputs: Sequence[str]


class Exponential(NamedTuple):
    """shifted: a constant is added after it (expm1), and answers near 0 have the absolute error of the exponent."""

    shifted: bool


def exponential_outputs(model: onnx.ModelProto) -> dict[str, Exponential]:
    """Output name -> what is known of its exponential; outputs without one are left out."""
    steps = [Step(n.op_type, n.input, n.output) for n in model.graph.node]
    constants = {i.name for i in model.graph.initializer}
    outputs = [o.name for o in model.graph.output]
    return {name: found for _, reached in _ends(steps, constants, outputs).items() for name, found in reached.items()}


def last_exponentials(steps: Iterable[Step], constants: Iterable[str], outputs: Sequence[str]) -> set[str]:
    """The results of the Exp nodes that end in such outputs and in nothing else."""
    return set(_ends(list(steps), set(constants), outputs))


def _ends(steps: list[Step], constants: set[str], outputs: Sequence[str]) -> dict[str, dict[str, Exponential]]:
    users: dict[str, list[Step]] = {}
    for step in steps:
        for name in step.inputs:
            users.setdefault(name, []).append(step)
    found = {}
    for step in steps:
        if step.op == "Exp":
            reached = _reached(step.outputs[0], users, constants, set(outputs))
            if reached:
                found[step.outputs[0]] = reached
    return found


def _reached(
    start: str, users: Mapping[str, list[Step]], constants: set[str], outputs: set[str]
) -> dict[str, Exponential]:
    """The outputs behind an Exp; none where it is part of a sum, a product or a share (1 / (1 + e^-x), softmax)."""
    waiting, seen, behind = [start], {start}, list[Step]()
    while waiting:
        for step in users.get(waiting.pop(), []):
            behind.append(step)
            fresh = [name for name in step.outputs if name not in seen]
            seen.update(fresh)
            waiting += fresh
    for step in behind:
        # (u - 1) * x / log(u), by which expm1 is written, has the exponential above and below
        share = step.op == "Div" and step.inputs[0] not in seen
        if share or step.op.removeprefix("ml.") in _HEARTS:
            return {}
    shifted = any(step.op in ("Sub", "Add") and any(i in constants for i in step.inputs) for step in behind)
    return dict.fromkeys(sorted(outputs & seen), Exponential(shifted))
