"""One call of a module: its arguments as torch nests them, and the named tensors in them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isoship.errors import SampleError, UnsupportedModelError
from isoship.sources.torch.library import first_line
from isoship.tensors.contract import Arrays
from isoship.tensors.samples import calls_in_file

_WAY = "Give sample=x for forward(x), sample=(x, y) for forward(x, y), or sample={'x': x, 'y': y}; tensors or arrays"
#: torch's dtypes -> the signature's.
DTYPES = {
    "torch.float64": "double", "torch.float32": "float", "torch.float16": "float16", "torch.int64": "int64",
    "torch.int32": "int32", "torch.int16": "int16", "torch.int8": "int8", "torch.uint64": "uint64",
    "torch.uint32": "uint32", "torch.uint16": "uint16", "torch.uint8": "uint8", "torch.bool": "bool",
}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """leaves: everything in the arguments, tensors or not, in torch's order. places: of the tensors among them.

    names: of the tensors, as forward names them; a nested one has its parameter's name and its place in it.
    """

    leaves: tuple[Any, ...]
    spec: Any
    places: tuple[int, ...]
    names: tuple[str, ...]

    @property
    def tensors(self) -> list[Any]:
        return [self.leaves[place] for place in self.places]

    def arguments(self, tensors: Sequence[Any] | None = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional and named arguments, with other tensors where they are given."""
        from torch.utils import _pytree

        leaves = list(self.leaves)
        for place, tensor in zip(self.places, self.tensors if tensors is None else tensors, strict=True):
            leaves[place] = tensor
        made: tuple[tuple[Any, ...], dict[str, Any]] = _pytree.tree_unflatten(leaves, self.spec)
        return made

    def tensors_of(self, arrays: Arrays) -> list[Any]:
        import torch

        return [torch.from_numpy(np.array(arrays[name], order="C")) for name in self.names]

    def with_arrays(self, arrays: Arrays) -> Call:
        """The same call with these arrays in it, in the dtypes that it has.

        Raises:
            SampleError: an array is of another rank.
        """
        import torch

        leaves = list(self.leaves)
        for name, place in zip(self.names, self.places, strict=True):
            tensor = torch.from_numpy(np.array(arrays[name], order="C")).to(leaves[place].dtype)
            if tensor.ndim != leaves[place].ndim:
                raise SampleError(
                    f"the sample's {name!r} has shape {list(tensor.shape)}, the model takes {leaves[place].ndim} axes"
                )
            leaves[place] = tensor
        return Call(tuple(leaves), self.spec, self.places, self.names)

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        return {name: tensor.numpy() for name, tensor in zip(self.names, self.tensors, strict=True)}


def calls_of(module: Any, sample: Any) -> list[Call]:
    """The user's calls; the first is the one that is exported.

    Raises:
        As `call_of`.
    """
    if isinstance(sample, (str, Path)):
        sample = calls_in_file(Path(sample))
    if isinstance(sample, list) and sample and all(isinstance(each, Mapping) for each in sample):
        calls = [call_of(module, each) for each in sample]
        if any(call.names != calls[0].names for call in calls):
            raise SampleError("the calls of the sample have different inputs")
        return calls
    return [call_of(module, sample)]


def call_of(module: Any, sample: Any) -> Call:
    """The user's sample as a call of the module.

    Raises:
        SampleError: there is none, or it does not fit forward's signature.
        UnsupportedModelError: a tensor in it has numbers that no request has.
    """
    if sample is None:
        sample = getattr(module, "example_input_array", None)  # Lightning's name for it
    if sample is None:
        raise SampleError(f"a torch module does not say what it takes. {_WAY}")
    signature = inspect.signature(module.forward)
    args, kwargs = _given(sample, signature)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as err:
        raise SampleError(f"the sample does not fit {type(module).__name__}.forward{signature}: {err}. {_WAY}") from err
    kinds = {name: parameter.kind for name, parameter in signature.parameters.items()}
    named: list[tuple[str, Any]] = []
    for name, value in bound.arguments.items():
        if kinds[name] is inspect.Parameter.VAR_POSITIONAL:
            named += [(f"{name}_{i}", one) for i, one in enumerate(value)]
        elif kinds[name] is inspect.Parameter.VAR_KEYWORD:
            named += list(value.items())
        else:
            named.append((name, value))
    as_tensors = _numbers_of(module)
    flat = call_from(as_tensors(bound.args), as_tensors(bound.kwargs), named)
    for name, tensor in zip(flat.names, flat.tensors, strict=True):
        if str(tensor.dtype) not in DTYPES:
            raise UnsupportedModelError(
                f"input {name!r}",
                f"its numbers are {tensor.dtype}, which no request has",
                "Take float32 and cast inside",
            )
    return flat


def call_from(args: tuple[Any, ...], kwargs: dict[str, Any], named: Sequence[tuple[str, Any]]) -> Call:
    """named: every argument in order, under the name that its tensors are called by."""
    import torch
    from torch.utils import _pytree

    leaves, spec = _pytree.tree_flatten((args, kwargs))
    names = [name for top, value in named for name in names_in(value, top)]
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
    if not places:
        raise SampleError(f"there is no tensor in the sample. {_WAY}")
    return Call(tuple(leaves), spec, tuple(places), tuple(names[place] for place in places))


def names_in(value: Any, top: str) -> list[str]:
    """A name for every leaf of a nested value: the top's, and keys and numbers on the way to it."""
    from torch.utils import _pytree

    found = []
    for path, _leaf in _pytree.tree_flatten_with_path(value)[0]:
        keys = [str(getattr(key, "key", getattr(key, "idx", getattr(key, "name", key)))) for key in path]
        found.append("_".join([top, *keys]) if top else "_".join(keys))
    return found


def _given(sample: Any, signature: inspect.Signature) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(sample, Mapping) and set(sample) <= set(signature.parameters):
        return (), dict(sample)
    if isinstance(sample, (tuple, list)) and not all(isinstance(each, (int, float)) for each in sample):
        return tuple(sample), {}
    return (sample,), {}


def _numbers_of(module: Any) -> Any:
    """Turns arrays into tensors, floats in the width of the module's own weights."""
    import torch
    from torch.utils import _pytree

    width = next((each.dtype for each in module.parameters() if each.is_floating_point()), torch.float32)

    def tensor(leaf: Any) -> Any:
        if isinstance(leaf, torch.Tensor):
            return leaf.detach().cpu()
        if hasattr(leaf, "__array__"):  # numpy's arrays and numbers, frames
            array = np.asarray(leaf)
            if array.dtype.kind not in "fiub":
                raise SampleError(f"the sample holds an array of {array.dtype}, of which torch has no tensors. {_WAY}")
            made = torch.from_numpy(np.array(array, order="C"))
            return made.to(width) if made.is_floating_point() else made
        return leaf

    def converted(value: Any) -> Any:
        try:
            return _pytree.tree_map(tensor, value)
        except (TypeError, ValueError) as err:
            raise SampleError(f"the sample cannot be made into tensors: {first_line(err)}. {_WAY}") from err

    return converted
