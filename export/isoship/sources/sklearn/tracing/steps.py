"""Steps of a user's own: traced on rows of every kind, held against their own answers, and written into the graph."""

from __future__ import annotations

import copy
import warnings
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.converters.arithmetic.one_number import FUNCTIONS
from isoship.sources.sklearn.tracing.given import Given, given_to, keep, remember, variations
from isoship.sources.sklearn.tracing.proof import (
    differs_from_itself,
    has_integers,
    integers_differ,
    own_answers,
    refuted,
)
from isoship.sources.sklearn.tracing.run import Failed, Ran, blocks_of, code_of, run, where_numbers_are_integers
from isoship.sources.sklearn.tracing.stopped import Line, Stopped, first_line, line_of_error
from isoship.sources.sklearn.tracing.traced import Traced
from isoship.sources.sklearn.walk.registry import Record, key_of, tell

if TYPE_CHECKING:
    from isoship.sources.sklearn.walk.carrier import Carrier, Parts
    from isoship.sources.sklearn.walk.frame import Frame

_WAY_OUT = (
    "Compute it before the model, write it with numpy's and pandas's functions of columns (docs/tracing.md), or write a"
    " converter for the step: --converters FILE.py (docs/extending.md)"
)


@dataclass(frozen=True)
class Outcome:
    """What came of a step's traces. rounded: its numbers' last bits may differ from numpy's.

    integers: in some batches it answers integers where others have numbers.
    """

    stopped: Stopped | None = None
    rounded: bool = True
    jumps: bool = True
    integers: bool = False


_OUTCOMES: dict[int, tuple[Callable[[], Any], Outcome]] = {}


def may_be_traced(estimator: Any) -> bool:
    """Whether tracing is worth a try: any other estimator of an unknown class is refused before anything is asked."""
    return callable(getattr(estimator, "transform", None)) and not hasattr(estimator, "predict")


def look(model: Any, ask: Callable[[], Any], converted: Callable[[type], bool] = lambda cls: False) -> None:
    """Remembers what every step that is to be traced is given.

    ask: asks the model for rows that it answers. converted: whether a converter of the user's carries a class.
    """
    steps = [step for step in _every(model) if not converted(type(step)) and _own_code(step)]
    if not steps:
        return
    remember(steps, ask)
    for step in steps:
        _OUTCOMES.pop(id(step), None)  # it may have been fitted again
        if key_of(step) is None:
            tell(type(step), RECORD, traced=True)


def traced(c: Carrier, estimator: Any, frame: Frame) -> Parts | None:
    """The estimator's parts by tracing; None where it is nothing to trace, as scikit-learn's own classes are.

    Raises:
        UnsupportedModelError: tracing stopped, with the line of the user's code.
    """
    outcome = outcome_of(estimator)
    if outcome is not None and outcome.stopped is None:
        outcome = _as_the_graph_holds_it(estimator, frame)
    if outcome is None:
        return None
    stopped = outcome.stopped
    if stopped is None:
        try:
            return {"transform": run(_copy(estimator), _first(estimator), c.g, frame).frame}
        except Stopped as here:
            stopped = here
    told = _told(estimator, stopped)
    if told is None:
        return None
    raise c.unsupported(estimator, *told) from stopped


def _as_the_graph_holds_it(step: Any, frame: Frame) -> Outcome | None:
    """What came of the step's traces with integers as numbers where the graph has numbers.

    The sample's rows may all be integers to pandas because none is missing.
    """
    given = given_to(step)
    assert given is not None
    numbers = given.as_numbers(where_numbers_are_integers(given.table, frame))
    if numbers is not given:
        keep(step, numbers)
        _OUTCOMES.pop(id(step), None)
    return outcome_of(step)


def untraceable(step: Any) -> tuple[str, str] | None:
    """Why a step that was looked at cannot be traced, and what to do instead; None where it can."""
    outcome = outcome_of(step) if _own_code(step) else None
    return None if outcome is None or outcome.stopped is None else _told(step, outcome.stopped)


def whole_in_some_batch(model: Any) -> bool:
    """Whether a step of the model that is traced answers integers in one batch and numbers in another."""
    outcomes = [outcome_of(step) for step in _every(model) if _own_code(step)]
    return any(outcome is not None and outcome.integers for outcome in outcomes)


def _told(step: Any, stopped: Stopped) -> tuple[str, str] | None:
    """None for code of a library's: what class it is says more."""
    if stopped.line is None and key_of(step) is None:
        return None
    where = f"stopped at {stopped.line}" if stopped.line else "stopped"
    return f"tracing its Python code {where}: {stopped.why}", _WAY_OUT


def same_bits(step: Any) -> bool:
    """For `Record`: the step's graph gives numpy's own bits."""
    outcome = outcome_of(step)
    return outcome is not None and not outcome.rounded


def jumps(step: Any) -> bool:
    """For `Record`: the step compares, rounds or looks numbers up."""
    outcome = outcome_of(step)
    return outcome is None or outcome.jumps


