"""One call of a model: an array for each input, of one kind and of given sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from isoship.errors import InputError
from isoship.tensors.contract import Arrays
from isoship.tensors.known import strings_of, thresholds_of
from isoship.tensors.ranges import uses_of
from isoship.tensors.run import Array
from isoship.tensors.sizes import Sizes, shape_of
from isoship.tensors.values import Known, draw
from isoship_edge.tensors.signature import FLOATS, Input

if TYPE_CHECKING:
    import onnx

_Answer = Callable[[Arrays], Mapping[str, Array]]


def with_large(known: Known, large: float) -> Known:
    return Known(known.strings, known.thresholds, known.size, large)


def known_of(graph: onnx.ModelProto, one: Input) -> Known:
    return Known(
        strings_of(graph) if one.dtype == "string" else (),
        thresholds_of(graph) if one.dtype in FLOATS else (),
        size=one.dtype not in (*FLOATS, "string", "bool") and uses_of(graph, one.name).size,
    )


def drawn(
    kind: str, rng: np.random.Generator, inputs: Sequence[Input], sizes: Sizes, known: Mapping[str, Known]
) -> dict[str, Array]:
    made = {}
    for one in inputs:
        large = min(known[one.name].large, 6e4) if one.dtype == "float16" else known[one.name].large
        made[one.name] = draw(kind, rng, one, shape_of(one, sizes), with_large(known[one.name], large))
    return made


def like(
    rng: np.random.Generator, inputs: Sequence[Input], call: Arrays, known: Mapping[str, Known]
) -> dict[str, Array]:
    """A call of the size and scale of the user's own: no array of theirs, but integers that stand alone, which are
    switches and counts (`copies`)."""
    made = {}
    for one in inputs:
        given = np.asarray(call[one.name])
        if one.dtype in FLOATS:
            finite = given[np.isfinite(given)].astype(np.float64)
            low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
            scaled = given * rng.uniform(0.9, 1.1) if given.size == 1 else rng.normal(size=given.shape)
            if given.size != 1 and finite.size:
                scaled = np.clip(finite.mean() + finite.std() * scaled, low, high)
            made[one.name] = np.asarray(scaled, given.dtype)
        elif one.dtype in ("string", "bool"):
            made[one.name] = draw("normal", rng, one, given.shape, known[one.name])
        else:
            made[one.name] = np.asarray(
                rng.integers(given.min(), given.max(), given.shape, given.dtype, endpoint=True) if given.size else given
            )
    return made


def copies(inputs: Sequence[Input], call: Arrays) -> bool:
    """Whether what is `like` a call of the user's holds a value of it."""
    return any(one.dtype not in (*FLOATS, "string", "bool") and len(np.unique(call[one.name])) == 1 for one in inputs)


def plain(run: _Answer, inputs: Sequence[Input], sizes: Sizes, known: Mapping[str, Known]) -> Arrays | None:
    """The simplest call of these sizes that is answered, None where there is none."""
    rng = np.random.default_rng(0)
    for kind in ("ones", "zeros", "normal"):
        feeds = drawn(kind, rng, inputs, sizes, known)
        try:
            run(feeds)
        except InputError:
            continue
        return feeds
    return None
