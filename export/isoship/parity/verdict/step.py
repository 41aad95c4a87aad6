"""The step of the user's model at which model.onnx parts from it for one row, with its estimator and the ONNX node.

The source's own results of each step are held against the tensors of the shipped graph that carry them. Which those
are is found by converting the model again; a bundle stores nothing for it. Where the shipped graph is not what the
model converts to, the first node that differs between the two is the one that was changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.onnx.exposed import exposed
from isoship.parity.runners.contract import Shipped
from isoship.parity.tensors.first_node import FirstNode, first_node, run
from isoship.parity.verdict.compare import difference
from isoship.parity.verdict.first_difference import FirstDifference
from isoship.rows.columns import Array, feeds_from_rows
from isoship.sources.contract import GraphStep, Row, Source, Trace
from isoship_edge.manifest import MISSING_STRING

if TYPE_CHECKING:
    import onnx

#: From here on a double of a step differs, as a share of it: what an output may be off, else any more than rounding.
_BEYOND = (1e-9, 1e-13)
#: The same where the source's own answer is float32.
_SINGLE = 1e-6


@dataclass(frozen=True)
class Step:
    """Where a shipped form first differs from the source.

    path: of the step, as in error messages; empty for the model itself. names: the user's own for the steps on that
    path. estimator: on one line. node, op, tensor: of model.onnx.
    method, column: which number of the step's answer differs; "" and None where the step is not asked by the source.
    expected, got: that number, or the tensor's; None where `kept` is False: a row of the user's sample.
    """

    path: str
    names: tuple[str, ...]
    estimator: str
    node: str
    op: str
    tensor: str
    method: str = ""
    column: int | None = None
    expected: Any = None
    got: Any = None
    kept: bool = True

    @property
    def place(self) -> str:
        """The path with the user's names behind it."""
        named = f" ({' / '.join(map(repr, self.names))})" if self.names else ""
        return f"{self.path or 'the model itself'}{named}"

    @property
    def difference(self) -> str:
        """What differs there, and at which node."""
        what = f"column {self.column} of its {self.method}" if self.method else "a value inside it"
        values = f" should be {self.expected!r} and is {self.got!r}" if self.kept else " differs"
        return f"{what}{values}, at {self.op} {self.node!r} -> {self.tensor!r} of model.onnx"

    def __str__(self) -> str:
        return f"{self.place}, {self.estimator}: {self.difference}"


class Steps:
    """The steps of a model beside its shipped graph. There are none without a source, nor for models of other kinds.

    Two graphs are held against each other by the names of their tensors: where more than half of the shipped nodes are
    others, as in one that another release wrote, no step is told.
    """

    def __init__(self, source: Source | None, shipped: Shipped) -> None:
        self._source, self._shipped = source, shipped
        self._trace: Trace | None = None
        self._graph: onnx.ModelProto | None = None

    def first(self, row: Row, *, kept: bool = True) -> Step | None:
        """The first step whose answer differs in model.onnx; None where none does, or the graph is another one.

        kept: whether the report may hold values of this row.

        Raises:
            IsoshipError: the model is not converted again, or the row is refused on the way.
        """
        opened = self._opened()
        return None if opened is None else _first(*opened, self._source, row, self._shipped, kept=kept)

    def of(self, found: FirstDifference) -> Step | None:
        """The step that a tensor stands in, where another form than model.onnx parts from it.

        Raises: as `first`.
        """
        opened = self._opened()
        if opened is None:
            return None
        trace, graph = opened
        step = _holder(found.tensor, trace.steps, graph)
        node = next((one for one in graph.graph.node if found.tensor in one.output), None)
        want, got = found.expected, found.got
        if step is None or node is None or not want or not got:
            return None
        where = (step.path, step.names, step.said, node.name, node.op_type, found.tensor)
        for method, columns in step.columns.items():
            if (found.tensor, found.index) in columns:
                return Step(*where, method, columns.index((found.tensor, found.index)), want[0], got[0])
        return Step(*where, expected=want[0], got=got[0])

    def _opened(self) -> tuple[Trace, onnx.ModelProto] | None:
        import onnx

        trace = getattr(self._source, "trace", None)
        if trace is None:
            return None
        if self._trace is None or self._graph is None:
            self._trace, self._graph = trace(), onnx.load(self._shipped.folder / "model.onnx")
        return (self._trace, self._graph) if _alike(self._graph, self._trace.model) else None


