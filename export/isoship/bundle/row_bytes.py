"""The manifest's `row_bytes`: what a row takes in a call of the runtime, and so how many rows are asked at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from isoship.onnx.live_bytes import bytes_a_row
from isoship_edge.manifest import Output

if TYPE_CHECKING:
    import onnx

#: An answer leaves the runtime as a Python number in a list: an object of 24 or 32 bytes, and its place.
_ANSWER = 40


def row_bytes(graph: onnx.ModelProto, outputs: Sequence[Output]) -> int:
    """The tensors of the graph that are kept at a time, and what comes out of them."""
    answers = sum(math.prod(size for size in output.shape if isinstance(size, int)) for output in outputs)
    return bytes_a_row(graph) + _ANSWER * answers
