"""Calls of a model of tensors that exercise its graph: sizes found by trying, values of every kind, seeded.

Asked are calls that the model settles. Where float32 itself gives no answer (a NaN from finite numbers, another integer
than the same graph in doubles gives, an error far beyond that of ordinary calls) there is nothing to hold a shipped
form against, and the call is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from isoship.errors import InputError
from isoship.tensors.contract import Arrays, Ask
from isoship.tensors.double_graph import DoubleGraph
from isoship.tensors.known import strings_of, thresholds_of
from isoship.tensors.ranges import uses_of
from isoship.tensors.run import Array, Runs
from isoship.tensors.sizes import Found, Sizes, find_sizes, shape_of, sizes_of
from isoship.tensors.values import KINDS, Known, draw
from isoship_edge.manifest import Signature
from isoship_edge.tensors.signature import FLOATS, Input

if TYPE_CHECKING:
    import onnx

#: How many calls are made where nobody says.
BUDGET = 32
#: Magnitudes of `extremes`, the largest that the model settles is asked.
_LARGE = (1e30, 1e18, 1e9, 1e6, 6e4, 1e4, 1e3, 100.0, 30.0, 10.0)
#: An answer may be so many times as large as ordinary ones before its rounding errors say nothing of theirs.
_LARGER = 8.0
_Answer = Callable[[Arrays], Mapping[str, Array]]


def asks_for(
    graph: onnx.ModelProto,
    signature: Signature,
    *,
    samples: Sequence[Arrays] = (),
    seed: int = 0,
    budget: int | None = None,
) -> list[Ask]:
    """The most ordinary first: a few of them are a fair sample. Other seeds give other values of the same kinds.

    graph: the canonical one. samples: calls of the user's; their sizes are asked, and they come last, as they are.
    budget: how many calls at most, samples apart.

    Raises:
        InputError: no size of the model's dynamic dimensions is answered.
    """
    run = Runs(graph)
    inputs = signature.inputs
    sized = [sizes_of(inputs, each) for each in samples]
    known = {one.name: _known(graph, one) for one in inputs}
    found = sizes_found(run, graph, inputs, sized)
    if found is None:
        raise InputError(
            "the model answers none of the sizes tried for its dynamic dimensions. Give a call as it is made:"
            " --sample calls.npz, an array for each input"
        )
    rng = np.random.default_rng([seed, 2718])
    settled = _Settled(run, graph, inputs, found.base, known)
    wanted = _wanted(found, sized)
    made: list[Ask] = []
    for kind, label, sizes in wanted:
        if len(made) >= (budget or BUDGET):
            break
        feeds = _drawn(kind, rng, inputs, sizes, settled.known)
        if settled(feeds):
            made.append(Ask(label, feeds))
    return made + [Ask("sample", each) for each in samples]


def _wanted(found: Found, sized: Sequence[Sizes]) -> list[tuple[str, str, Sizes]]:
    """(kind of values, the ask's own kind, sizes), in order of importance."""
    batches = [
        (f"batch-{max(sizes[name] for name in sizes if sizes[name] != found.base[name])}", sizes)
        for name, others in list(found.others.items())[:1]
        for sizes in others
    ]
    others = [(f"{name}-{sizes[name]}", sizes) for name, all_of in list(found.others.items())[1:] for sizes in all_of]
    first, rest = KINDS[:4], KINDS[4:]
    wanted = [(kind, kind, found.base) for kind in first]
    wanted += [("normal", label, sizes) for label, sizes in batches[:2]]
    wanted += [(kind, kind, found.base) for kind in rest]
    wanted += [("uniform", label, sizes) for label, sizes in others[:4]]
    wanted += [("normal", "sample-sizes", sizes) for sizes in sized[:2]]
    wanted += [("normal", label, sizes) for label, sizes in batches[2:]]
    wanted += [("normal", label, sizes) for label, sizes in others[4:]]
    larger = [sizes for _label, sizes in batches] or [found.base]
    wanted += [(kind, kind, larger[i % len(larger)]) for i, kind in enumerate(KINDS * 40)]
    return wanted


def plain_call(
    run: Runs, graph: onnx.ModelProto, inputs: Sequence[Input], samples: Sequence[Arrays] = ()
) -> Arrays | None:
    """One call that is answered: the user's first one, else the simplest of the smallest sizes; None for neither."""
    if samples:
        return samples[0]
    found = sizes_found(run, graph, inputs)
    known = {one.name: _known(graph, one) for one in inputs}
    return None if found is None else _plain(run, inputs, found.base, known)


def sizes_found(
    run: Runs, graph: onnx.ModelProto, inputs: Sequence[Input], sized: Sequence[Sizes] = ()
) -> Found | None:
    """Sizes of dynamic dimensions that are answered, those of the user's calls first; None where none is."""
    known = {one.name: _known(graph, one) for one in inputs}
    return find_sizes(inputs, lambda sizes: _plain(run, inputs, sizes, known) is not None, sized)


class _Settled:
    """Whether the model settles a call; and the magnitude of floats up to which it does (`known`)."""

    def __init__(
        self, run: Runs, graph: onnx.ModelProto, inputs: Sequence[Input], sizes: Sizes, known: dict[str, Known]
    ) -> None:
        rng = np.random.default_rng(0)  # what is settled does not depend on the seed of the calls
        self._run, self._double = run, DoubleGraph(graph)
        self._most: dict[str, float] = {}
        ordinary = [_drawn(kind, rng, inputs, sizes, known) for kind in ("normal", "uniform", "zeros", "ones")]
        for feeds in ordinary:
            for name, array in self._answers(feeds).items():
                if array.dtype.kind == "f" and array.size:
                    self._most[name] = max(self._most.get(name, 0.0), float(np.nan_to_num(np.abs(array)).max()))
        self.known = known
        for large in _LARGE:
            self.known = {name: _with_large(each, large) for name, each in known.items()}
            if self(_drawn("extremes", rng, inputs, sizes, self.known), bounded=True):
                break
        else:
            self.known = known

    def __call__(self, feeds: Arrays, *, bounded: bool = False) -> bool:
        """bounded: answers much larger than ordinary ones do not count, either."""
        answers = self._answers(feeds)
        if not answers:
            return False
        exact = self._double(feeds)
        for name, array in answers.items():
            if array.dtype.kind != "f":
                if name in exact and not np.array_equal(array, exact[name]):
                    return False
                continue
            passed_on = any(a.dtype.kind == "f" and not np.isfinite(a).all() for a in feeds.values())
            if not np.isfinite(array).all() and not passed_on:
                return False
            most = float(np.nan_to_num(np.abs(array)).max(initial=0.0))
            if bounded and most > _LARGER * max(self._most.get(name, 0.0), 1e-3):
                return False
            if name in exact and not _near(array, exact[name], max(most, self._most.get(name, 0.0))):
                return False
        return True

    def _answers(self, feeds: Arrays) -> dict[str, Array]:
        try:
            return {name: np.asarray(value) for name, value in self._run(feeds).items()}
        except InputError:
            return {}


def _near(array: Array, exact: Array, most: float) -> bool:
    """Float32's own error is a few hundred units of the last place of the largest number at most."""
    unit = float(np.finfo(array.dtype).eps)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(array.astype(np.float64) - exact.astype(np.float64))
    return bool(np.nan_to_num(error).max(initial=0.0) <= 4096 * unit * max(most, 1e-3))


def _with_large(known: Known, large: float) -> Known:
    return Known(known.strings, known.thresholds, known.size, large)


def _known(graph: onnx.ModelProto, one: Input) -> Known:
    return Known(
        strings_of(graph) if one.dtype == "string" else (),
        thresholds_of(graph) if one.dtype in FLOATS else (),
        size=one.dtype not in (*FLOATS, "string", "bool") and uses_of(graph, one.name).size,
    )


def _drawn(
    kind: str, rng: np.random.Generator, inputs: Sequence[Input], sizes: Sizes, known: Mapping[str, Known]
) -> dict[str, Array]:
    made = {}
    for one in inputs:
        large = min(known[one.name].large, 6e4) if one.dtype == "float16" else known[one.name].large
        made[one.name] = draw(kind, rng, one, shape_of(one, sizes), _with_large(known[one.name], large))
    return made


def _plain(run: _Answer, inputs: Sequence[Input], sizes: Sizes, known: Mapping[str, Known]) -> Arrays | None:
    """The simplest call of these sizes that is answered, None where there is none."""
    rng = np.random.default_rng(0)
    for kind in ("ones", "zeros", "normal"):
        feeds = _drawn(kind, rng, inputs, sizes, known)
        try:
            run(feeds)
        except InputError:
            continue
        return feeds
    return None
