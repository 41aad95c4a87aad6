"""A graph of torch's exporter against the module it was made from: inputs, and answers to many calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.onnx.exposed import exposed
from isoship.sources.foreign.asks import asks_of
from isoship.sources.foreign.checked import refuse_changed_inputs, refuse_other_answers
from isoship.sources.torch import places, rounding
from isoship.sources.torch.calls import Call
from isoship.sources.torch.sizes import Dims, sizes_answered
from isoship.tensors.contract import Arrays, TensorSource
from isoship.tensors.run import Runs

if TYPE_CHECKING:
    import onnx


def refuse_unless_equal(
    source: TensorSource,
    graph: onnx.ModelProto,
    steps: Any,
    call: Call,
    dims: Dims,
    refusal: Callable[[Sequence[Any]], str | None],
) -> None:
    """steps: the decomposed program, whose steps the graph's tensors are named after.

    Raises:
        UnsupportedModelError: the graph has other inputs, or answers otherwise; names the first step that does.
    """
    refuse_changed_inputs(graph, call.names)
    stepped = dict(zip([o.name for o in source.outputs], steps.graph_signature.user_outputs, strict=True))

    def noise(inputs: Arrays, expected: dict[str, Any]) -> dict[str, Any]:
        own = {step: expected[name] for name, step in stepped.items()}
        found = rounding.noise_of(steps, call.tensors_of(inputs), own)
        return {name: found[step] for name, step in stepped.items()}

    def place(inputs: Arrays, name: str) -> str:
        seen = {n: each for n, each in Runs(exposed(graph))(inputs).items() if isinstance(each, np.ndarray)}
        tensor = rounding.first_step(steps, graph, seen, call.tensors_of(inputs), stepped)
        return places.of_step(steps, graph, tensor, stepped) if tensor else f"output {name!r}"

    sizes = sizes_answered(call.names, call.tensors, dims, refusal)
    asks = asks_of(source.signature.inputs, source.samples[0], sizes)
    refuse_other_answers(graph, asks, source.answers, noise, place, exporter="torch's exporter")
