"""Which calls a model settles: those that can be held against a shipped form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from isoship.errors import InputError
from isoship.tensors.calls import drawn, with_large
from isoship.tensors.contract import Arrays
from isoship.tensors.rounding import Rounding
from isoship.tensors.run import Array, Runs
from isoship.tensors.sizes import Sizes
from isoship.tensors.values import Known
from isoship_edge.tensors.signature import Input

if TYPE_CHECKING:
    import onnx

#: Magnitudes of `extremes`, the largest that the model settles is asked.
_LARGE = (1e30, 1e18, 1e9, 1e6, 6e4, 1e4, 1e3, 100.0, 30.0, 10.0)
#: Float32's own error is a few hundred units of the last place of the largest number at most.
_SETTLED = 4096
#: An answer may be so many times as large as ordinary ones before its rounding errors say nothing of theirs.
_LARGER = 8.0


class Answered:
    """Whether the model answers a call at all."""

    def __init__(self, run: Runs, known: dict[str, Known]) -> None:
        self._run, self.known = run, known
        self.exact: Arrays | None = None
        self.off: Mapping[str, float] = {}

    def __call__(self, feeds: Arrays) -> bool:
        try:
            self._run(feeds)
        except InputError:
            return False
        return True


class Settled:
    """Whether the model settles a call; and the magnitude of floats up to which it does (`known`)."""

    def __init__(
        self, run: Runs, graph: onnx.ModelProto, inputs: Sequence[Input], sizes: Sizes, known: dict[str, Known]
    ) -> None:
        rng = np.random.default_rng(0)  # what is settled does not depend on the seed of the calls
        self._run, self._rounding = run, Rounding(graph, run)
        self._most: dict[str, float] = {}
        self.exact: Arrays | None = None
        self.off: dict[str, float] = {}
        ordinary = [drawn(kind, rng, inputs, sizes, known) for kind in ("normal", "uniform", "zeros", "ones")]
        for feeds in ordinary:
            for name, array in self._answers(feeds).items():
                if array.dtype.kind == "f" and array.size:
                    self._most[name] = max(self._most.get(name, 0.0), float(np.nan_to_num(np.abs(array)).max()))
        self.known = known
        for large in _LARGE:
            self.known = {name: with_large(each, large) for name, each in known.items()}
            if self(drawn("extremes", rng, inputs, sizes, self.known), bounded=True):
                break
        else:
            self.known = known

    def __call__(self, feeds: Arrays, *, bounded: bool = False) -> bool:
        """bounded: answers much larger than ordinary ones do not count, either."""
        answers = self._answers(feeds)
        passed_on = any(a.dtype.kind == "f" and not np.isfinite(a).all() for a in feeds.values())
        most = {n: float(np.nan_to_num(np.abs(a)).max(initial=0.0)) for n, a in answers.items() if a.dtype.kind == "f"}
        if not answers or not all(passed_on or np.isfinite(answers[name]).all() for name in most):
            return False
        if bounded and any(size > _LARGER * max(self._most.get(name, 0.0), 1e-3) for name, size in most.items()):
            return False
        self.exact = exact = self._rounding.exact(feeds)
        self.off = {}

        def settles(other: Arrays, name: str) -> bool:
            if name not in most:
                return np.array_equal(other[name], exact[name])
            unit = max(float(np.finfo(answers[name].dtype).eps), 2.0**-23 if self._rounding.exact.widened else 0.0)
            off = _apart(other[name], exact[name])
            self.off[name] = max(off, self.off.get(name, 0.0))
            return off <= _SETTLED * unit * max(most[name], self._most.get(name, 0.0), 1e-3)

        return all(
            settles(other, name)
            for other in (answers, self._rounding.nudged(feeds))
            for name in answers.keys() & exact.keys() & other.keys()
        )

    def _answers(self, feeds: Arrays) -> dict[str, Array]:
        try:
            return {name: np.asarray(value) for name, value in self._run(feeds).items()}
        except InputError:
            return {}


def _apart(array: Array, exact: Array) -> float:
    """The largest difference."""
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(array.astype(np.float64) - exact.astype(np.float64))
    return float(np.nan_to_num(error).max(initial=0.0))
