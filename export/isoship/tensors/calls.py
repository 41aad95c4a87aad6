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
