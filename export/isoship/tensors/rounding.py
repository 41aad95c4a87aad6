"""How far rounding moves a graph's answers: what it answers as it is, and with every weight off by half a unit of
its last place, beside the same graph in float64.

One evaluation in float32 may be right by luck, where numbers cancel, and another runtime's is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isoship.tensors.contract import Arrays
from isoship.tensors.double_graph import DoubleGraph
from isoship.tensors.run import Array, Runs

if TYPE_CHECKING:
    import onnx


class Rounding:
    """exact: the graph in float64. run: as it is."""

    def __init__(self, graph: onnx.ModelProto, run: Runs | None = None) -> None:
        self.run = run or Runs(graph)
        self.exact, self.nudged = DoubleGraph(graph), DoubleGraph(graph, nudged=True)

    def noise(self, inputs: Arrays, answers: Arrays) -> dict[str, Array]:
        """Output name -> how far rounding moves each element; NaN where a value turns on it that is no float, and where
        the source's answer and the graph's are both below the smallest normal number, which libraries flush to zero.

        answers: the source's. A graph that overflows where the source does not says nothing of rounding there, so that
        such elements count as settled.
        """
        plain, exact, nudged = self.run(inputs), self.exact(inputs), self.nudged(inputs)
        noise = {
            name: spread(exact[name], *(each[name] for each in (plain, nudged) if name in each))
            if name in exact
            else np.zeros(array.shape)
            for name, array in plain.items()
        }
        for name, array in plain.items():
            if array.dtype.kind == "f":
                tiny = np.finfo(array.dtype).tiny
                with np.errstate(invalid="ignore"):
                    noise[name][(np.abs(array) < tiny) & (np.abs(answers[name]) < tiny)] = np.nan
        return noise


def spread(exact: Array, *others: Array) -> Array:
    """How far other evaluations are from an exact one, by element; NaN where integers differ, or shapes."""
    made = np.zeros(exact.shape)
    for other in others:
        if other.shape != exact.shape:
            return np.full(exact.shape, np.nan)
        if exact.dtype.kind != "f":
            made = np.where(exact != other, np.nan, made)
            continue
        with np.errstate(invalid="ignore", over="ignore"):
            far = np.abs(exact - other.astype(np.float64))
        made = np.fmax(made, np.where(np.isfinite(far), far, 0.0))
    return made