def _first(trace: Trace, graph: onnx.ModelProto, source: Any, row: Row, shipped: Shipped, *, kept: bool) -> Step | None:
    feeds = feeds_from_rows([row], shipped.manifest.signature)
    got = run(exposed(graph), feeds)
    answers: list[dict[str, Array]] = source.answers_of_steps([row], trace.steps)
    heard = list(zip(trace.steps, answers, strict=True))
    changed = first_node(graph, run(exposed(trace.model), feeds), got, {}, above=0.0)
    if changed is not None and (step := _holder(changed.tensor, trace.steps, graph)) is not None:
        around = [each for each in heard if changed.tensor in each[0].tensors]
        seen = next((found for beyond in (*_BEYOND, 0.0) for found in _differing(around, got, beyond)), None)
        if seen is not None:
            told = seen[1:] if seen[0] is step else _told(step, answers[trace.steps.index(step)], changed, got)
            return _step(step, graph, changed.tensor, told, kept=kept)
    for beyond in _BEYOND:
        for step, method, column, want, value in _differing(heard, got, beyond):
            tensor = step.columns[method][column][0]
            return _step(step, graph, tensor, (method, column, want, value), kept=kept)
    return None


def _told(
    step: GraphStep, answers: Mapping[str, Array], changed: FirstNode, got: Mapping[str, Array]
) -> tuple[str, int | None, Any, Any]:
    """(method, column, expected, got) where the changed value stands in the step's answer, too small to be seen there
    by itself; else the value inside it, as the model converts to it."""
    flat = int(np.ravel_multi_index(changed.index, got[changed.tensor].shape)) if changed.index else 0
    for method, columns in step.columns.items():
        answer = np.asarray(answers.get(method, ())).reshape(-1)
        if (changed.tensor, flat) in columns and len(answer) == len(columns):
            column = columns.index((changed.tensor, flat))
            return method, column, _plain(answer[column]), _plain(changed.got)
    return "", None, changed.expected, changed.got


def _step(step: GraphStep, graph: onnx.ModelProto, tensor: str, told: tuple[Any, ...], *, kept: bool) -> Step:
    node = next((one for one in graph.graph.node if tensor in one.output), None)
    name, op = ("", "an input") if node is None else (node.name, node.op_type)
    method, column, want, got = told if kept else (*told[:2], None, None)
    return Step(step.path, step.names, step.said, name, op, tensor, method, column, want, got, kept)


def _differing(
    heard: Sequence[tuple[GraphStep, Mapping[str, Array]]], got: Mapping[str, Array], beyond: float
) -> Iterator[tuple[GraphStep, str, int, Any, Any]]:
    """(step, method, column, expected, got) of each step whose answer to the one row is another in the graph."""
    for step, answers in heard:
        for method, answer in answers.items():
            columns = step.columns.get(method, ())
            want = np.asarray(answer).reshape(-1)
            if len(want) != len(columns) or not all(tensor in got for tensor, _ in columns):
                continue
            values = [got[tensor].reshape(-1)[i] for tensor, i in columns]
            place = _first_apart(want.tolist(), values, _SINGLE if want.dtype == np.float32 else beyond)
            if place is not None:
                yield step, method, place, _plain(want[place]), _plain(values[place])


def _first_apart(want: Sequence[Any], got: Sequence[Any], beyond: float) -> int | None:
    """The first column in which two rows differ by more than this share of it, numbers apart from rounding near 0."""
    numbers = (int, float, np.number, np.bool_)
    if all(isinstance(value, numbers) for value in got) and all(v is None or isinstance(v, numbers) for v in want):
        a = np.array([np.nan if value is None else value for value in want], np.float64)
        apart = difference(a, np.array(got, np.float64))
        finite = np.abs(a[np.isfinite(a)])
        size = np.where(np.isfinite(a), np.abs(a), 0.0)
        # a sum whose terms cancel is as exact as its terms, which the other columns are like
        wrong = apart > beyond * size + 1e-3 * beyond * (1.0 + float(finite.max(initial=0.0)))
    else:
        wrong = np.array([_plain(a) != _plain(b) for a, b in zip(want, got, strict=True)])
    places = np.flatnonzero(wrong)
    return int(places[0]) if len(places) else None


def _plain(value: Any) -> Any:
    """A value as a report holds it; None where it is missing."""
    value = value.item() if hasattr(value, "item") else value
    missing = value is None or value != value or value == MISSING_STRING or type(value).__name__ == "NAType"
    return None if missing else value


def _holder(tensor: str, steps: Sequence[GraphStep], graph: onnx.ModelProto) -> GraphStep | None:
    """The innermost step that a tensor was written for; where a rewrite of the graph made it, that of its reader."""
    readers = {name: node.output for node in reversed(graph.graph.node) for name in node.input}
    makers = {name: node.input for node in graph.graph.node for name in node.output}
    for follow in (readers, makers):
        waiting, seen = [tensor], {tensor}
        while waiting:
            name = waiting.pop(0)
            step = next((each for each in steps if name in each.tensors), None)
            if step is not None:
                return step
            more = [each for each in follow.get(name, ()) if each and each not in seen]
            seen.update(more)
            waiting += more
    return None


def _alike(one: onnx.ModelProto, other: onnx.ModelProto) -> bool:
    """More than half of the nodes are the same but for constants and attributes."""

    def wired(model: onnx.ModelProto) -> set[tuple[str, ...]]:
        return {(node.op_type, *node.input, "", *node.output) for node in model.graph.node}

    mine, theirs = wired(one), wired(other)
    return 2 * len(mine & theirs) > len(mine)
