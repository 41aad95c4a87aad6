"""What gives an exported program no one answer: training mode, random numbers, buffers that change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isoship.errors import UnsupportedModelError
from isoship.sources.torch.places import place_of

_EVALUATE = (
    "Export it again in evaluation mode: torch.export.export(model.eval(), ...); inside forward,"
    " F.dropout(x, training=self.training)"
)
#: Arguments of torch's operators that say training mode, and those without which it changes nothing.
_FLAGS = ("train", "training", "use_input_stats", "is_training")
_RATES = ("p", "dropout", "dropout_p")
_RANDOM = ("rand", "bernoulli", "multinomial", "normal", "poisson", "uniform", "exponential", "cauchy", "geometric")


def refuse_what_has_no_one_answer(program: Any) -> None:
    """program: an `ExportedProgram`, before decompositions.

    Raises:
        UnsupportedModelError: a step in training mode, one that draws random numbers, or a buffer that changes.
    """
    import torch

    for node in _nodes(program.graph_module):
        target = node.target
        if not isinstance(target, torch._ops.OpOverload):
            continue
        given = _arguments(node)
        name = target._schema.name.removeprefix("aten::")
        if any(given.get(flag) is True for flag in _FLAGS) and _matters(name, given):
            raise UnsupportedModelError(
                place_of(node),
                "it is in training mode, in which a model answers otherwise each time",
                _EVALUATE,
            )
        if float(given.get("dropout_p") or 0) > 0 or _draws(name):
            raise UnsupportedModelError(
                place_of(node),
                "it draws random numbers",
                "Export it in evaluation mode (model.eval()); what draws there, too, is to be an input, or left out",
            )
    changed = program.graph_signature.buffers_to_mutate
    if changed or program.graph_signature.user_inputs_to_mutate:
        buffer = next(iter([*changed.values(), *program.graph_signature.user_inputs_to_mutate.values()]))
        raise UnsupportedModelError(
            f"buffer {buffer!r}",
            "the model changes it whenever it answers, so an answer depends on the calls before",
            "Give the state as an input and an output of forward",
        )


def _matters(name: str, given: dict[str, Any]) -> bool:
    """Norms without running statistics and dropout of nothing answer the same in both modes."""
    if "norm" in name:
        return given.get("running_mean") is not None
    rates = [given[each] for each in _RATES if each in given]
    return not rates or any(rate > 0 for rate in rates)


def _draws(name: str) -> bool:
    base = name.split(".")[0].rstrip("_")
    return base in _RANDOM or base.startswith(("rand", "bernoulli", "normal_"))


def _arguments(node: Any) -> dict[str, Any]:
    schema = node.target._schema.arguments
    given = {one.name: one.default_value for one in schema if one.has_default_value()}
    given |= {one.name: value for one, value in zip(schema, node.args, strict=False)}
    return given | dict(node.kwargs)


def _nodes(module: Any) -> Iterator[Any]:
    import torch

    for each in module.modules():
        if isinstance(each, torch.fx.GraphModule):
            yield from each.graph.nodes
