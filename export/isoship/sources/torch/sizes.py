"""Which dimensions of the inputs may have any size: proven by asking the model in others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from isoship.errors import SampleError
from isoship.tensors.graph import graphs_of

if TYPE_CHECKING:
    import onnx

BATCH = "batch"
#: Sizes that a dimension is asked in.
BATCHES, OTHERS = (1, 2, 3), (1, 2, 5, 9, 16, 33)
#: Input name -> axis -> name of the dimension.
Dims = dict[str, dict[int, str]]
#: The same as a user writes it, or a name or None for each axis in turn.
Asked = Mapping[str, Mapping[int, str] | Sequence[str | int | None]]


def dims_of(
    names: Sequence[str],
    tensors: Sequence[Any],
    asked: Asked | None,
    answers: Callable[[Sequence[Any]], str | None],
    notes: list[str],
) -> Dims:
    """asked: what the user wants, which takes the place of the batch; a name is one size throughout.

    answers: why the model refuses these tensors, None where it answers.

    Raises:
        SampleError: `asked` names no input or axis, or a size that the model refuses.
    """
    if asked is not None:
        dims = {name: _axes(name, wanted, names, tensors) for name, wanted in asked.items()}
        for title in _sizes(dims):
            refused = answers(resized(names, tensors, dims, {title: _other(names, tensors, dims, title)}))
            if refused:
                raise SampleError(
                    f"the dimension {title!r} cannot be of any size: the model refuses another one: {refused}. Leave it"
                    " out of dynamic"
                )
        return dims
    first = next((tensor.shape[0] for tensor in tensors if tensor.ndim), None)
    dims = {name: {0: BATCH} for name, t in zip(names, tensors, strict=True) if t.ndim and t.shape[0] == first}
    for size in BATCHES:
        refused = answers(resized(names, tensors, dims, {BATCH: size})) if dims else "no input has a dimension"
        if refused:
            notes.append(f"inputs keep the sizes of the sample, because the model refuses a batch of {size}: {refused}")
            return {}
    return dims


def sizes_answered(
    names: Sequence[str], tensors: Sequence[Any], dims: Dims, answers: Callable[[Sequence[Any]], str | None]
) -> list[dict[str, int]]:
    """Sizes to ask in: a batch of 2 and the sample's own sizes first, then each dimension in others."""
    base = {size: 2 if size == BATCH else at_least_two(names, tensors, dims, size) for size in _sizes(dims)}
    found = [base]
    for size in base:
        for other in BATCHES if size == BATCH else OTHERS:
            sizes = {**base, size: other}
            if other != base[size] and not answers(resized(names, tensors, dims, sizes)):
                found.append(sizes)
    return found


def at_least_two(names: Sequence[str], tensors: Sequence[Any], dims: Dims, size: str) -> int:
    """The sample's own size, or 3 in the place of a batch; torch's exporter takes a size of 1 for a constant."""
    own = _own(names, tensors, dims, size)
    return 3 if size == BATCH or own < 2 else own


def resized(names: Sequence[str], tensors: Sequence[Any], dims: Dims, sizes: Mapping[str, int]) -> list[Any]:
    """The tensors in other sizes: cut, or repeated from the start."""
    import torch

    made = []
    for name, tensor in zip(names, tensors, strict=True):
        for axis, size in dims.get(name, {}).items():
            if size in sizes and tensor.shape[axis]:
                tensor = tensor.index_select(axis, torch.arange(sizes[size]) % tensor.shape[axis])
        made.append(tensor)
    return made


def _axes(
    name: str, wanted: Mapping[int, str] | Sequence[str | int | None], names: Sequence[str], tensors: Sequence[Any]
) -> dict[int, str]:
    if name not in names:
        raise SampleError(f"dynamic names the input {name!r}; the model's are {', '.join(map(repr, names))}")
    pairs = wanted.items() if isinstance(wanted, Mapping) else enumerate(wanted)
    axes = {int(axis): size for axis, size in pairs if isinstance(size, str)}
    ndim = tensors[list(names).index(name)].ndim
    outside = [axis for axis in axes if not 0 <= axis < ndim]
    if outside:
        raise SampleError(f"dynamic names the axis {outside[0]} of {name!r}, which has {ndim} axes")
    return axes


def _sizes(dims: Dims) -> list[str]:
    return list(dict.fromkeys(size for axes in dims.values() for size in axes.values()))


def _own(names: Sequence[str], tensors: Sequence[Any], dims: Dims, size: str) -> int:
    return next(
        int(tensor.shape[axis])
        for name, tensor in zip(names, tensors, strict=True)
        for axis, other in dims.get(name, {}).items()
        if other == size
    )


def _other(names: Sequence[str], tensors: Sequence[Any], dims: Dims, size: str) -> int:
    own = _own(names, tensors, dims, size)
    return own + 1 if size != BATCH else 2 if own != 2 else 3


def shapes_of_outputs(program: Any, names: Sequence[str], dims: Dims) -> list[tuple[str | int, ...]]:
    """Sizes of the program's outputs, in the names of the inputs' dimensions: 10, `batch`, `2*batch`."""
    called = _called(program, names, dims)
    output = next(node for node in program.graph.nodes if node.op == "output")
    values = {node.name: node.meta["val"] for node in output.args[0] if hasattr(node, "meta")}
    shapes = [values[name].shape for name in program.graph_signature.user_outputs]
    return [tuple(size if isinstance(size, int) else _renamed(str(size), called) for size in shape) for shape in shapes]


def name_sizes(graph: onnx.ModelProto, program: Any, names: Sequence[str], dims: Dims) -> None:
    """Gives a graph's dimensions the names of the signature, in place of torch's symbols."""
    called = _called(program, names, dims)
    for each in graphs_of(graph):
        for value in (*each.input, *each.output, *each.value_info):
            for dim in value.type.tensor_type.shape.dim:
                if dim.HasField("dim_param"):
                    dim.dim_param = _renamed(dim.dim_param, called)


def symbols_of(program: Any, names: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Input name -> sizes as torch has them: integers, and symbols for those that may be any."""
    import torch

    inputs = set(program.graph_signature.user_inputs)
    nodes = [n for n in program.graph.nodes if n.op == "placeholder" and n.name in inputs]
    values = [node.meta["val"] for node in nodes]
    tensors = [value for value in values if isinstance(value, torch.Tensor)]
    return {name: tuple(tensor.shape) for name, tensor in zip(names, tensors, strict=True)}


def _called(program: Any, names: Sequence[str], dims: Dims) -> dict[str, str]:
    """torch's symbol -> the dimension's name."""
    symbols = symbols_of(program, names)
    return {str(symbols[name][axis]): size for name, axes in dims.items() for axis, size in axes.items()}


def _renamed(text: str, called: Mapping[str, str]) -> str:
    return re.sub(r"[A-Za-z_]\w*", lambda word: called.get(word[0], word[0]), text)
