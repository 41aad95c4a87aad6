"""How far rounding moves each step of an exported program, and which step of a graph is the first to differ.

The steps are run as they are, in double precision, and in double precision with every float moved by as much as a
rounding to the source's width would (Monte Carlo arithmetic; Parker 1997). Where the runs agree an answer is settled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.sources.torch.library import settled
from isoship.tensors.rounding import spread

if TYPE_CHECKING:
    import onnx

Array = np.ndarray[Any, Any]
Values = dict[str, Array]
#: onnxruntime's kernels of these are right to a rounding of 1, or of their input, and not of a small answer:
#: Sigmoid(-8.35) is 1e-4 of itself off.
_BY_ONE = ("sigmoid", "tanh", "erf", "lstm", "gru", "rnn_tanh")
_BY_INPUT = ("gelu", "glu", "silu")


def values_of(
    program: Any,
    tensors: Sequence[Any],
    *,
    wanted: Collection[str] | None = None,
    wide: bool = False,
    seed: int | None = None,
) -> Values:
    """Step name -> its value; the program's outputs are among them.

    wanted: these steps alone. wide: in double precision. seed: each float of each step moved by at most half a last
    place of the source's width.
    """
    import torch

    pytree = torch.utils._pytree

    class Steps(torch.fx.Interpreter):  # type: ignore[misc]
        def run_node(self, node: Any) -> Any:
            least = _least(node, self.env)
            made = super().run_node(node)
            if seed is not None and node.op != "output":
                made = pytree.tree_map(lambda value: moved(value, least), made)
            if isinstance(made, torch.Tensor) and self is record and (wanted is None or node.name in wanted):
                kept[node.name] = made
            return made

        def get_attr(self, target: str, args: Any, kwargs: Any) -> Any:
            found = super().get_attr(target, args, kwargs)
            if isinstance(found, torch.fx.GraphModule):
                return lambda *operands: Steps(found).run(*operands)
            return widened(found)

        def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
            return super().call_function(target, *pytree.tree_map(widened, (args, kwargs)))

    def widened(value: Any) -> Any:
        if not wide:
            return value
        if isinstance(value, torch.dtype) and value in (torch.float32, torch.float16):
            return torch.float64
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            return value.double()
        return value

    def moved(value: Any, least: Any) -> Any:
        if not isinstance(value, torch.Tensor) or not value.is_floating_point():
            return value
        by = (torch.rand(value.shape, generator=draw, dtype=value.dtype) - 0.5) * eps
        of_itself = value * (1 + by)  # a product keeps the sign of zeros
        return of_itself if least is None else torch.where(value.abs() < least, value + by * least, of_itself)

    draw = torch.Generator().manual_seed(seed or 0)
    floats = [each for each in (*program.state_dict.values(), *tensors) if each.is_floating_point()]
    eps = max((torch.finfo(each.dtype).eps for each in floats), default=0.0)
    kept: dict[str, Any] = {}
    record = Steps(program.graph_module)
    with settled():
        record.run(*(widened(tensor) for tensor in _placeholders(program, tensors)))
    return {name: value.detach().numpy() for name, value in kept.items()}


def noise_of(program: Any, tensors: Sequence[Any], own: Values) -> Values:
    """How far rounding moves each element of these values of steps; NaN where the source does not settle it."""
    try:
        exact, moved = (values_of(program, tensors, wanted=own, wide=True, seed=seed) for seed in (None, 0))
    except (RuntimeError, TypeError, ValueError):  # a step without a kernel in double precision
        exact, moved = own, values_of(program, tensors, wanted=own, seed=0)
    return {name: spread(exact[name], value, moved[name]) for name, value in own.items()}


def first_step(
    program: Any,
    graph: onnx.ModelProto,
    seen: Values,
    tensors: Sequence[Any],
    renamed: Mapping[str, str],
) -> str:
    """The name of the first tensor of the graph that differs from the step of its name; empty where none does.

    seen: the values of tensors inside the graph. renamed: output name of the graph -> name of its step.
    """
    from isoship.sources.foreign.checked import first_difference

    own = values_of(program, tensors)
    noise = noise_of(program, tensors, own)
    made = [name for node in graph.graph.node for name in node.output if name in seen]
    for name in made:
        step = renamed.get(name, name)
        if step in own and first_difference(name, own[step], seen[name], noise[step]) is not None:
            return str(name)
    return ""


def _least(node: Any, values: Mapping[Any, Any]) -> Any:
    """By what a kernel of onnxruntime rounds, where that is not the answer itself."""
    kind = str(node.target).removeprefix("aten.").split(".")[0]
    if kind in _BY_INPUT:
        size = values[node.args[0]].abs()
        return size.max() if kind == "glu" else size  # glu halves its input
    return 1.0 if kind in _BY_ONE else None


def _placeholders(program: Any, tensors: Sequence[Any]) -> list[Any]:
    """Weights, constants and inputs in the order of the program's placeholders."""
    from torch.export.graph_signature import InputKind

    given, flat = iter(tensors), []
    for spec in program.graph_signature.input_specs:
        if spec.kind is InputKind.USER_INPUT:
            constant = type(spec.arg).__name__ == "ConstantArgument"
            flat.append(spec.arg.value if constant else next(given))
        else:
            held = program.state_dict if spec.target in program.state_dict else program.constants
            flat.append(held[spec.target])
    return flat
