"""torch's own exporters: a module to an exported program, and that to ONNX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from isoship.errors import ConversionError, UnsupportedModelError
from isoship.sources.torch.calls import Call
from isoship.sources.torch.library import first_line, quiet, settled
from isoship.sources.torch.sizes import Dims, at_least_two, resized

if TYPE_CHECKING:
    import onnx


def program_of(module: Any, call: Call, dims: Dims) -> Any:
    """torch.export.export of a module in evaluation mode.

    Raises:
        UnsupportedModelError: torch cannot follow its forward, or holds a dimension for a constant.
    """
    import torch

    # DYNAMIC takes the range that the steps allow, where a Dim of a name asks for all sizes; neither takes a constant.
    shapes = [dict.fromkeys(dims.get(name, {}), torch.export.Dim.DYNAMIC) for name in call.names]
    sizes = {size for axes in dims.values() for size in axes.values()}
    wanted = {size: at_least_two(call.names, call.tensors, dims, size) for size in sizes}
    args, kwargs = call.arguments(resized(call.names, call.tensors, dims, wanted))
    try:
        with quiet(), settled():
            return torch.export.export(module, args, kwargs, dynamic_shapes=_like_the_arguments(module, call, shapes))
    except Exception as err:  # every part of torch has errors of its own
        raise UnsupportedModelError(
            type(module).__name__,
            f"torch.export.export does not follow it: {_words(err)}",
            "Write forward with tensor operations and torch.cond in the place of Python's if and int(); or name the"
            " dimensions that may be of any size with dynamic={...}, {} for none",
        ) from err


def graph_of(program: Any, names: Sequence[str], outputs: Sequence[str], estimator: str) -> tuple[onnx.ModelProto, Any]:
    """The graph with its metadata, and the decomposed program whose steps have the names of the graph's tensors.

    Raises:
        UnsupportedModelError: the exporter has no ONNX for an operator. ConversionError: it failed otherwise.
    """
    import torch

    try:
        with quiet(), settled():
            made = torch.onnx.export(
                program, (), dynamo=True, verbose=False, input_names=list(names), output_names=list(outputs)
            )
    except Exception as err:  # every part of torch has errors of its own
        cause = _cause(err)
        raise UnsupportedModelError(
            estimator,
            f"torch.onnx.export does not carry it: {cause}",
            "Write the step with other operations",
        ) from err
    if made is None:
        raise ConversionError("torch.onnx.export gave no graph and no error")
    return made.model_proto, made.exported_program


def _like_the_arguments(module: Any, call: Call, shapes: Sequence[Mapping[int, Any]]) -> dict[str, Any]:
    """dynamic_shapes in the form of the arguments, by parameter."""
    import inspect

    from torch.utils import _pytree

    leaves: list[Any] = [None] * len(call.leaves)
    for place, shape in zip(call.places, shapes, strict=True):
        leaves[place] = dict(shape)
    args, kwargs = _pytree.tree_unflatten(leaves, call.spec)
    bound: dict[str, Any] = inspect.signature(module.forward).bind(*args, **kwargs).arguments
    return {**{k: v for k, v in bound.items() if k not in _variable(module)}, **bound.get(_variable_names(module), {})}


def _variable(module: Any) -> set[str]:
    return {_variable_names(module)}


def _variable_names(module: Any) -> str:
    import inspect

    parameters = inspect.signature(module.forward).parameters.values()
    return next((each.name for each in parameters if each.kind is inspect.Parameter.VAR_KEYWORD), "")


def _words(err: BaseException) -> str:
    """torch's first line, and what stands under it where that says only that something is violated."""
    lines = [line.strip(" -") for line in str(err).splitlines() if line.strip()]
    return (
        f"{type(err).__name__}: {' '.join(lines[: 2 if 'violated' in lines[0] else 1])[:400]}"
        if lines
        else first_line(err)
    )


def _cause(err: BaseException) -> str:
    """The innermost error of a chain, which names the operator."""
    while err.__cause__ is not None:
        err = err.__cause__
    return f"{type(err).__name__}: {first_line(err)}"
