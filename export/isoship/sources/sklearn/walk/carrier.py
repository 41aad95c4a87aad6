"""Carries fitted estimators into a graph: the walk through nested estimators.

A converter takes the frame that its estimator sees and adds the estimator to the graph:

    @carries("StandardScaler", record=Record(same_bits=True, jumps=False))
    def standard_scaler(c: Carrier, scaler: Any, frame: Frame) -> Parts: ...

`Parts` maps the estimator's methods (`transform`, `predict`, `predict_proba`, `decision_function`, `score_samples`)
to frames. Methods nobody asks for cost nothing: their nodes are pruned in the end.
Keys are class names, so that looking one up imports nothing; a subclass of a known estimator is not carried, because
it may compute something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from isoship.errors import UnsupportedModelError
from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.walk.another_class import another_class
from isoship.sources.sklearn.walk.frame import Block, Frame, matrix
from isoship.sources.sklearn.walk.inside import is_pipeline
from isoship.sources.sklearn.walk.refused import REFUSED
from isoship.sources.sklearn.walk.registry import carried, key_of
from isoship.sources.sklearn.walk.steps import Carried, name_of

Parts = dict[str, Frame]
#: (carrier, estimator, frame) -> parts, or None where it carries no such estimator.
Way = Callable[["Carrier", Any, Frame], Parts | None]


class Carrier:
    """A graph under construction, and where in the model the walk is.

    others: tried in this order for an estimator that isoship has no converter of, before it is refused.
    """

    def __init__(self, others: Sequence[Way] = ()) -> None:
        self.g = GraphBuilder()
        #: The graph's inputs, and what the sample holds in categorical ones (`examples.feeds_from_sample`).
        self.inputs: list[Any] = []
        self.examples: Callable[[], dict[str, Any]] = dict
        #: What was carried so far, what is inside an estimator before the estimator.
        self.steps: list[Carried] = []
        self._path: list[str] = []
        self._names: list[str] = []
        self._walk: list[Any] = []
        #: Estimators that compute what they give to those inside them, and round it.
        self.rounding: list[str] = []
        self._left_out: dict[tuple[int, str], UnsupportedModelError] = {}
        self._converters = carried()
        self._others = tuple(others)

    @contextmanager
    def at(self, step: str) -> Iterator[None]:
        """Names what is below for error messages: `with c.at("steps[1]"): ...` in a Pipeline is `pipeline.steps[1]`."""
        self._path.append(f"{type(self._walk[-1]).__name__.lower()}.{step}")
        self._names.append(name_of(self._walk[-1], step))
        try:
            yield
        finally:
            self._path.pop()
            self._names.pop()

    @contextmanager
    def behind(self, name: str | None) -> Iterator[None]:
        """What is below is given numbers that an estimator of this class has rounded; None: it has not."""
        self.rounding += [] if name is None else [name]
        try:
            yield
        finally:
            del self.rounding[len(self.rounding) - (name is not None) :]

    def carry(self, estimator: Any, frame: Frame) -> Parts:
        """Adds an estimator.

        Raises:
            UnsupportedModelError: it, or something in it, cannot be carried exactly.
        """
        self._walk.append(estimator)
        first = len(self.g.nodes)
        try:
            for way in self._ways(key_of(estimator)):
                parts = way(self, estimator, frame)
                if parts is not None:
                    written = range(first, len(self.g.nodes))
                    self.steps.append(Carried(self.path, tuple(filter(None, self._names)), estimator, parts, written))
                    return parts
            raise self._refusal(estimator)
        finally:
            self._walk.pop()

    def _ways(self, key: str | None) -> tuple[Way, ...]:
        own = self._converters.get(key) if key else None
        return self._others if own is None else (own,)

    def _refusal(self, estimator: Any) -> UnsupportedModelError:
        key = key_of(estimator)
        if key is None:
            return self.unsupported(estimator, *another_class(self.path, estimator))
        if key in REFUSED:
            return self.unsupported(estimator, *REFUSED[key])
        return self.unsupported(
            estimator,
            "isoship has no exact conversion of it yet",
            "docs/support.md lists what is carried; replace it by one of those, or ask for it with an issue",
        )

    @property
    def walk(self) -> tuple[Any, ...]:
        """The estimators from the model down to the present one."""
        return tuple(self._walk)

    @property
    def nested(self) -> bool:
        """Whether the present estimator is inside another one."""
        return len(self._walk) > 1

    def before(self) -> Any:
        """The step in front of the present estimator in its Pipeline; None where there is none."""
        if len(self._walk) < 2 or not is_pipeline(self._walk[-2]):
            return None
        steps = [step for _, step in self._walk[-2].steps if step is not None and not isinstance(step, str)]
        place = next(i for i, step in enumerate(steps) if step is self._walk[-1])
        return steps[place - 1] if place else None

    def doubles(self, frame: Frame, estimator: Any) -> Block:
        """The frame as one block of doubles.

        Raises:
            UnsupportedModelError: it holds strings, or floats alone, on which scikit-learn computes in float32.
        """
        if {block.dtype for block in frame} == {"float"}:
            raise self.unsupported(
                estimator,
                "the step before it returns float32, so scikit-learn computes here in float32",
                "Set dtype=numpy.float64 on the step before and train again",
            )
        return self.numbers(frame, estimator)

    def numbers(self, frame: Frame, estimator: Any, dtype: str = "double") -> Block:
        """The frame as one block of this type.

        Raises:
            UnsupportedModelError: it holds strings, or nothing.
        """
        if not frame:
            raise self.unsupported(estimator, "it is given no columns", "Train it on at least one column")
        try:
            return matrix(self.g, frame, dtype)
        except TypeError as err:
            raise self.unsupported(
                estimator,
                "it is given strings, which scikit-learn would parse as numbers",
                "Make the columns numbers before training, or encode them with an OneHotEncoder or OrdinalEncoder",
            ) from err

    def leave_out(self, estimator: Any, method: str, why: str, instead: str) -> None:
        """Says why a converter leaves a method out that the estimator has: an error only when something asks for it."""
        self._left_out[id(estimator), method] = self.unsupported(estimator, why, instead)

    def absent(self, estimator: Any, method: str, instead: str) -> UnsupportedModelError:
        """The error for a method that the estimator's parts lack. instead: the way out where no converter gave one."""
        while hasattr(estimator, "steps"):
            estimator = estimator.steps[-1][1]
        why = f"isoship has no conversion of its {method}"
        return self._left_out.get((id(estimator), method)) or self.unsupported(estimator, why, instead)

    def unsupported(self, estimator: Any, why: str, instead: str) -> UnsupportedModelError:
        """The error that names the step where the walk is."""
        return UnsupportedModelError(self.named(estimator), why, instead)

    def named(self, estimator: Any) -> str:
        """The estimator by where the walk is and what it is."""
        return " -> ".join([*self._path, brief(estimator)])

    @property
    def path(self) -> str:
        """Where the walk is, as error messages have it; empty at the model itself."""
        return " -> ".join(self._path)


def brief(estimator: Any) -> str:
    """An estimator on one line: its class and the parameters that differ from the defaults, cut short."""
    if not hasattr(estimator, "get_params"):
        return repr(estimator)[:80]
    text = " ".join(repr(estimator).split())
    return text if len(text) <= 100 else f"{type(estimator).__name__}(...)"