#: What is known of a class that is traced, asked of each step's own trace.
RECORD = Record(same_bits=same_bits, jumps=jumps, enlarges=True)


def outcome_of(step: Any) -> Outcome | None:
    """What came of tracing the step; None where it was given nothing yet."""
    known = _OUTCOMES.get(id(step))
    if known is not None and known[0]() is step:
        return known[1]
    given = given_to(step)
    if given is None:
        return None
    outcome = _examined(step, given)
    _OUTCOMES[id(step)] = (weakref.ref(step), outcome)
    weakref.finalize(step, _OUTCOMES.pop, id(step), None)
    return outcome


def _own_code(step: Any) -> bool:
    if key_of(step) is None:
        return may_be_traced(step) and hasattr(step, "__dict__")
    if type(step).__name__ != "FunctionTransformer" or step.func is None:
        return False
    return bool(step.kw_args) or not (isinstance(step.func, np.ufunc) and step.func.__name__ in FUNCTIONS)


def _every(model: Any) -> Iterator[Any]:
    """Every estimator that the model holds, however deep."""
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, (list, tuple)):
            waiting += thing
        elif isinstance(thing, dict):
            waiting += thing.values()
        elif hasattr(thing, "fit") and not isinstance(thing, type):
            yield thing
            waiting += getattr(thing, "__dict__", {}).values()


def _copy(step: Any) -> Any:
    """A step whose state the trace may change."""
    try:
        return copy.deepcopy(step)
    except Exception:  # noqa: BLE001 - whatever a user's object raises, the step itself is asked
        return step


def _first(step: Any) -> Any:
    given = given_to(step)
    assert given is not None
    return next(variations(given.table))


def _examined(step: Any, given: Given) -> Outcome:
    table = given.table
    if hasattr(table, "tocsr") or len(table.shape) != 2 or not len(table):
        return Outcome(Stopped("it is given a sparse matrix, or no table", None))
    if not given.alike:
        return Outcome(Stopped("it stands in two places, which give it other columns; give each a clone of it", None))
    try:
        return _over_variations(_copy(step), given)
    except Stopped as stopped:
        # an error holds the frames that it went through, and they the step
        return Outcome(Stopped(stopped.why, stopped.line))


def _over_variations(step: Any, given: Given) -> Outcome:
    """The same graph for rows of every kind and number, with the step's own answers.

    Raises:
        Stopped: the code cannot be followed, or answers otherwise than its graph.
    """
    runs: list[tuple[Ran, Any]] = []
    for k, table in enumerate(variations(given.table)):
        frame = blocks_of(table)
        try:
            ran = run(step, table, GraphBuilder([block.name for block in frame]), frame)
        except Failed as failed:
            if k < 2:  # the model answers these rows
                why = f"it raises {type(failed.__cause__).__name__} on traced columns: {failed}"
                raise Stopped(why, failed.line) from failed
            continue  # rows that the step refuses, and so does the input contract
        runs.append((ran, table))
        other = _first_difference(runs[0][0], ran)
        if other is not None:
            raise Stopped(
                "it does one thing for some rows and another for others, or does not do the same twice: it depends on"
                " how many rows there are, on what they hold, or on something that changes",
                other,
            )
        wrong = refuted(ran, table, frame)
        if wrong is not None:
            raise wrong
    line, integers = first_line(code_of(step)), False
    for ran, table in runs:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                answers = own_answers(step, table)
            except Exception as err:
                why = f"it raises {type(err).__name__} where its columns do not: {err}"
                raise Stopped(why, line_of_error(err) or line) from err
            if any(isinstance(answer, Traced) for _, _, answer in answers):
                raise Stopped("it keeps what it answered for later calls", line)
            apart = differs_from_itself(ran, table, answers)
            torn = integers_differ(step, ran, table, given.sometimes_whole)
        if apart is not None:
            raise Stopped(f"it answers {apart} otherwise than the same rows together, or than a moment ago", line)
        if torn:
            raise Stopped(
                "it answers a column of integers otherwise than the same values as numbers, and pandas makes"
                " numbers of them as soon as one row has none; make them numbers with astype(float)",
                line,
            )
        integers = integers or has_integers(ran, answers)
    rounded = any(tensor.rounded for tensor in runs[0][0].tensors)
    return Outcome(None, rounded, any(ran.trace.jumps for ran, _ in runs), integers)


def _first_difference(one: Ran, other: Ran) -> Line | None:
    """The line that first writes another node or constant; None where both are the same."""
    nodes, others = one.trace.g.nodes, other.trace.g.nodes
    at = next((i for i, (a, b) in enumerate(zip(nodes, others, strict=False)) if a != b), min(len(nodes), len(others)))
    constants = zip(one.trace.g.initializers, other.trace.g.initializers, strict=False)
    changed = next((a.name for a, b in constants if a != b), None)
    if changed is not None:
        at = min(at, next((i for i, node in enumerate(nodes) if changed in node.input), at))
    elif at == len(nodes) == len(others):
        return None
    line = next((mark for count, mark in other.trace.marks if count > at), None)
    return line or Line("its function", 0, "")
